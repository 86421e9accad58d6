"""Limits of bandwidth and requests: one thread that says when each request may be sent.

A site whose requests are not limited never meets it. A limited request is a Start that waits here
and holds neither a worker nor a thread; the thread owns the turnstile, looks at the clock when
somebody waits, and hands each request whose turn it is back to a worker, which sends it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

from s3syncd.core.later import Later
from s3syncd.core.rate import DAY_MINUTES
from s3syncd.core.turns import InForce, Limits, Turnstile
from s3syncd.s3.reply import Reply, S3Failure, Start, canceled
from s3syncd.s3.wire import WireRequest

__all__ = ["Pacing", "Turns", "local_moment"]

_LEAST_WAIT_SECONDS: Final = 0.001
"""A wait that is shorter only wakes the thread more often; what comes in meanwhile is kept."""

_LONGEST_WAIT_SECONDS: Final = 3600.0
"""A queue refuses to wait for ages; a rate may ask for them."""

_LOOK_SECONDS: Final = 1.0
"""Where limits follow the clock on the wall it is looked at this often: it may be set anew."""


class Moment(NamedTuple):
    """A local time: the minute of the week from Monday 0:00, and seconds until the next minute."""

    minute_of_week: int
    left_seconds: float


def local_moment(wall: Callable[[], float] = time.time) -> Moment:
    """Give the local time of now, as the system's time zone tells it."""
    now = wall()
    local = time.localtime(now)
    minute = local.tm_wday * DAY_MINUTES + local.tm_hour * 60 + local.tm_min
    return Moment(minute, 60 - min(59, local.tm_sec) - now % 1)


class Pacing:
    """The limits in force and those that wait for them.

    Args:
        clock: monotonic seconds.
        moment: the local time.
        on_failure: told of an exception that should not be; whoever waits is let go then.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        moment: Callable[[], Moment] = local_moment,
        on_failure: Callable[[BaseException], None] = lambda _error: None,
    ) -> None:
        self._clock = clock
        self._moment = moment
        self._on_failure = on_failure
        self._limits: tuple[Limits, Mapping[str, Limits]] = (Limits(), {})
        self._inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._turnstile = Turnstile()
        self._tickets: dict[_Ticket, None] = {}
        self._thread: threading.Thread | None = None
        self._is_set = False
        self._is_stopped = False

    def limit(self, overall: Limits, sites: Mapping[str, Limits]) -> None:
        """Put limits in force, at once, also for those that wait. One thread calls this."""
        self._limits = (overall, dict(sites))
        self._is_set = overall.is_set or any(limits.is_set for limits in sites.values())
        if self._is_set and self._thread is None and not self._is_stopped:
            self._thread = threading.Thread(target=self._run, name="limits", daemon=True)
            self._thread.start()
        self._post(self._apply)

    def turns(self, site: str) -> Turns:
        """Give the way of one site's requests; it follows changes of the limits by itself."""
        return Turns(self, site)

    def is_free(self, site: str) -> bool:
        """Whether no limit concerns the site, now. Thread-safe."""
        return not self._is_set or not any(self.in_force(site))

    def in_force(self, site: str) -> InForce:
        """Give what the site may use now at most, by both limits. Thread-safe."""
        overall, sites = self._limits
        minute = self._moment().minute_of_week
        return overall.at(minute).with_other(sites.get(site, Limits()).at(minute))

    def stop(self) -> None:
        """Cancel all that wait, and end the thread."""
        self._is_stopped = True
        self._inbox.put(None)
        if self._thread is not None:
            self._thread.join()
        self._act_on_rest()
        while self._tickets:
            self._tickets.popitem()[0].resume(canceled())

    # --- for Turns; thread-safe -----------------------------------------------------------------

    def wait(self, ticket: _Ticket) -> None:
        """Have a request wait for its turn."""
        self._post(partial(self._join, ticket))

    def charge(self, site: str) -> None:
        """Count a request that was sent without a turn."""
        self._post(partial(self._charge, site))

    def leave(self, turns: Turns) -> None:
        """Cancel what waits on this way."""
        self._post(partial(self._cancel, turns))

    def _post(self, act: Callable[[], None]) -> None:
        self._inbox.put(act)
        if self._is_stopped:  # looked at after the put: either side acts on it, never nobody
            self._act_on_rest()

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_stopped:
            try:
                self._serve()
            except Exception as error:  # noqa: BLE001 - requests must not wait for ever for a mistake
                self._on_failure(error)
                self._begin_anew()

    def _serve(self) -> None:
        wait_seconds: float | None = None
        while not self._is_stopped:
            act: Callable[[], None] | None = None
            with suppress(Empty):
                act = self._inbox.get(timeout=wait_seconds)
            while act is not None:
                act()
                act = None
                with suppress(Empty):
                    act = self._inbox.get_nowait()
            wait_seconds = self._advance()

    def _advance(self) -> float | None:
        """Let go whose turn it is; give how long nothing happens by itself, None: for ever."""
        if not self._tickets:
            return None
        moment = self._moment()
        for ticket in self._turnstile.advance(self._clock(), moment.minute_of_week):
            self._let_go(ticket)
        for ticket in [each for each in self._tickets if each.turns.is_leaving]:
            self._cancel(ticket.turns)
        if not self._tickets:
            return None
        wait = min(self._turnstile.due_seconds, _LONGEST_WAIT_SECONDS)
        if not self._turnstile.is_constant:
            wait = min(wait, _LOOK_SECONDS, moment.left_seconds)
        return max(wait, _LEAST_WAIT_SECONDS)

    def _apply(self) -> None:
        if not self._is_stopped:
            self._turnstile.limit(*self._limits)

    def _join(self, ticket: _Ticket) -> None:
        if self._is_stopped:
            ticket.resume(canceled())
            return
        self._tickets[ticket] = None
        self._turnstile.join(
            ticket.turns.site,
            ticket.size_bytes,
            ticket,
            now=self._clock(),
            minute_of_week=self._moment().minute_of_week,
            is_first=ticket.is_first,
        )

    def _charge(self, site: str) -> None:
        if self._is_stopped:
            return
        minute = self._moment().minute_of_week
        self._turnstile.charge(site, now=self._clock(), minute_of_week=minute)

    def _let_go(self, ticket: _Ticket) -> None:
        self._tickets.pop(ticket, None)
        ticket.resume(Later(ticket.start))

    def _cancel(self, turns: Turns) -> None:
        if self._is_stopped:
            return
        for ticket in self._turnstile.leave(turns.site):
            self._tickets.pop(ticket, None)
            ticket.resume(canceled())

    def _act_on_rest(self) -> None:
        """After the end: whoever still comes is told at once."""
        with suppress(Empty):
            while True:
                act = self._inbox.get_nowait()
                if act is not None:
                    act()

    def _begin_anew(self) -> None:
        waiting, self._tickets = list(self._tickets), {}
        self._turnstile = Turnstile()
        self._turnstile.limit(*self._limits)
        for ticket in waiting:
            ticket.resume(Later(ticket.start))


