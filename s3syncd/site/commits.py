"""Group commit: one fsync for everything that came within a moment. Owned by the site thread."""

from __future__ import annotations

from s3syncd.ledger import Ledger

__all__ = ["GroupCommit"]

_COMMIT_SECONDS = 0.02  # one fsync for all that came within 20 ms ...
_COMMIT_ROWS = 256  # ... or 256 rows


class GroupCommit:
    """Makes the ledger's open group durable in time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._due_at = 0.0

    def advance(self, now: float) -> None:
        """Commit if the group is large or old enough."""
        pending = self._ledger.pending_writes
        if not pending:
            self._due_at = now + _COMMIT_SECONDS
        elif pending >= _COMMIT_ROWS or now >= self._due_at:
            self._ledger.commit()
            self._due_at = now + _COMMIT_SECONDS

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        return self._due_at if self._ledger.pending_writes else float("inf")
