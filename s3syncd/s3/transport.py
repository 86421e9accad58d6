"""The data plane of one endpoint: what waits, what is on the wire, how long, and what it told.

A request goes one of two ways: directly, or by the CRT.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import RequestTally
from s3syncd.core.window import Window
from s3syncd.s3.answer import answer_of, failure_of
from s3syncd.s3.direct import Direct
from s3syncd.s3.exchange import Begun, Exchange, NotBegun
from s3syncd.s3.poller import Poller
from s3syncd.s3.reply import Reply, S3Failure, Start, canceled, hidden
from s3syncd.s3.signing import Signer
from s3syncd.s3.wire import Endpoint, Frozen, WireRequest

if TYPE_CHECKING:
    from s3syncd.s3.crt import Crt, Signing

__all__ = ["Transport"]

BODY_PATIENCE_SECONDS: Final = 300.0
"""How much later an answer that had begun by its deadline is given up: 300 kB at 1 kB/s."""

_TIMED_BYTES: Final = 64 * 1024
"""Bodies up to this tell the store's latency: 5 ms of a line that carries 100 Mbit/s."""


class _Keys:
    """What requests are signed with, by credentials that never change."""

    __slots__ = ("frozen", "signer", "signing")

    def __init__(self, frozen: Frozen, endpoint: Endpoint) -> None:
        self.frozen = frozen
        self.signer = Signer(frozen, endpoint.region, endpoint.host)
        self.signing: Signing | None = None  # made when the CRT is first needed