@dataclass(slots=True, eq=False)
class _Ticket:
    """One request that waits."""

    turns: Turns
    size_bytes: int
    start: Start
    resume: Callable[[Any], None]
    is_first: bool = False


class Turns:
    """One site's requests under the limits, until the site leaves.

    Attributes:
        site: its name.
        is_leaving: it waits for nothing any more.
    """

    def __init__(self, pacing: Pacing | None, site: str = "") -> None:
        self.site = site
        self.is_leaving = False
        self._pacing = pacing
        self._paid: deque[None] = deque()

    @property
    def are_free(self) -> bool:
        """Whether no limit concerns the site, now."""
        return self._pacing is None or self._pacing.is_free(self.site)

    def paced(self, request: WireRequest, start: Start) -> Start:
        """Give a Start that waits for its turn and then is `start`; canceled if the site leaves.

        A deletion goes before the site's others: the look it rests on must not grow old.

        Args:
            request: what is sent.
            start: sends it.
        """
        if self._pacing is None or self._pacing.is_free(self.site):
            return start
        return partial(self._wait, len(request.body), start, request.method == "DELETE")

    def one(self) -> Generator[Start, Any, None]:
        """Wait for the turn of one request that another client sends.

        Raises:
            S3Failure: the site leaves; nothing was sent.
        """
        if self._pacing is not None and not self._pacing.is_free(self.site):
            reply: Reply | None = yield partial(self._wait, 0, _go_on, True)
            if reply is not None and reply.failure is not None:
                raise S3Failure(reply.failure)
            self._paid.append(None)

    def sent(self) -> None:
        """Count a request that another client sends, whether or not it has waited for its turn."""
        if self._pacing is None or self._pacing.is_free(self.site):
            return
        try:
            self._paid.popleft()
        except IndexError:
            self._pacing.charge(self.site)

    def leave(self) -> None:
        """End all waiting, as canceled; from now on only what has its turn at once is sent."""
        self.is_leaving = True
        if self._pacing is not None:
            self._pacing.leave(self)

    def _wait(
        self, size_bytes: int, start: Start, is_first: bool, resume: Callable[[Any], None]
    ) -> None:
        if self._pacing is not None:
            self._pacing.wait(_Ticket(self, size_bytes, start, resume, is_first))


def _go_on(resume: Callable[[Any], None]) -> None:
    resume(None)
