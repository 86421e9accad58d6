"""The files that a user may have at the path: real ones, each alone in a directory of its own.

A state names the file that is there; the program opens and looks at it through the descriptor of
its directory, as through that of a root. So the clock may go back: every file stays as it is.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from s3syncd.core.entry import LocalEntry
from s3syncd.local.files import entry_of
from tests.model.values import BODIES, PATH

__all__ = ["Files"]


class _Place(NamedTuple):
    fd: int


class Files:
    """Has the face of `s3syncd.local.held.HeldRoot`; `local` is what is there now."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.local: LocalEntry | None = None
        self._entries: dict[tuple[int, int], LocalEntry] = {}
        self._fds: dict[LocalEntry | None, int] = {None: self._open(folder / "none")}
        self._made: dict[LocalEntry, tuple[int, int]] = {}

    def file(self, content: int, born: int) -> LocalEntry:
        """Give the file with this content that the user's nth operation made."""
        entry = self._entries.get((content, born))
        if entry is None:
            place = self.path / f"{content}-{born}"
            fd = self._open(place)
            (place / PATH).write_bytes(BODIES[content])
            entry = entry_of(PATH, os.lstat(place / PATH))
            self._entries[content, born] = entry
            self._fds[entry] = fd
            self._made[entry] = (content, born)
        return entry

    def made(self, seen: LocalEntry) -> tuple[int, int]:
        """Give (content, number of the operation) of the file with this stat."""
        return self._made[seen]

    def borrow(self, _expected: object) -> _Place:
        return _Place(self._fds[self.local])

    def give_back(self, _opened: _Place) -> None:
        """Nothing is counted."""

    def let_go(self, *, for_good: bool = False) -> None:
        """Nothing to let go."""

    def close(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()

    @staticmethod
    def _open(folder: Path) -> int:
        folder.mkdir(parents=True)
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