class Transport:
    """Sends requests to one endpoint and hands each reply on from the CRT's thread.

    Free of locks, but for the first need of the CRT: each step on the shared collections is one
    atomic operation.

    Args:
        endpoint: never changes; another one is another transport.
        credentials: gives those of now, refreshing them if needed; called by workers, may block;
            raises S3Failure.
        window: how many requests the store bears; told of each answer, as `tally` is.
        max_connections: the most requests on the wire.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        credentials: Callable[[], Frozen],
        window: Window,
        max_connections: int,
        clock: Callable[[], float],
        tally: RequestTally | None = None,
        poller: Poller | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.endpoint = endpoint
        self._direct = Direct(endpoint, poller, clock=clock, wall=wall) if poller else None
        self._keys: _Keys | None = None
        self._credentials = credentials
        self._window, self._tally = window, tally or RequestTally()
        self._clock = clock
        self._waiting: deque[Exchange] = deque()
        self._live: dict[Exchange, tuple[float, Begun | None]] = {}
        self._rest_until = 0.0
        self._here = threading.local()
        self._is_closing = False
        self._drained = threading.Event()
        self._max_connections = max_connections
        self._crt: Crt | None = None
        self._crt_lock = threading.Lock()

    def use(self, credentials: Callable[[], Frozen]) -> None:
        """Take credentials from another source from now on."""
        self._credentials = credentials

    def send(self, request: WireRequest) -> Start:
        """Give what starts the request; its `resume` is called exactly once.

        Raises:
            ValueError: the target has no leading slash (an empty one kills the process).
        """
        if not request.target.startswith("/"):
            raise ValueError(f"target {request.target!r} does not begin with a slash")
        return partial(self._start, request)

    def expire(self, now: float) -> None:
        """Cancel what is over its deadline, and go on after a rest; `now`: monotonic seconds."""
        for exchange, (deadline, request) in list(self._live.items()):
            if now >= deadline and request is not None:
                exchange.is_expired = True
                request.cancel()
                # Once an answer has begun the CRT cancels nothing, and a trickle is no stall to it.
                if now >= deadline + BODY_PATIENCE_SECONDS:
                    self._settle(exchange, failure_of(exchange.request, None, is_expired=True))
        if self._direct is not None:
            self._direct.expire(now)
        self._pump()

    def close(self, timeout_seconds: float) -> bool:
        """Cancel everything and end the client; False if it had not ended in time (harmless)."""
        self._is_closing = True
        while self._waiting:
            self._waiting.popleft().answer(canceled())
        self._cancel_live()
        if self._direct is not None:
            self._direct.close()
        start = self._clock()
        is_drained = not self._live or self._drained.wait(timeout_seconds)
        with self._crt_lock:  # after `_is_closing`: none is made any more
            crt = self._crt
        if crt is None:
            return is_drained
        ended = crt.close()
        left = timeout_seconds - (self._clock() - start)
        return ended.wait(max(0.0, left)) and is_drained

    def _cancel_live(self) -> None:
        for _, request in list(self._live.values()):
            if request is not None:
                request.cancel()

    def _start(self, request: WireRequest, resume: Callable[[Reply], None]) -> None:
        try:
            self._refresh()
        except S3Failure as error:
            resume(Reply(0, {}, b"", error.failure))
            return
        if self._direct is not None:
            self._direct.prepare()
        self._waiting.append(Exchange(request, resume, self._finish))
        self._pump()

    def _refresh(self) -> None:
        frozen, keys = self._credentials(), self._keys
        if keys is None or frozen != keys.frozen:
            # One reference: two threads at a rotation leave both signatures of the same keys.
            self._keys = _Keys(frozen, self.endpoint)

    def _pump(self) -> None:
        if getattr(self._here, "is_pumping", False):  # a request that ended while it was begun
            return
        self._here.is_pumping = True
        try:
            self._pump_all()
        finally:
            self._here.is_pumping = False

    def _pump_all(self) -> None:
        while self._waiting and (self._has_room() or self._is_closing):
            try:
                exchange = self._waiting.popleft()
            except IndexError:  # another thread took it
                return
            if self._is_closing:
                exchange.answer(canceled())
            else:
                self._launch(exchange)

    def _has_room(self) -> bool:
        return len(self._live) < self._window.limit and self._clock() >= self._rest_until

    def _launch(self, exchange: Exchange) -> None:
        exchange.sent_at = now = self._clock()
        deadline = now + exchange.request.patience_seconds
        self._live[exchange] = (deadline, None)
        try:
            request = self._begin(exchange)
        except NotBegun as error:
            self._settle(exchange, failure_of(exchange.request, error.__cause__, is_expired=False))
            return
        except BaseException as error:
            self._settle(exchange, failure_of(exchange.request, error, is_expired=False))
            raise
        if request is None:
            self._settle(exchange, canceled())
            return
        self._live[exchange] = (deadline, request)
        if exchange.is_done:  # answered before it was registered
            self._live.pop(exchange, None)
        elif self._is_closing:
            request.cancel()

    def _begin(self, exchange: Exchange) -> Begun | None:
        """Send it one way or the other; None: the client is closed."""
        direct, keys = self._direct, self._keys
        if keys is None:
            return None
        if direct is not None and direct.takes(exchange.request):
            return direct.begin(exchange, keys.signer)
        crt = self._crt or self._loaded_crt()
        if crt is None:
            return None
        if keys.signing is None:  # two threads may make one each: they are the same
            keys.signing = crt.signing(keys.frozen)
        return crt.begin(exchange, keys.signing)

    def _loaded_crt(self) -> Crt | None:
        """Make the client of the CRT at its first request; None once this is closed."""
        from s3syncd.s3.crt import Crt  # noqa: PLC0415 - awscrt: 0.1 s of CPU, and a thread

        with self._crt_lock:
            if self._crt is None and not self._is_closing:
                self._crt = Crt(self.endpoint, self._max_connections)
            return self._crt

    def _finish(self, exchange: Exchange, error: BaseException | None) -> None:
        """Runs on the CRT's thread: no lock, no log, nothing that waits."""
        request = exchange.request
        if error is None:
            body = b"".join(exchange.chunks)
            reply = answer_of(request, exchange.status, exchange.headers, body)
        else:
            reply = failure_of(request, error, is_expired=exchange.is_expired)
        reply = self._without_token(reply)
        self._tell_window(exchange, reply)
        try:
            self._settle(exchange, reply)
        finally:
            self._pump()

    def _without_token(self, reply: Reply) -> Reply:
        failure, token = reply.failure, self._keys.frozen.session_token if self._keys else None
        if failure is None or not token:
            return reply
        code, message = hidden(failure.code, token), hidden(failure.message, token)
        return reply._replace(failure=failure._replace(code=code, message=message))

    def _settle(self, exchange: Exchange, reply: Reply) -> None:
        """Let go of the CRT's request (kept, it would never be freed) and hand the reply on."""
        exchange.is_done = True
        self._live.pop(exchange, None)
        exchange.answer(reply)
        if self._is_closing and not self._live:
            self._drained.set()

    def _tell_window(self, exchange: Exchange, reply: Reply) -> None:
        failure, window = reply.failure, self._window
        seconds = self._clock() - exchange.sent_at
        kind = None if failure is None else failure.kind
        self._tally.answered(exchange.request.operation, seconds, kind)
        if failure is None:
            is_small = len(exchange.request.body) <= _TIMED_BYTES
            window.succeeded(
                seconds=seconds if is_small else None,
                is_full=len(self._live) * 4 >= window.limit * 3,
            )
        elif exchange.is_expired or "TIMEOUT" in failure.code:
            window.throttled()
        elif failure.kind is FailureKind.THROTTLED or "THROUGHPUT_FAILURE" in failure.code:
            self._window.throttled()
            self._rest_until = self._clock() + self._window.rest_seconds
