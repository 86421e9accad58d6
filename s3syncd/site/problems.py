"""Difficulties with single paths, as the status shows them. Bounded; owned by the site thread.

Two kinds: what cannot be judged (marks of a scan, names without a key, drift on hold) lives here;
what was tried and failed lives in the ledger's retries. Skipped things (symbolic links, FIFOs,
sockets, devices) are shown and counted, and are no obstacle to being in sync; so is what is only
reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from s3syncd.core.entry import LocalEntry, Problem
from s3syncd.core.safety import REASONS
from s3syncd.core.standing import SKIPPED

__all__ = ["EMPTIED", "HELD", "SILENT", "Problems"]

EMPTIED = "emptied_at_boot"
SILENT = "silent_change"
HELD = frozenset({"drift", SILENT})  # waits for `approve`

_SHOWN = 100  # the status page's limit
_KEPT = 1_000  # of each kind known one by one; beyond this they are only counted

_HINTS = {
    "symlink": "Symbolic links are not followed; add a site for the link's target.",
    "special_file": "FIFOs, sockets and devices have no content to keep.",
    "unreadable": "Make it readable for the daemon's user, or exclude it.",
    "io_error": "The file system reported an error; look at the kernel log.",
    "undecodable_name": "S3 keys are UTF-8: rename the file, or exclude it.",
    "key_too_long": "A key has at most 1,024 bytes, prefix included: shorten the path.",
    "inner_prefix": "This part of the prefix belongs to another site: rename or exclude it.",
    "unstable": "The file never rests; it is tried again, and sent once it does.",
    "drift": "The object was changed by somebody else: look, then "
    "`s3syncd approve SITE --only drift`.",
    SILENT: "It differs from what was sent, and its size and times do not: an edit by mmap, or a "
    "failing disk. Compare it with its object; put it right, or "
    "`s3syncd approve SITE --only silent_change` sends it.",
    EMPTIED: "It is empty since the machine went down: if it should not be, restore it from a "
    "backup, or from an older version of its object.",
    "unwatched": "The directory is scanned in turn; raise fs.inotify.max_user_watches.",
}


# What no scan can find, so that no scan proves it over.
_NO_SCAN_FINDS = frozenset({"drift", "unstable", "unwatched", EMPTIED, SILENT})


class _Shelf:
    """Problems known one by one, up to a number; beyond it they are counted, pass by pass."""

    def __init__(self) -> None:
        self.known: dict[str, Problem] = {}
        self.noted: dict[str, int] = {}
        self.more = 0
        self.more_in_pass = 0

    def __len__(self) -> int:
        return len(self.known) + self.more

    def drop(self, path: str) -> None:
        self.known.pop(path, None)
        self.noted.pop(path, None)


class Problems:
    """The problems of one site that are not retries.

    Args:
        wall: seconds since the epoch.
        on_new: called for each problem not known before (for the log).
    """

    def __init__(self, wall: Callable[[], float], on_new: Callable[[Problem], None]) -> None:
        self._wall = wall
        self._on_new = on_new
        self._obstacles = _Shelf()
        self._skipped = _Shelf()
        self._moment = 0

    def __len__(self) -> int:
        """Return how many there are, skipped ones included."""
        return len(self._obstacles) + len(self._skipped)

    @property
    def skipped(self) -> int:
        """How many are only reported."""
        return len(self._skipped)

    @property
    def obstacles(self) -> int:
        """How many keep the site from being in sync."""
        return len(self._obstacles)

    def note(self, path: str, reason: str) -> None:
        """Note a problem; one that is known keeps its age."""
        self._moment += 1
        shelf, other = self._obstacles, self._skipped
        if reason in SKIPPED:
            shelf, other = other, shelf
        other.drop(path)
        old = shelf.known.get(path)
        if old is None and len(shelf.known) >= _KEPT:
            shelf.more_in_pass += 1
            return
        shelf.noted[path] = self._moment
        if old is None or old.reason != reason:
            problem = _problem(path, reason, self._wall())
            shelf.known[path] = problem
            self._on_new(problem)

    def count_in_pass(self, number: int) -> None:
        """Count obstacles that a whole scan met and does not name one by one."""
        self._obstacles.more_in_pass += number

    def of(self, path: str) -> Problem | None:
        """Return the problem of a path, or None."""
        return self._obstacles.known.get(path) or self._skipped.known.get(path)

    def reason_of(self, path: str) -> str | None:
        """Return why a path is a problem, or None."""
        problem = self.of(path)
        return None if problem is None else problem.reason

    def clear(self, path: str) -> None:
        """The path is well."""
        self._obstacles.drop(path)
        self._skipped.drop(path)

    def end(self, path: str, reason: str) -> None:
        """A path is no problem for this reason any more."""
        if self.reason_of(path) == reason:
            self.clear(path)

    def unmet(self, reason: str, began: int) -> list[str]:
        """Return the paths noted for a reason, and not again since `began`; see `begin_pass`."""
        shelf = self._skipped if reason in SKIPPED else self._obstacles
        return [
            path for path, problem in shelf.known.items()
            if problem.reason == reason and shelf.noted[path] <= began
        ]  # fmt: skip

    def looked(self, local: LocalEntry) -> None:
        """A file was looked at, and is no problem by itself; one still empty is reported still."""
        reason = self.reason_of(local.path)
        if reason != SILENT and (local.size_bytes or reason != EMPTIED):
            self.clear(local.path)

    def paths_of(self, reason: str) -> list[str]:
        """Return the known paths that are a problem for one reason."""
        known = [*self._obstacles.known.items(), *self._skipped.known.items()]
        return [path for path, problem in known if problem.reason == reason]

    def count_of(self, reason: str) -> int:
        """Return how many known paths are a problem for one reason."""
        return len(self.paths_of(reason))

    def clear_reason(self, reason: str) -> list[str]:
        """Forget the problems of one reason; return their paths."""
        paths = self.paths_of(reason)
        for path in paths:
            self.clear(path)
        return paths

    def renew(self, reason: str, paths: Iterable[str]) -> None:
        """Note exactly these paths for a reason; what it was noted for before is over.

        A path that is a problem for another reason stays one for that.
        """
        stay = set(paths)
        for shelf in (self._obstacles, self._skipped):
            for path in [p for p, known in shelf.known.items() if known.reason == reason]:
                if path not in stay:
                    shelf.drop(path)
        for path in stay:
            if self.reason_of(path) in {None, reason}:
                self.note(path, reason)

    def begin_pass(self, *, is_whole: bool) -> int:
        """A pass begins; return the moment to give to `end_pass`."""
        if is_whole:
            for shelf in (self._obstacles, self._skipped):
                shelf.more_in_pass = 0
        return self._moment

    def end_pass(self, began: int, covers: Callable[[str], bool], *, is_whole: bool) -> None:
        """A complete pass ended: what it covers and did not meet again is over.

        Args:
            began: what `begin_pass` returned.
            covers: whether the pass looked where a path is.
            is_whole: it looked everywhere.
        """
        for shelf in (self._obstacles, self._skipped):
            if is_whole:
                shelf.more = shelf.more_in_pass
            over = [
                path
                for path, problem in shelf.known.items()
                if shelf.noted[path] <= began
                and problem.reason not in _NO_SCAN_FINDS
                and covers(path)
            ]
            for path in over:
                shelf.drop(path)

    def guard(self) -> tuple[str, str]:
        """Return the guard that keeps deletions back somewhere in the tree, and its remedy."""
        for problem in self._obstacles.known.values():
            if problem.reason in REASONS:
                return problem.reason, problem.hint
        return "", ""

    def shown(self) -> list[Problem]:
        """Return at most 100, the oldest obstacles first."""
        ordered: list[Problem] = []
        for shelf in (self._obstacles, self._skipped):
            ordered += sorted(shelf.known.values(), key=lambda p: (p.since, p.path))
        return ordered[:_SHOWN]


def _problem(path: str, reason: str, since: float) -> Problem:
    guard = REASONS.get(reason)
    hint = guard.remedy if guard else _HINTS.get(reason, "")
    return Problem(_printable(path), reason, hint, since)


def _printable(path: str) -> str:
    """Return the path so that any terminal and JSON reader can take it."""
    return path.encode("utf-8", "backslashreplace").decode()
