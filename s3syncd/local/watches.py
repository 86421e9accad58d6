"""Which watch descriptor stands for which directory, and which directories have none.

The kernel gives the same descriptor for the same inode. So a scan that arms every directory it
opens repairs this table by itself after any rename; nothing is ever moved within it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["Audit", "Watched", "Watches", "parse_fdinfo"]

_PREFIX: Final = "inotify "


class Watched(NamedTuple):
    """One watched directory: path (`a/b/`), inode, and the number of the full scan that met it."""

    path: str
    inode: int
    scan: int


class Audit(NamedTuple):
    """What comparing the table with the kernel's own list found.

    `dead`: directories thought watched and not. `strays`: descriptors nobody needs.
    """

    dead: list[str]
    strays: list[int]


def parse_fdinfo(text: str) -> dict[int, int]:
    """Read /proc/self/fdinfo/N of an inotify descriptor: watch descriptor to inode (proc(5))."""
    live = {}
    for line in text.splitlines():
        if line.startswith(_PREFIX):
            fields = dict(field.partition(":")[::2] for field in line.split()[1:])
            live[int(fields["wd"], 16)] = int(fields["ino"], 16)
    return live


class Watches:
    """The table. Written by the scan thread, read by the watch reader; has a lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        """Held while a watch is armed and entered, so that no event of it finds it missing."""
        self._by_wd: dict[int, Watched] = {}
        self._by_path: dict[str, int] = {}
        self._unwatched: dict[str, tuple[str, int]] = {}
        self._turn: list[str] = []
        self._scan = 0
        self.root_wd = -1

    def __len__(self) -> int:
        return len(self._by_wd)

    def enter(self, wd: int, path: str, inode: int) -> None:
        """Take in that `wd` stands for `path`; what either stood for before is forgotten."""
        with self.lock:
            known = self._by_wd.get(wd)
            if known is not None and known.path != path and self._by_path.get(known.path) == wd:
                del self._by_path[known.path]
            self._by_wd[wd] = Watched(path, inode, self._scan)
            self._by_path[path] = wd
            self._unwatched.pop(path, None)
            if path == "":
                self.root_wd = wd

    def refuse(self, path: str, reason: str) -> None:
        """Take in that `path` cannot be watched: `limit` or `unreadable` or `io_error`."""
        with self.lock:
            self._unwatched[path] = (reason, self._scan)

    def find(self, wd: int) -> str | None:
        """Give the directory that `wd` stands for. Takes no lock: one look into a dict."""
        watched = self._by_wd.get(wd)
        return None if watched is None else watched.path

    def forget(self, wd: int) -> None:
        """Take in that the kernel dropped `wd`."""
        with self.lock:
            known = self._by_wd.pop(wd, None)
            if known is not None and self._by_path.get(known.path) == wd:
                del self._by_path[known.path]

    def is_known(self, path: str) -> bool:
        """Tell whether a scan has been in this directory."""
        return path in self._by_path or path in self._unwatched

    def unwatched(self, reason: str = "") -> int:
        """Count the directories that cannot be watched (for `reason`)."""
        with self.lock:
            if not reason:
                return len(self._unwatched)
            return sum(each == reason for each, _scan in self._unwatched.values())

    def sample(self, limit: int) -> list[str]:
        """Name some directories that cannot be watched."""
        with self.lock:
            return sorted(self._unwatched)[:limit]

    def next_unwatched(self, limit: int) -> list[str]:
        """Give the directories without a watch in turn, `limit` at a time."""
        with self.lock:
            if not self._turn:
                self._turn = sorted(self._unwatched, reverse=True)
            turn = [self._turn.pop() for _ in range(min(limit, len(self._turn)))]
            return [path for path in turn if path in self._unwatched]

    def begin_scan(self) -> None:
        """Begin to count anew which directories are met."""
        with self.lock:
            self._scan += 1

    def end_scan(self) -> list[int]:
        """Forget what the scan did not meet; return the descriptors to be dropped."""
        with self.lock:
            stale = [wd for wd, watched in self._by_wd.items() if watched.scan != self._scan]
            for wd in stale:
                self.forget(wd)
            self._unwatched = {
                path: (reason, scan)
                for path, (reason, scan) in self._unwatched.items()
                if scan == self._scan
            }
        return stale

    def audit(self, live: Mapping[int, int]) -> Audit:
        """Compare with the kernel's list; forget what is dead.

        Inodes are compared only where the root's agree: some filesystems (overlay) show others
        there than stat does.
        """
        with self.lock:
            root = self._by_wd.get(self.root_wd)
            is_comparable = root is not None and live.get(self.root_wd) == root.inode
            dead = [
                wd
                for wd, watched in self._by_wd.items()
                if wd not in live or (is_comparable and live[wd] != watched.inode)
            ]
            paths = [self._by_wd[wd].path for wd in dead]
            for wd in dead:
                self.forget(wd)
            return Audit(paths, [wd for wd in live if wd not in self._by_wd])
