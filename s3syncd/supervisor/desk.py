"""A site's inbox as others see it: whoever waits for an answer gets one, also from a dead site."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from s3syncd.pool import Start
from s3syncd.site import Command, Inbox
from s3syncd.site.messages import Noted
from s3syncd.transfer import Note

__all__ = ["Desk"]


class Desk:
    """Takes what is to be answered to a site; closed when the site's thread ends. Thread-safe.

    A call that waits for its note to become durable would otherwise hold its buffer and its place
    in the pool for ever, once the site that was to commit it has gone.

    Args:
        name: of the site, for refusals.
    """

    def __init__(self, name: str) -> None:
        self.inbox = Inbox()
        self._name = name
        self._is_closed = False

    def committed(self, note: Note) -> Start:
        """Give a Start that resumes with True once the note is durable, False if it cannot be."""

        def start(resume: Callable[[object], None]) -> None:
            self._put(Noted(note, resume))

        return start

    def ask(
        self,
        name: str,
        arguments: Mapping[str, object],
        reply: Callable[[dict[str, object]], None],
    ) -> None:
        """Send a command; `reply` takes the answer, in the site's thread or in this one."""
        self._put(Command(name, arguments, reply))

    def close(self) -> None:
        """Nobody reads the inbox any more: refuse what waits there, and all that still comes."""
        self._is_closed = True
        self._refuse_all()

    def _put(self, message: Noted | Command) -> None:
        self.inbox.put(message)
        if self._is_closed:  # looked at after the put: either side refuses it, never nobody
            self._refuse_all()

    def _refuse_all(self) -> None:
        while messages := self.inbox.take(0):
            for message in messages:
                if isinstance(message, Noted) and message.resume is not None:
                    message.resume(False)
                elif isinstance(message, Command):
                    message.reply({
                        "ok": False,
                        "error": f"site {self._name} is not running",
                        "hint": "it is started again by itself; see: s3syncd status",
                    })  # fmt: skip
