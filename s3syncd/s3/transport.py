"""The data plane: one CRT client per endpoint; the only module that knows awscrt.

What the CRT asks for (each has a contract test in tests/s3/test_crt_contract.py): one client never
talks to two ports of a host; Content-Length is always told; nothing that a callback reaches may
keep the request alive once it is done; retries are off; no more requests than connections are
handed over, since one that waits inside the CRT cannot be cancelled.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from typing import Final

from awscrt import auth, checksums, http, io, s3  # type: ignore[import-untyped]
from awscrt.exceptions import AwsCrtError  # type: ignore[import-untyped]

from s3syncd import __version__
from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import RequestTally
from s3syncd.core.window import Window
from s3syncd.s3 import visits
from s3syncd.s3.answer import answer_of, failure_of
from s3syncd.s3.exchange import Exchange
from s3syncd.s3.reply import Reply, S3Failure, Start, canceled, hidden
from s3syncd.s3.wire import Endpoint, Frozen, WireRequest, stream_of

__all__ = ["Transport", "crc64nvme"]

crc64nvme: Final[Callable[[memoryview, int], int]] = checksums.crc64nvme
"""The checksum that S3 makes of objects sent without one: of these bytes, behind those before."""

CONNECT_TIMEOUT_MS: Final = 5000
"""The CRT's own 3 s are one lost SYN and its second resend; 5 s bear both."""

SPARE_CONNECTIONS: Final = 16
"""More connections than the window: workers that start at the same moment may overshoot it."""

BODY_PATIENCE_SECONDS: Final = 300.0
"""How much later an answer that had begun by its deadline is given up: 300 kB at 1 kB/s."""

_TIMED_BYTES: Final = 64 * 1024
"""Bodies up to this tell the store's latency: 5 ms of a line that carries 100 Mbit/s."""

_GBPS_PER_CONNECTION: Final = 0.4
"""The CRT makes throughput_target_gbps / 0.4 connections; the override can only lower that."""


class Transport:
    """Sends requests to one endpoint and hands each reply on from the CRT's thread.

    Free of locks: each step on the shared collections is one atomic operation.

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
    ) -> None:
        self.endpoint = endpoint
        self._credentials = credentials
        self._window, self._tally = window, tally or RequestTally()
        self._clock = clock
        self._frozen: Frozen | None = None
        self._signing: auth.AwsSigningConfig | None = None
        self._waiting: deque[Exchange] = deque()
        self._live: dict[Exchange, tuple[float, s3.S3Request | None]] = {}
        self._rest_until = 0.0
        self._is_closing = False
        self._drained = threading.Event()
        self._client: s3.S3Client | None = _client_for(endpoint, max_connections)

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
        self._pump()

    def close(self, timeout_seconds: float) -> bool:
        """Cancel everything and end the client; False if it had not ended in time (harmless)."""
        self._is_closing = True
        while self._waiting:
            self._waiting.popleft().answer(canceled())
        self._cancel_live()
        start = self._clock()
        is_drained = not self._live or self._drained.wait(timeout_seconds)
        client, self._client = self._client, None
        if client is None:
            return is_drained
        ended = client.shutdown_event
        del client
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
        self._waiting.append(Exchange(request, resume, self._finish))
        self._pump()

    def _refresh(self) -> None:
        frozen = self._credentials()
        if frozen == self._frozen:
            return
        provider = auth.AwsCredentialsProvider.new_static(*frozen)
        self._signing = s3.create_default_s3_signing_config(
            region=self.endpoint.region, credential_provider=provider
        )
        self._frozen = frozen

    def _pump(self) -> None:
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
        client = self._client
        if client is None:
            self._settle(exchange, canceled())
            return
        try:
            request = client.make_request(
                type=s3.S3RequestType.DEFAULT,
                operation_name=exchange.request.operation,
                request=self._message(exchange.request),
                signing_config=self._signing,
                on_headers=exchange.on_headers,
                on_body=exchange.on_body,
                on_done=exchange.on_done,
            )
        except (RuntimeError, ValueError, TypeError, AwsCrtError) as error:
            self._settle(exchange, failure_of(exchange.request, error, is_expired=False))
            return
        self._live[exchange] = (deadline, request)
        if exchange.is_done:  # answered before it was registered
            self._live.pop(exchange, None)
        elif self._is_closing:
            request.cancel()

    def _message(self, request: WireRequest) -> http.HttpRequest:
        body = request.body
        headers = http.HttpHeaders(
            [
                ("Host", self.endpoint.host),
                ("Content-Length", str(len(body))),
                ("User-Agent", f"s3syncd/{__version__}"),
                *request.headers,
            ]
        )
        return http.HttpRequest(request.method, request.target, headers, stream_of(request.body))

    def _finish(self, exchange: Exchange, error: BaseException | None) -> None:
        """Runs on the CRT's thread: no lock, no log, nothing that waits."""
        visits.settle()
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
        failure, token = reply.failure, self._frozen.session_token if self._frozen else None
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


@cache
def _bootstrap() -> io.ClientBootstrap:
    """Make the process's one event loop and resolver, at first use (never before a fork)."""
    loops = io.EventLoopGroup(1)
    return io.ClientBootstrap(loops, io.DefaultHostResolver(loops))


@cache
def _tls_context(ca_file: str | None, _digest: str, verify_tls: bool) -> io.ClientTlsContext:
    options = io.TlsContextOptions()
    options.verify_peer = verify_tls
    if ca_file is not None and verify_tls:
        options.override_default_trust_store_from_path(ca_filepath=ca_file)
    return io.ClientTlsContext(options)


def _retry_config() -> s3.S3RetryConfig:
    """Switch the CRT's own retries off.

    Before awscrt 0.38.1 there is no such switch; an empty token bucket is nearest to it: only a
    503, which the store did not act on, is sent once more.
    """
    mode = getattr(s3, "S3RetryMode", None)
    if mode is not None:
        return s3.S3RetryConfig(retry_mode=mode.NONE)
    return s3.S3RetryConfig(max_retries=1, initial_bucket_capacity=1)


def _client_for(endpoint: Endpoint, max_connections: int) -> s3.S3Client:
    mode = s3.S3RequestTlsMode
    connections = max_connections + SPARE_CONNECTIONS
    tls = _tls_context(*endpoint.trust) if endpoint.is_tls else None
    return s3.S3Client(
        bootstrap=_bootstrap(),
        region=endpoint.region,
        tls_mode=mode.ENABLED if endpoint.is_tls else mode.DISABLED,
        signing_config=s3.create_default_s3_signing_config(
            region=endpoint.region,
            credential_provider=auth.AwsCredentialsProvider.new_static("-", "-"),
        ),
        tls_connection_options=tls.new_connection_options() if tls else None,
        throughput_target_gbps=max(10.0, _GBPS_PER_CONNECTION * connections),
        max_active_connections_override=connections,
        retry_config=_retry_config(),
        connect_timeout_ms=CONNECT_TIMEOUT_MS,
    )
