"""One connection of ours to a store: opened, and then one request after the other."""

from __future__ import annotations

import errno
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from s3syncd.s3.addresses import Route
from s3syncd.s3.http1 import Answer, BrokenAnswer
from s3syncd.s3.link import Link, name_of
from s3syncd.s3.outgoing import TURN_BYTES, Outgoing
from s3syncd.s3.poller import Poller

__all__ = ["Broken", "Connection", "Ended"]


class Broken(Exception):  # noqa: N818 - the connection is broken; nobody made a mistake
    """Why a request has no answer.

    `name` is as the CRT, botocore or Python call it; `is_unsent`: no byte of the request left.
    """

    def __init__(self, name: str, message: str, *, is_unsent: bool) -> None:
        super().__init__(message)
        self.name, self.message, self.is_unsent = name, message, is_unsent


class Ended(NamedTuple):
    """What became of a request: an answer, or why there is none."""

    answer: Answer | None
    error: Broken | None


class Connection:
    """Carries one request at a time; for any thread, with a lock of its own.

    Args:
        route: to the store.
        poller: tells what happens.
        on_idle: called with this when a request was answered and another one can be sent, before
            the answer is told.
        on_close: called with this when it can carry no more, once.

    Attributes:
        opening_since: monotonic seconds; None once it is open, or closed.
        idle_since: monotonic seconds; kept by the owner.
        moved: grows with every byte sent or received.
        seen: `moved` as it once was, and when that was; kept by the owner.
        error: why it ended, where that was not in good order.
    """

    def __init__(
        self,
        route: Route,
        poller: Poller,
        *,
        on_idle: Callable[[Connection], None],
        on_close: Callable[[Connection], None],
    ) -> None:
        self._route, self._poller = route, poller
        self._on_idle, self._on_close = on_idle, on_close
        self._lock = Lock()
        self._untried = list(route.addresses)
        self._tried = self._untried[0]
        self._link: Link | None = None
        self._is_closed = self._is_for_room = False
        self._unsent: Outgoing | None = None
        self._has_sent = False
        self._answer = Answer()
        self._on_end: Callable[[Ended], None] | None = None
        self.opening_since: float | None = None
        self.idle_since = 0.0
        self.moved = 0
        self.seen = (-1, 0.0)
        self.error: Broken | None = None

    def open(self, now: float) -> None:
        """Begin to connect, at monotonic seconds; a request may be sent before, and waits."""
        self._locked(lambda: self._try_next(now, None))

    def try_next(self, now: float) -> None:
        """Give up the address that does not answer, and try the next one, if still connecting."""
        late = TimeoutError(errno.ETIMEDOUT, "The store does not answer to a connection.")
        self._locked(lambda: self._try_next(now, late) if self.opening_since is not None else None)

    def send(self, request: Outgoing, answer: Answer, *, on_end: Callable[[Ended], None]) -> bool:
        """Send a request on a connection without one; False: it is closed, nothing was sent.

        Args:
            request: head and body; after False it can be sent on another connection.
            answer: a new one, filled with what comes; after False it is new still.
            on_end: called once, from any thread.
        """
        told: _Told = None
        with self._lock:
            link = self._link
            if link is None:
                return False
            self._unsent = request
            self._has_sent = False
            self._answer = answer
            self._on_end = on_end
            if link.is_open:
                try:
                    self._flush(link)
                except OSError as error:
                    if not self._has_sent:  # the store closed it while it was idle
                        self._on_end = self._unsent = None
                        self._close()
                        return False
                    told = self._fail(error)
        self._tell(told)
        return True

    def cancel(self, on_end: Callable[[Ended], None] | None = None) -> None:
        """End the connection, and the request that it carries.

        Args:
            on_end: what was given to `send`: nothing happens if the connection is past that.
        """
        self._locked(lambda: self._canceled(on_end))

    def stall(self, moved: int) -> None:
        """End the request under way, if nothing has moved since `moved`."""
        name, said = "AWS_ERROR_HTTP_CHANNEL_THROUGHPUT_FAILURE", "Nothing moves on the line."
        with self._lock:
            stands = self._on_end is not None and self.moved == moved
            told = self._give_up(self._broken(name, said)) if stands else None
        self._tell(told)

    def close_if_idle(self) -> None:
        """End the connection unless it carries a request."""
        with self._lock:
            if self._on_end is None:
                self._close()

    def _locked(self, step: Callable[[], _Told]) -> None:
        with self._lock:
            told = step()
        self._tell(told)

    def _tell(self, told: _Told) -> None:
        """Without the lock, because whoever is told sends again."""
        if told is None:
            return
        on_end, ended = told
        if not self._is_closed:
            self._on_idle(self)
        on_end(ended)

    def _happened(self) -> None:
        """The poller says so; perhaps in vain."""
        with self._lock:
            link = self._link
            if link is None:
                return
            try:
                told = self._advance(link)
            except (OSError, BrokenAnswer) as error:
                told = self._fail(error) if link.is_open else self._try_next(None, error)
        self._tell(told)

    # --- the lock is held -----------------------------------------------------------------------

    def _advance(self, link: Link) -> _Told:
        if not link.is_open:
            if not link.advance():
                self._wait(link, is_for_room=link.wants_room)
                return None
            self.opening_since = None
            self._route.reached(self._tried)
        if self._unsent or self._is_for_room:
            try:
                self._flush(link)
            except OSError:  # the store may have said why it reads no more
                if not self._has_answer(link):
                    raise
                return self._answered()
        while (data := link.receive()) is not None:
            if not data:
                return self._ended_by_store()
            self.moved += len(data)
            if self._on_end is None:  # nobody asked
                self._close()
                return None
            if self._answer.feed(data):
                return self._answered()
        return None

    def _has_answer(self, link: Link) -> bool:
        while data := link.receive():  # an end that comes now may be that of half an answer
            if self._answer.feed(data):
                return True
        return False

    def _flush(self, link: Link) -> None:
        unsent, left = self._unsent, TURN_BYTES
        while unsent and left > 0:
            count = unsent.send(link)
            self.moved += count
            self._has_sent = self._has_sent or count > 0
            if not count:
                break
            left -= count
        self._wait(link, is_for_room=bool(unsent))

    def _wait(self, link: Link, *, is_for_room: bool) -> None:
        if is_for_room is not self._is_for_room:
            self._is_for_room = is_for_room
            self._poller.change(link.fd, is_for_room=is_for_room)

    def _answered(self) -> _Told:
        if self._unsent and self._answer.status < 300:  # it cannot have kept what it has not
            return self._give_up(self._broken("ConnectionError", "Answered before all was sent."))
        if self._unsent or not self._answer.keeps_alive:
            self._close()
        return self._take(Ended(self._answer, None))

    def _ended_by_store(self) -> _Told:
        if self._on_end is not None and self._answer.end():
            return self._answered()
        return self._give_up(self._broken("ConnectionClosedError", "The store closed the line."))

    def _canceled(self, on_end: Callable[[Ended], None] | None) -> _Told:
        if on_end is not None and on_end is not self._on_end:
            return None
        return self._give_up(self._broken("AWS_ERROR_S3_CANCELED", "Canceled."))

    def _try_next(self, now: float | None, error: Exception | None) -> _Told:
        """Connect to the next address; with none left, fail with what happened at the last."""
        since = self.opening_since if now is None else now
        self._let_go()
        while True:
            if error is not None:
                self._route.failed(self._tried)
            if not self._untried:
                break
            self._tried = self._untried.pop(0)
            try:
                link = self._watched()
            except (OSError, ValueError) as refused:
                error = refused
                continue
            self._link, self._is_for_room = link, True
            self.opening_since = since
            return None
        return self._fail(error or OSError(errno.ENETDOWN, "There is no address."))

    def _watched(self) -> Link:
        link = Link(self._tried, self._route.tls, self._route.host)
        try:
            self._poller.watch(link.fd, self._happened, is_for_room=True)
        except BaseException:
            link.close()
            raise
        return link

    def _fail(self, error: Exception) -> _Told:
        name = name_of(error, has_sent=self._has_sent)
        return self._give_up(self._broken(name, str(error)))

    def _broken(self, name: str, message: str) -> Broken:
        return Broken(name, message, is_unsent=not self._has_sent)

    def _give_up(self, error: Broken) -> _Told:
        self.error = error
        self._close()
        return self._take(Ended(None, error))

    def _take(self, ended: Ended) -> _Told:
        on_end, self._on_end = self._on_end, None
        self._unsent = None
        return None if on_end is None else (on_end, ended)

    def _let_go(self) -> None:
        link, self._link = self._link, None
        self.opening_since = None
        if link is not None:
            self._poller.forget(link.fd)
            link.close()

    def _close(self) -> None:
        self._let_go()
        if not self._is_closed:
            self._is_closed = True
            self._on_close(self)


_Told = tuple[Callable[[Ended], None], Ended] | None
