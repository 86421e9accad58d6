"""Both ends of a line in one thread: the test tells what happened when it wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from s3syncd.core.entry import Action, Kind, LocalEntry, Outcome, Settle
from s3syncd.s3.poller import Poller
from s3syncd.sender.channel import Channel, Word, channel_pair

SETTLE = Settle()

# More than any test has words; a line that is never at rest must not keep a core busy.
_ROUNDS = 10_000


def catch_up(*pollers: Poller) -> None:
    """Tell everything that has happened by now, and what came of that."""
    for _ in range(_ROUNDS):
        is_quiet = True
        for poller in pollers:
            poller.wake()
            for tell in poller.wait():
                is_quiet = False
                tell()
        if is_quiet:
            return
    raise AssertionError(f"not at rest after {_ROUNDS} rounds")


class End:
    """One end of a line, with its own poller, and what it was told."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.poller = socket, Poller()
        self.words: list[Word] = []
        self.ends: list[int] = []  # each time the end was told: after so many words
        self.channel = Channel(socket, self.poller, on_word=self.words.append, on_end=self._ended)

    def _ended(self) -> None:
        self.ends.append(len(self.words))

    def hear(self) -> list[Word]:
        """Take what has come by now; give all that ever came."""
        catch_up(self.poller)
        return self.words


@contextmanager
def both_ends() -> Iterator[tuple[End, End]]:
    """Give both ends of a line."""
    ours, theirs = (End(socket) for socket in channel_pair())
    try:
        yield ours, theirs
    finally:
        for end in (ours, theirs):
            end.channel.close()
            end.poller.close()


def action_for(path: str) -> Action:
    """Give the upload of a new file."""
    return Action(Kind.UPLOAD, path, LocalEntry(path, 1, 2, 3, 4, 0o100644), None, None, 2, "new")


class Answers:
    """Collects what was answered, by path; `resume_for` gives whom to answer."""

    def __init__(self) -> None:
        self.of: dict[str, list[Outcome | None]] = {}

    def resume_for(self, path: str) -> Any:
        return self.of.setdefault(path, []).append
