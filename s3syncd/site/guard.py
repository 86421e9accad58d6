"""The mass_delete guard of one site: what counts as a deletion, and when it is too many.

A rename is none: the file is known, or on its way to be known, under another name. Owned by the
site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import BaselineRow, Kind
from s3syncd.core.safety import judge_mass_delete, mass_delete_limit
from s3syncd.ledger import Ledger
from s3syncd.site.inodes import OnTheirWay

__all__ = ["DeletionGuard"]

_DAY_SECONDS = 86_400.0
_STREAM_PATHS = 150  # five a second for the 30 s between judgements: a tree being removed ...
_STREAM_SECONDS = 600.0  # ... which is waited for, unless it never ends


class DeletionGuard:
    """Counts the deletions of one site over 24 hours.

    Args:
        on_their_way: of what is recorded of their paths nothing is to be believed.
        max_delete: paths that may go in 24 h without asking; None: the larger of 20 and 25 %.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        ledger: Ledger,
        on_their_way: OnTheirWay,
        max_delete: int | None,
        *,
        wall: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._on_their_way = on_their_way
        self._max_delete = max_delete
        self._wall = wall
        self._stream_since: float | None = None
        self._passes = 0
        self._passed: set[str] = set()

    def is_mass(self) -> bool:
        """Whether what is wanted and what went unapproved are more than may go unasked.

        What was asked for and has no answer yet counts as carried out. Where it is not too much,
        as many may go as were counted.
        """
        day_ago = self._wall() - _DAY_SECONDS
        files = self._ledger.baseline_count_at(day_ago)
        limit = mass_delete_limit(self._max_delete, files) + 1
        inodes, paths = self._on_their_way.awaited()
        lost = self._ledger.count_lost(inodes, paths, limit=limit)
        unanswered = self._ledger.count_unanswered(str(Kind.DELETE_REMOTE), paths, limit=limit)
        is_mass = judge_mass_delete(
            wanted=self._ledger.count_deletions("held") + lost,
            carried_out_unapproved_24h=self._ledger.deletions_logged_since(day_ago) + unanswered,
            baseline_count_24h_ago=files,
            max_delete=self._max_delete,
        )
        if is_mass:
            self._stream_since = None
        self._passes = 0 if is_mass else lost - len(self._passed)
        return is_mass

    def lets_pass(self, path: str) -> bool:
        """Whether a deletion may go without being judged again.

        What was judged to be a rename may turn out to be none: the new name went before it was
        recorded, is another file that was given the inode, or has another file by now. Such a one
        was not counted.
        """
        row = self._ledger.baseline(path)
        if path in self._passed or (row is not None and self._has_moved(row)):
            return True
        if self._passes <= 0:
            return False
        self._passes -= 1
        self._passed.add(path)
        return True

    def ended(self, path: str) -> None:
        """A deletion that may have passed was carried out, or is not wanted any more."""
        self._passed.discard(path)

    def forget_passed(self) -> None:
        """What passed goes no further: what is wanted is judged anew."""
        self._passed.clear()
        self._passes = 0

    def is_streaming(self, now: float, quiet_at: float) -> bool:
        """Whether so many come, and still come, that the first of them must not go yet.

        Args:
            now: monotonic seconds.
            quiet_at: when it can be said that no more come.
        """
        since = now if self._stream_since is None else self._stream_since
        is_going_on = now < min(quiet_at, since + _STREAM_SECONDS)
        is_stream = is_going_on and self._ledger.count_deletions("waiting") > _STREAM_PATHS
        self._stream_since = since if is_stream else None
        return is_stream

    def carried_out(self, path: str, *, is_approved: bool) -> None:
        """Count one deletion, before the baseline forgets the path."""
        row = self._ledger.baseline(path)
        if row is None or not self._has_moved(row):
            self._ledger.log_deletion(path, self._wall(), is_approved=is_approved)

    def _has_moved(self, row: BaselineRow) -> bool:
        """Whether the file is known under another name, and no other file is there now."""
        is_another = self._on_their_way.is_another
        return any(
            self._ledger.deletion(path) is None and not is_another(path, row.inode)
            for path in self._ledger.other_names(row)
        )
