"""The files of a site that are not recorded yet, wherever they wait: what deletions ask about.

Owned by the site thread.
"""

from __future__ import annotations

from s3syncd.site.backlog import Backlog
from s3syncd.site.inodes import Awaited, Inodes
from s3syncd.site.retries import Retries
from s3syncd.site.withheld import Withheld

__all__ = ["Underway"]


class Underway:
    """Knows all of them; see `OnTheirWay` for its face.

    Attributes:
        dirty: the files that were met and are to be decided about.
        unseen: path -> when it was first heard of, if it was not looked at since (monotonic).
    """

    def __init__(self, backlog: Backlog, withheld: Withheld, retries: Retries) -> None:
        self._backlog = backlog
        self._withheld = withheld
        self._retries = retries
        self.dirty = Inodes()
        self.unseen: dict[str, float] = {}

    def oldest_unseen(self) -> float:
        """Return when the oldest path not looked at yet was heard of (monotonic), or infinity."""
        return min(self.unseen.values(), default=float("inf"))

    def is_awaited(self, inode: int) -> bool:
        """Whether a file with this inode is dirty, planned, in flight or to be tried again."""
        return self._withheld.is_awaited(inode) or self.is_moving(inode)

    def is_moving(self, inode: int) -> bool:
        """Whether such a file waits for more than a person: something is to be done about it."""
        is_dirty = inode in self.dirty or self._backlog.is_awaited(inode)
        return is_dirty or self._retries.is_awaited(inode)

    def awaited(self) -> Awaited:
        """Return all of those files."""
        known, paths = self._known(), {file.path for file in self._backlog.files()}
        inodes = {*self._backlog.inodes, *self._withheld.nameless}
        inodes.update(*(each.keys() for each in known))
        return Awaited(inodes, paths.union(*(each.paths() for each in known)))

    def is_another(self, path: str, inode: int) -> bool:
        """Whether one of those files is at `path`, and has not this inode."""
        is_known = any(each.is_another(path, inode) for each in self._known())
        return is_known or any(file.inode != inode for file in self._backlog.files(path))

    def _known(self) -> tuple[Inodes, ...]:
        return self.dirty, self._withheld.inodes, self._retries.inodes
