"""The place where the watch reader leaves what it heard, and the site thread picks it up.

A hint says "look here"; what is true is decided by lstat. So hints may be merged, widened and
collapsed at will: many paths of one directory become that directory, too many of anything become
one `doubt`, which a rescan of the root answers. Memory is bounded whatever the kernel sends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

__all__ = ["Hint", "HintTable", "Hints"]

MAX_PATHS_PER_DIRECTORY: Final = 500
"""Above it listing the directory once is cheaper than looking at each path (2.3 us a file)."""

MAX_PATHS: Final = 50_000
"""Above it one rescan is cheaper, and the table stays below about 20 MiB."""

MAX_DIRECTORIES: Final = 2_000
"""Above it one rescan is cheaper than a scan and a ledger query for each directory."""


class Hint(NamedTuple):
    """What was heard of one path. Times are monotonic seconds.

    `is_closed`: the last thing heard was the end of a writer (close, move in) or the path going.
    """

    is_closed: bool
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Hints:
    """Everything heard since the last `take`.

    Attributes:
        paths: files to look at.
        directories: directories to scan (`a/b/`, the root is ``), and whether with all below.
        is_doubt: something was lost: rescan the root.
        doubt_reason: closed word, why: overflow unknown_watch exception storm start mounts audit.
        root_lost: why the root is not believed any more (deleted moved unmounted), or empty.
    """

    paths: dict[str, Hint] = field(default_factory=dict)
    directories: dict[str, bool] = field(default_factory=dict)
    is_doubt: bool = False
    doubt_reason: str = ""
    root_lost: str = ""


class HintTable:
    """Coalesces hints. Written by the watch reader, emptied by the site thread; has a lock.

    Args:
        wake: called once when the table stops being empty, outside the lock; must be cheap.
        clock: monotonic seconds, used where a caller gives no time.
        max_per_directory: paths of one directory before it is scanned instead.
        max_paths: paths in all before the root is rescanned instead.
        max_directories: directories before the root is rescanned instead.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        max_per_directory: int = MAX_PATHS_PER_DIRECTORY,
        max_paths: int = MAX_PATHS,
        max_directories: int = MAX_DIRECTORIES,
    ) -> None:
        self._wake = wake
        self._clock = clock
        self._max_per_directory = max_per_directory
        self._max_paths = max_paths
        self._max_directories = max_directories
        self._lock = threading.Lock()
        self._paths: dict[str, dict[str, Hint]] = {}
        self._directories: dict[str, bool] = {}
        self._count = 0
        self._doubt_reason = ""
        self._root_lost = ""
        self._is_covered_by_storm = False

    def note(
        self, path: str, *, is_closed: bool, now: float | None = None, is_write: bool = True
    ) -> None:
        """Say that `path` is dirty.

        Args:
            path: site-relative.
            is_closed: see `Hint`.
            now: monotonic seconds; None asks the clock.
            is_write: False for a change of attributes, which leaves an earlier close standing.
        """
        moment = self._clock() if now is None else now
        with self._lock:
            if self._is_covered_by_storm:
                return
            was_empty = self._is_empty()
            self._put(path, is_closed, moment, is_write)
        if was_empty:
            self._wake()

    def scan(self, directory: str, *, is_recursive: bool = False) -> None:
        """Say that `directory` (`a/b/`, the root is ``) must be scanned."""
        with self._lock:
            if self._is_covered_by_storm:
                return
            was_empty = self._is_empty()
            self._directories[directory] = is_recursive or self._directories.get(directory, False)
            if len(self._directories) > self._max_directories:
                self._collapse()
        if was_empty:
            self._wake()

    def doubt(self, reason: str) -> None:
        """Say that something was missed somewhere; any number of doubts are one."""
        with self._lock:
            was_empty = self._is_empty()
            self._doubt_reason = self._doubt_reason or reason
        if was_empty:
            self._wake()

    def lose_root(self, reason: str) -> None:
        """Say that the root was deleted, moved or unmounted; implies doubt."""
        with self._lock:
            was_empty = self._is_empty()
            self._root_lost = self._root_lost or reason
            self._doubt_reason = self._doubt_reason or reason
        if was_empty:
            self._wake()

    def take(self) -> Hints:
        """Empty the table and return what was in it."""
        with self._lock:
            taken = Hints(
                paths={
                    directory + name: hint
                    for directory, names in self._paths.items()
                    for name, hint in names.items()
                },
                directories=self._directories,
                is_doubt=bool(self._doubt_reason),
                doubt_reason=self._doubt_reason,
                root_lost=self._root_lost,
            )
            self._clear()
        return taken

    def __len__(self) -> int:
        return self._count + len(self._directories)

    def _clear(self) -> None:
        self._paths = {}
        self._directories = {}
        self._count = 0
        self._doubt_reason = ""
        self._root_lost = ""
        self._is_covered_by_storm = False

    def _is_empty(self) -> bool:
        return not (self._count or self._directories or self._doubt_reason)

    def _put(self, path: str, is_closed: bool, now: float, is_write: bool) -> None:
        cut = path.rfind("/") + 1
        directory, name = path[:cut], path[cut:]
        names = self._paths.setdefault(directory, {})
        known = names.get(name)
        if known is not None:
            is_closed = is_closed if is_write else known.is_closed
            names[name] = Hint(is_closed, known.first, now)
            return
        names[name] = Hint(is_closed, now, now)
        self._count += 1
        if len(names) > self._max_per_directory:
            self._count -= len(self._paths.pop(directory))
            self._directories.setdefault(directory, False)
        elif self._count > self._max_paths:
            self._collapse()

    def _collapse(self) -> None:
        root_lost = self._root_lost
        self._clear()
        self._root_lost = root_lost
        self._doubt_reason = "storm"
        self._is_covered_by_storm = True
