"""Which files, by inode, are heard of and not recorded yet: a deletion may be half of a rename.

Owned by the site thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from typing import NamedTuple, Protocol

from s3syncd.core.entry import Action

__all__ = ["Awaited", "Inodes", "OnTheirWay"]


class Awaited(NamedTuple):
    """The files that are dirty, planned, in flight or to be tried again, as they are now."""

    inodes: Set[int]
    paths: Set[str]


class OnTheirWay(Protocol):
    """What deletions must know of the files that are not recorded yet."""

    def is_awaited(self, inode: int) -> bool:
        """Whether a file with this inode is dirty, planned, in flight or to be tried again."""

    def is_moving(self, inode: int) -> bool:
        """Whether such a file waits for more than a person: something is to be done about it."""

    def awaited(self) -> Awaited:
        """Return all of those files."""

    def is_another(self, path: str, inode: int) -> bool:
        """Whether one of those files is at `path`, and has not this inode."""

    def oldest_unseen(self) -> float:
        """Return when the oldest path not looked at yet was heard of (monotonic), or infinity."""


class Inodes:
    """One inode per path; several paths may share one (hard links)."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._counts: Counter[int] = Counter()

    def __len__(self) -> int:
        """Return how many paths there are."""
        return len(self._of)

    def __contains__(self, inode: int) -> bool:
        return self._counts[inode] > 0

    def keys(self) -> Set[int]:
        """Return the inodes."""
        return self._counts.keys()

    def paths(self) -> Set[str]:
        """Return the paths."""
        return self._of.keys()

    def paths_of(self, inode: int) -> list[str]:
        """Return the paths of one of them: for a person, it looks at all."""
        return [path for path, each in self._of.items() if each == inode]

    def is_another(self, path: str, inode: int) -> bool:
        """Whether a file is known at `path`, and has not this inode."""
        return self._of.get(path, inode) != inode

    def set(self, path: str, inode: int | None) -> None:
        """Note the inode of a path; None forgets the path."""
        old = self._of.pop(path, None)
        if old is not None:
            self._counts[old] -= 1
            if not self._counts[old]:
                del self._counts[old]
        if inode is not None:
            self._of[path] = inode
            self._counts[inode] += 1

    def keep(self, action: Action | None) -> None:
        """What was decided comes to nothing: unless a later file is known, this one is there."""
        if action is not None and action.local is not None and action.path not in self._of:
            self.set(action.path, action.local.inode)
