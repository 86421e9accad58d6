"""One run of the second process, as the daemon sees it: what was asked, and what it answered."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import count
from typing import Any, Final, Protocol

from s3syncd.core.entry import Action, Outcome, Result, Settle
from s3syncd.s3.poller import Poller
from s3syncd.sender.channel import Channel, Word
from s3syncd.sender.words import outcome_of, plain_action, plain_settle

__all__ = ["Line", "Site"]

_HINT: Final = "The second process ended meanwhile; what became of it is looked up."


class Site(Protocol):
    """Whom the second process tells what it learns about a site."""

    def learnt(self, *, is_md5: bool) -> None:
        """The store's ETag is the MD5 of the body, or is not."""

    def counted(self, plain: tuple[Any, ...]) -> None:
        """So many requests were made since the last time; see `Counts.since`."""


class Line:
    """Asks for uploads and gives their outcomes; for any thread.

    Each step on the tables is one atomic operation. Whoever asks while the line ends gets an
    answer all the same, and exactly one.

    Args:
        end: of a `channel_pair`.
        poller: of the workers who ask.
        on_ready: told once, with the version of the other side.
        on_gone: told once, when the other side says no more; then `close` this.

    Attributes:
        asked: how often it was.
        heard: how many words have come.
        is_over: it takes no more.

    Raises:
        OSError: as `Channel`.
    """

    def __init__(
        self,
        end: socket.socket,
        poller: Poller,
        *,
        on_ready: Callable[[Line, str], None],
        on_gone: Callable[[Line], None],
    ) -> None:
        self._on_ready = on_ready
        self._waiting: dict[int, tuple[Action, Callable[[Outcome | None], None]]] = {}
        self._sites: dict[int, Site] = {}
        self._numbers = count(1)
        self.asked = self.heard = 0
        self.is_over = False
        self._channel = Channel(end, poller, on_word=self._take, on_end=lambda: on_gone(self))

    @property
    def in_flight(self) -> int:
        """How many answers are waited for."""
        return len(self._waiting)

    def enroll(self, site: Site) -> int:
        """Give a site its number here."""
        number = next(self._numbers)
        self._sites[number] = site
        return number

    def tell(self, *word: Any) -> None:
        """Tell something that has no answer."""
        if not self.is_over:
            self._channel.tell(word)

    def leave(self, number: int) -> None:
        """Have the other side forget a site, and cancel what it does for it."""
        self.tell("leave", number)

    def ask(
        self,
        site: int,
        action: Action,
        settle: Settle,
        op_id: str | None,
        resume: Callable[[Outcome | None], None],
    ) -> None:
        """Ask for an upload; `resume` gets its outcome, or None: it was not begun, nor will be."""
        number = next(self._numbers)
        self._waiting[number] = (action, resume)
        self.asked += 1
        self._channel.put(
            ("upload", number, site, plain_action(action), plain_settle(settle), op_id)
        )
        if self.is_over:
            self.close()  # who closed it may not have seen this one

    def hang_up(self) -> None:
        """Have the other side end when it has answered everything."""
        self._channel.hang_up()

    def close(self) -> None:
        """Answer what is still waited for: nobody else will. Any thread, any number of times."""
        self.is_over = True
        unsent = {word[1] for word in self._channel.close() if word[0] == "upload"}
        for number in list(self._waiting):
            waiting = self._waiting.pop(number, None)
            if waiting is not None:  # nobody else was quicker
                action, resume = waiting
                resume(None if number in unsent else _lost(action))

    def _take(self, word: Word) -> None:
        self.heard += 1
        kind, number, told = word
        if kind == "done":
            waiting = self._waiting.pop(number, None)
            if waiting is not None:
                action, resume = waiting
                resume(outcome_of(action, told) if told else None)
        elif kind == "counted":
            self._sites[number].counted(told)
        elif kind == "learnt":
            self._sites[number].learnt(is_md5=told)
        else:
            self._on_ready(self, told)


def _lost(action: Action) -> Outcome:
    return Outcome(action, Result.RETRYABLE, reason="canceled", hint=_HINT, is_unknown=True)
