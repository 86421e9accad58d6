"""Notices that the file of the configuration was changed.

By looking once a second, not by events: a look sees through the links that Kubernetes swaps, works
on every file system, and does not mind a file that is renamed over, or gone for a moment. It costs
one system call. In a thread of its own: the file's disk may hang, and the daemon must not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["FileWatch"]

LOOK_SECONDS: Final = 1.0
"""How often the file is looked at."""

SETTLED_SECONDS: Final = 1.0
"""So long it must have been as it is: editors and deployments write in several steps."""

MISSING_SECONDS: Final = 10.0
"""So long it must have been gone before that is taken for a change: it may be about to come."""

_Signature = tuple[int, int, int, int, int]
_NOTHING: Final = object()


class FileWatch:
    """Tells once of each change that has settled. Owned by one thread.

    The first look tells, too: the file may have changed since it was read.

    Args:
        path: the file; links are followed at each look.
        tell: called when it has changed, also when it is gone.
    """

    def __init__(self, path: Path, tell: Callable[[], None]) -> None:
        self._path = path
        self._tell = tell
        self._told: object = _NOTHING
        self._seen: object = _NOTHING
        self._since = 0.0

    def turn(self, now: float) -> float:
        """Look; give after how many seconds to look again."""
        seen = self._look()
        if seen != self._seen:
            self._seen, self._since = seen, now
        wait = SETTLED_SECONDS if seen is not None else MISSING_SECONDS
        if seen != self._told and now - self._since >= wait:
            self._told = seen
            self._tell()
        return LOOK_SECONDS

    def _look(self) -> _Signature | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
