"""Difficulties with single paths, as the status shows them. Bounded; owned by the site thread.

Two kinds: what cannot be judged (marks of a scan, names without a key, drift on hold) lives here;
what was tried and failed lives in the ledger's retries. Skipped things (symbolic links, FIFOs,
sockets, devices) are shown and counted, and are no obstacle to being in sync.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from s3syncd.core.entry import Problem
from s3syncd.core.safety import REASONS

__all__ = ["SKIPPED", "Problems"]

SKIPPED = frozenset({"symlink", "special_file", "unwatched"})

_SHOWN = 100  # the status page's limit
_KEPT = 1_000  # known one by one; beyond this they are only counted

_HINTS = {
    "symlink": "Symbolic links are not followed; add a site for the link's target.",
    "special_file": "FIFOs, sockets and devices have no content to keep.",
    "unreadable": "Make it readable for the daemon's user, or exclude it.",
    "io_error": "The file system reported an error; look at the kernel log.",
    "undecodable_name": "S3 keys are UTF-8: rename the file, or exclude it.",
    "key_too_long": "A key has at most 1,024 bytes, prefix included: shorten the path.",
    "inner_prefix": "This part of the prefix belongs to another site: rename or exclude it.",
    "unstable": "The file never rests; it is tried again, and sent once it does.",
    "drift": "The object was changed by somebody else: look, then `s3syncd approve SITE`.",
    "unwatched": "The directory is scanned in turn; raise fs.inotify.max_user_watches.",
}


class Problems:
    """The problems of one site that are not retries.

    Args:
        wall: seconds since the epoch.
        on_new: called for each problem not known before (for the log).
    """

    def __init__(self, wall: Callable[[], float], on_new: Callable[[Problem], None]) -> None:
        self._wall = wall
        self._on_new = on_new
        self._known: dict[str, Problem] = {}
        self._more = 0
        self._fresh: dict[str, Problem] | None = None
        self._fresh_more = 0

    def __len__(self) -> int:
        """Return how many there are, skipped ones included."""
        return len(self._known) + self._more

    @property
    def obstacles(self) -> int:
        """How many keep the site from being in sync."""
        known = sum(problem.reason not in SKIPPED for problem in self._known.values())
        return known + self._more

    def note(self, path: str, reason: str) -> None:
        """Note a problem, also as part of the pass under way."""
        if self._fresh is not None:
            self._fresh_more += not self._put(self._fresh, path, reason)
        if path not in self._known and len(self._known) >= _KEPT:
            return
        self._put(self._known, path, reason)

    def clear(self, path: str) -> None:
        """The path is well."""
        self._known.pop(path, None)
        if self._fresh is not None:
            self._fresh.pop(path, None)

    def clear_reason(self, reason: str) -> list[str]:
        """Forget the problems of one reason; return their paths."""
        paths = [path for path, problem in self._known.items() if problem.reason == reason]
        for path in paths:
            self.clear(path)
        return paths

    def renew(self, reason: str, paths: Iterable[str]) -> None:
        """Note exactly these paths for a reason; what it was noted for before is over."""
        stay = set(paths)
        for path in [p for p, known in self._known.items() if known.reason == reason]:
            if path not in stay:
                self.clear(path)
        for path in stay:
            self.note(path, reason)

    def begin_pass(self) -> None:
        """A whole pass begins: what it does not meet again is over when it ends."""
        self._fresh, self._fresh_more = {}, 0

    def end_pass(self, *, is_complete: bool) -> None:
        """A whole pass ended; only a complete one proves that an old problem is over."""
        if self._fresh is not None and is_complete:
            stays = {"drift", "unstable", "unwatched"}  # no scan finds these
            kept = {p: known for p, known in self._known.items() if known.reason in stays}
            self._known = {**kept, **self._fresh}
            self._more = self._fresh_more
        self._fresh = None

    def guard(self) -> tuple[str, str]:
        """Return the guard that keeps deletions back somewhere in the tree, and its remedy."""
        for problem in self._known.values():
            if problem.reason in REASONS:
                return problem.reason, problem.hint
        return "", ""

    def shown(self) -> list[Problem]:
        """Return at most 100, the oldest obstacles first."""
        ordered = sorted(self._known.values(), key=lambda p: (p.reason in SKIPPED, p.since, p.path))
        return ordered[:_SHOWN]

    def _put(self, into: dict[str, Problem], path: str, reason: str) -> bool:
        old = into.get(path) or self._known.get(path)
        if old is not None and old.reason == reason:
            into[path] = old
            return True
        if len(into) >= _KEPT:
            return False
        guard = REASONS.get(reason)
        hint = guard.remedy if guard else _HINTS.get(reason, "")
        problem = Problem(_printable(path), reason, hint, self._wall())
        into[path] = problem
        if into is self._known:
            self._on_new(problem)
        return True


def _printable(path: str) -> str:
    """Return the path so that any terminal and JSON reader can take it."""
    return path.encode("utf-8", "backslashreplace").decode()
