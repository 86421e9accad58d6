"""Names that are not UTF-8: no key can stand for them, and none of them is told.

What stands behind them is remembered by its inode: a file that was renamed so has no other object
than that of its old name, which is kept for as long.
"""

from __future__ import annotations

import os
from typing import Final

from s3syncd.local.messages import NamesSkipped

__all__ = ["Nameless"]

_SAMPLE_NAMES: Final = 10  # kept for display
_REMEMBERED: Final = 100_000  # names looked at, those below directories too: 0.2 s, 10 MiB
_DEPTH: Final = 64  # directories in directories: each holds a descriptor


class Nameless:
    """What one scan met of such names.

    Attributes:
        count: names met; what is below a directory is not counted.
        sample: the first of them, escaped for display.
        inodes: of the regular files behind them, and below them.
        is_full: there are more of them than are remembered, or deeper ones.
        has_directory: one of them is a directory's: what is moved into it is not heard of.
    """

    def __init__(self) -> None:
        self.count = 0
        self.sample: list[str] = []
        self.inodes: set[int] = set()
        self.is_full = self.has_directory = False
        self._looked_at = 0

    def meet(self, path: str, fd: int, entry: os.DirEntry[str]) -> None:
        """Take one name; `fd` is the open directory that holds it."""
        self.count += 1
        if len(self.sample) < _SAMPLE_NAMES:
            self.sample.append(os.fsencode(path).decode(errors="backslashreplace"))
        self._remember(fd, entry, _DEPTH)

    def told(self, pass_id: int) -> NamesSkipped:
        """Make the message of it."""
        return NamesSkipped(
            pass_id, self.count, tuple(self.sample), frozenset(self.inodes),
            is_full=self.is_full, has_directory=self.has_directory,
        )  # fmt: skip

    def _remember(self, fd: int, entry: os.DirEntry[str], depth: int) -> None:
        if self._looked_at >= _REMEMBERED:
            self.is_full = True
            return
        self._looked_at += 1
        if entry.is_file(follow_symlinks=False):
            self.inodes.add(entry.inode())
        elif entry.is_dir(follow_symlinks=False):
            self.has_directory = True
            if depth:
                self._remember_below(fd, entry.name, depth - 1)
            else:
                self.is_full = True

    def _remember_below(self, parent: int, name: str, depth: int) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, dir_fd=parent)
        except OSError:
            return  # gone, or not ours to read: nothing of it was ever sent
        try:
            if os.fstat(fd).st_dev == os.fstat(parent).st_dev:  # inodes are a file system's own
                with os.scandir(fd) as entries:
                    for entry in entries:
                        self._remember(fd, entry, depth)
        except OSError:
            return
        finally:
            os.close(fd)
