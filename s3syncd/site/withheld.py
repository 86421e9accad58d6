"""Files whose upload waits for a person, for an object of somebody else's or for another name.

Such a file may have had another name: that name's object is the only one with its content, and is
kept until the file is in the bucket. Bounded; owned by the site thread.
"""

from __future__ import annotations

from s3syncd.core.entry import LocalEntry
from s3syncd.site.inodes import Inodes

__all__ = ["Withheld"]

_REMEMBERED = 10_000  # known one by one (3 MiB); beyond, deletions wait for all of them


class Withheld:
    """The withheld files of one site.

    Attributes:
        inodes: of the files.
        nameless: inodes of files whose name is no text, as the last full scan has met them.
        are_more_nameless: there are more: deletions wait for all of them.
        has_nameless_directory: a file may have been moved there since, and nobody heard of it.
    """

    def __init__(self) -> None:
        self.inodes = Inodes()
        self.nameless: frozenset[int] = frozenset()
        self.are_more_nameless = self.has_nameless_directory = False
        self._met_at: dict[str, float] = {}
        self._is_full = False
        self._full_at = float("-inf")

    def hold(self, local: LocalEntry | None, now: float) -> None:
        """A file was met that waits for a person, as it is now; None: there is no file."""
        if local is None:
            return
        if len(self._met_at) >= _REMEMBERED and local.path not in self._met_at:
            self._is_full, self._full_at = True, now
            return
        self._met_at[local.path] = now
        self.inodes.set(local.path, local.inode)

    def unsent(self, local: LocalEntry, reason: str, now: float) -> None:
        """A file was met whose path can have no object.

        Of very many only some keep their old names: else nothing could be deleted any more. What
        is another site's to send (`inner_prefix`) has its object there.
        """
        has_room = len(self._met_at) < _REMEMBERED or local.path in self._met_at
        if has_room and reason != "inner_prefix":
            self.hold(local, now)

    def still(self, path: str, now: float) -> None:
        """What is at the path cannot be told: if a file waited there, it waits still."""
        if path in self._met_at:
            self._met_at[path] = now

    def end(self, path: str) -> None:
        """A path is in the bucket, has no file any more, or something else is known of it."""
        if self._met_at.pop(path, None) is not None:
            self.inodes.set(path, None)

    def is_awaited(self, inode: int) -> bool:
        """Whether a file with this inode waits for a person: its old name is kept."""
        is_any = self._is_full or self.are_more_nameless
        return is_any or inode in self.inodes or inode in self.nameless

    def named(self, inode: int) -> str:
        """Name the files with this inode, for people; or what they are where no name is known."""
        if paths := self.inodes.paths_of(inode):
            return ", ".join(paths)
        if inode in self.nameless or (self.are_more_nameless and not self._is_full):
            return "a file whose name is not UTF-8"
        return "one of very many"

    def unmet(self, since: float) -> list[str]:
        """A look at everything, begun at `since` (monotonic), is over; return what it did not meet.

        Whoever is approved, or vanished unheard, is among it.
        """
        self._is_full = self._is_full and self._full_at >= since
        return [path for path, met_at in self._met_at.items() if met_at < since]
