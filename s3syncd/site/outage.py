"""A ledger that cannot be written: nothing new is begun, and nothing that was done is forgotten.

What SQLite refused is kept by the ledger in memory and becomes durable with the next commit that
works. Until then the site waits, takes the outcomes of what is in flight, and says so. After that
it begins anew, because the turn that failed may have stopped half-way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from s3syncd.core.entry import Outcome, Result
from s3syncd.core.retry import delay_seconds
from s3syncd.errors import LedgerError
from s3syncd.site.inbox import Inbox
from s3syncd.site.messages import Command, Finished, Noted, Recovered, Stop
from s3syncd.site.site import Site

__all__ = ["Outage"]

_CAP_SECONDS = 10.0  # an operator who made room sees it go on soon
_DRAIN_SECONDS = 60.0  # what is in flight longer is found again by its intent, or by a pass
_LOOK_SECONDS = 1.0  # /livez wants turns, and a stop must be heard


class Outage:
    """Waits until the ledger of a site can be written.

    Args:
        error: what the ledger said.
        clock: monotonic seconds.
        jitter: numbers in [0, 1).
    """

    def __init__(
        self, site: Site, inbox: Inbox, error: LedgerError, *, clock: Callable[[], float]
    ) -> None:
        self._site = site
        self._inbox = inbox
        self._error = error
        self._clock = clock
        self._attempts = 0
        self._next_try = 0.0
        self._drained_by = clock() + _DRAIN_SECONDS
        self._stop_deadline = site.stop_deadline
        self.is_over = False
        site.parts.log.error("ledger.unavailable", error=error.message, hint=error.hint)

    def wait(self) -> None:
        """Wait until everything that was done is durable, or a stop is due."""
        while not self.is_over:
            for message in self._inbox.take(self.advance(self._clock())):
                self.keep(message)

    def advance(self, now: float) -> float:
        """Try to commit when it is time; return how long to wait for a message, in seconds."""
        self._site.board.publish_outage(now, self._error)
        if now >= self._next_try:
            self._attempts += 1
            pause = delay_seconds(self._attempts, self._site.parts.jitter(), cap=_CAP_SECONDS)
            self._next_try = now + max(_LOOK_SECONDS, pause)
            self._try(now)
        is_late = self._stop_deadline is not None and now >= self._stop_deadline
        self.is_over = self.is_over or is_late
        return 0.0 if self.is_over else _LOOK_SECONDS

    def keep(self, message: object) -> None:
        """Keep what a message tells of the world; anything else is found again."""
        if isinstance(message, Finished):
            self._site.backlog.finish(message.planned.action.path)
            self._record(message.answer)
        elif isinstance(message, Recovered):
            self._record(message.answer)
        elif isinstance(message, Noted) and message.resume is not None:
            message.resume(False)
        elif isinstance(message, Command):
            message.reply({"ok": False, "error": self._error.message, "hint": self._error.hint})
        elif isinstance(message, Stop):
            self._stop_deadline = message.deadline

    def _record(self, answer: object) -> None:
        if not isinstance(answer, Outcome) or answer.result is not Result.DONE:
            return  # its intent stays, and is looked into
        ledger, path = self._site.parts.ledger, answer.action.path
        # Each write is kept by the ledger also when it raises.
        with suppress(LedgerError):
            if answer.row is not None:
                ledger.record(answer.row)
        with suppress(LedgerError):
            if answer.effect in {"deleted", "gone"}:
                ledger.forget(path)
        with suppress(LedgerError):
            if answer.effect == "deleted":
                ledger.log_deletion(path, self._site.parts.wall(), is_approved=False)

    def _try(self, now: float) -> None:
        ledger = self._site.parts.ledger
        try:
            if ledger.is_damaged:
                ledger.begin_anew()
            ledger.commit()
        except LedgerError as error:
            self._error = error
            return
        is_stopping = self._stop_deadline is not None
        is_drained = not self._site.backlog.in_flight or now >= self._drained_by
        self.is_over = is_stopping or is_drained
