"""A file system in memory, with clocks of its own, as transfers and scans see it.

Inodes are given out again at once, and times have the grain of a kernel's clock: both are as nasty
as they may be.
"""

from __future__ import annotations

import errno
import heapq
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Look
from s3syncd.core.safety import RootIdentity
from s3syncd.local.identity import RootError

__all__ = ["Disk", "File", "Tree"]

_GRAIN_NS = 4_000_000  # a tick of a kernel with 250 a second
_MODE = stat.S_IFREG | 0o644


@dataclass(eq=False)
class File:
    """One inode. `writers`: how many have it open for writing."""

    inode: int
    content: bytes
    mtime_ns: int
    ctime_ns: int
    writers: int = 0


@dataclass(eq=False)
class Tree:
    """What stands at the root's place: files by path, directories by path (`a/b`)."""

    identity: RootIdentity
    files: dict[str, File] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)


@dataclass
class _Opened:
    fd: int
    identity: RootIdentity


class Disk:
    """The disk of one site; the face of `transfer.ports.Files` and `Root`.

    Attributes:
        path: of the root, for messages.
        tree: the user's; what the user does is done there, whatever stands at the root's place.
        shown: what stands at the root's place; None: nothing.
        unreadable: directories (`a/b/`) that the daemon may not enter.
        while_reading: called in the middle of each reading of a file, with it.
        has_leases: nobody can be told where False whether a file has a writer.
        reuses_inodes: a number that is free is given out again at once.

    Args:
        wall: seconds since the epoch, of the machine.
    """

    def __init__(self, wall: Callable[[], float], number: int) -> None:
        self.path = Path(f"/simulated/{number}")
        self.tree = Tree(RootIdentity(2, 77 + number))
        self.shown: Tree | None = self.tree
        self.unreadable: set[str] = set()
        self.while_reading: Callable[[File], object] = lambda _file: None
        self.has_leases = self.reuses_inodes = True
        self._wall = wall
        self._free: list[int] = []
        self._inodes = 10
        self._open: dict[int, File] = {}
        self._trees: list[Tree] = []
        self._times: set[int] = set()

    # --- the user -------------------------------------------------------------------------------

    def write(self, path: str, content: bytes) -> None:
        """Write a file in place, or a new one."""
        file = self.tree.files.get(path)
        if file is None:
            file = self.tree.files[path] = File(self._new_inode(), b"", 0, 0)
            self._make_parents(path)
        file.content = content
        file.mtime_ns = file.ctime_ns = self._now_ns()

    def replace(self, path: str, content: bytes) -> None:
        """Put a new file in the place of whatever file is there."""
        self._let_go(self.tree.files.pop(path, None))
        self.write(path, content)

    def touch(self, path: str, *, mtime: bool) -> None:
        """Change the times of a file; without `mtime` as chmod does."""
        file = self.tree.files[path]
        file.ctime_ns = self._now_ns()
        if mtime:
            file.mtime_ns = file.ctime_ns

    def remove(self, path: str) -> None:
        """Delete a file."""
        self._let_go(self.tree.files.pop(path))

    def clock_was_set(self) -> None:
        """From now on no file gets a time again that one has: such a change nobody can see."""
        self._times |= {file.ctime_ns for file in self.tree.files.values()}

    def remove_directory(self, path: str) -> None:
        """Delete an empty directory, and what directories are below."""
        for name in [d for d in self.tree.directories if f"{d}/".startswith(f"{path}/")]:
            self.tree.directories.discard(name)

    def rename(self, old: str, new: str) -> None:
        """Move a file, over another one if need be."""
        self._let_go(self.tree.files.pop(new, None))
        self._make_parents(new)
        file = self.tree.files[new] = self.tree.files.pop(old)
        file.ctime_ns = self._now_ns()

    def rename_directory(self, old: str, new: str) -> None:
        """Move a directory; nothing is at its new place."""
        files = self.tree.files
        for path in self.below(old):
            files[new + path[len(old) :]] = files.pop(path)
        for name in [d for d in self.tree.directories if f"{d}/".startswith(f"{old}/")]:
            self.tree.directories.discard(name)
            self.tree.directories.add(new + name[len(old) :])

    def below(self, directory: str) -> list[str]:
        """Give the files below a directory (`a/b`), sorted."""
        return sorted(path for path in self.tree.files if path.startswith(f"{directory}/"))

    # --- the daemon: looking --------------------------------------------------------------------

    def identity(self, expected: RootIdentity | None = None) -> RootIdentity:
        """Give the identity of what stands at the root's place.

        Raises:
            RootError: nothing, or not what was expected.
        """
        if self.shown is None:
            raise RootError(errno.ENOENT, "No such file or directory")
        if expected is not None and self.shown.identity != expected:
            error = RootError(errno.ESTALE, "another directory stands in the root's place")
            error.seen = self.shown.identity
            raise error
        return self.shown.identity

    def look(self, tree: Tree, path: str) -> Look:
        """See what stands at a path."""
        if any(path.startswith(directory) for directory in self.unreadable):
            return UnknownMark(path, "unreadable")
        file = tree.files.get(path)
        if file is not None:
            return _entry(path, file)
        return "directory" if path in tree.directories else "absent"

    def walk(self, prefix: str, after: str, *, is_recursive: bool) -> Iterator[Look]:
        """Give what a scan meets behind a path, in order, as it is now."""
        tree = self.shown
        assert tree is not None
        marks = sorted(d for d in self.unreadable if d.startswith(prefix) or prefix.startswith(d))
        found: list[tuple[str, Look]] = [
            (max(mark, prefix), UnknownMark(max(mark, prefix), "unreadable")) for mark in marks
        ]
        for path, file in tree.files.items():
            if not path.startswith(prefix):
                continue
            mark = next((mark for mark in marks if path.startswith(mark)), None)
            if mark is None:
                found.append((path, _entry(path, file)))
            elif max(mark, prefix) <= after:  # it was entered before it became so
                found.append((path, UnknownMark(path, "unreadable")))
        for path, look in sorted(found, key=lambda one: one[0]):
            rest = path[len(prefix) :].rstrip("/")
            if path > after and (is_recursive or "/" not in rest):
                yield look

    # --- the daemon: transfers ------------------------------------------------------------------

    def borrow(self, expected: RootIdentity | None) -> _Opened:
        identity = self.identity(expected)
        assert self.shown is not None
        if self.shown not in self._trees:
            self._trees.append(self.shown)
        return _Opened(self._trees.index(self.shown), identity)

    def give_back(self, opened: _Opened) -> None:
        """Nothing is held."""

    def let_go(self, *, for_good: bool = False) -> None:
        """Nothing is held."""

    def open_regular(self, root_fd: int, path: str) -> int:
        look = self.look(self._trees[root_fd], path)
        if not isinstance(look, LocalEntry):
            code = errno.EACCES if isinstance(look, UnknownMark) else errno.ENOENT
            raise OSError(code, os.strerror(code), path)
        fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)  # a number that can be closed
        self._open[fd] = self._trees[root_fd].files[path]
        return fd

    def stat_of(self, fd: int, path: str) -> LocalEntry:
        return _entry(path, self._open[fd])

    def lstat_path(self, root_fd: int, path: str) -> Look:
        return self.look(self._trees[root_fd], path)

    def read_whole(self, fd: int, size_bytes: int) -> bytes:
        file = self._open[fd]
        middle = size_bytes // 2
        first = file.content[:middle]
        self.while_reading(file)
        return first + file.content[middle:size_bytes]

    def read_into(self, fd: int, offset: int, view: memoryview) -> int:
        content = self.read_whole(fd, offset + len(view))[offset:]
        view[: len(content)] = content
        return len(content)

    def try_read_lease(self, fd: int) -> bool | None:
        return not self._open[fd].writers if self.has_leases else None

    # --- inside ---------------------------------------------------------------------------------

    def _now_ns(self) -> int:
        now_ns = int(self._wall() * 1e9) // _GRAIN_NS * _GRAIN_NS
        while now_ns in self._times:
            now_ns += _GRAIN_NS
        return now_ns

    def _new_inode(self) -> int:
        if self._free and self.reuses_inodes:
            return heapq.heappop(self._free)
        self._inodes += 1
        return self._inodes

    def _let_go(self, file: File | None) -> None:
        if file is not None and not file.writers:
            heapq.heappush(self._free, file.inode)

    def _make_parents(self, path: str) -> None:
        while (path := path.rpartition("/")[0]) and path not in self.tree.directories:
            self.tree.directories.add(path)


def _entry(path: str, file: File) -> LocalEntry:
    return LocalEntry(path, len(file.content), file.mtime_ns, file.ctime_ns, file.inode, _MODE)
