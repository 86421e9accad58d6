"""Retries: paths whose last attempt failed, when they are tried again, and why they failed."""

from __future__ import annotations

from typing import NamedTuple

from s3syncd.ledger.store import Store

__all__ = ["Retry", "RetryTable"]

_COLUMNS = "CAST(path AS TEXT), attempts, next_at_wall, reason, hint, since_wall"
_SHOWN = 100  # the status lists at most this many problems


class Retry(NamedTuple):
    """A path to be tried again. Times are wall-clock seconds since the epoch."""

    path: str
    attempts: int
    next_at_wall: float
    reason: str
    hint: str
    since_wall: float


class RetryTable(Store):
    """Retry records; they survive restarts, so nothing is dropped because retries ran out."""

    def put_retry(
        self,
        path: str,
        *,
        attempts: int,
        next_at_wall: float,
        reason: str,
        hint: str = "",
        since: float,
    ) -> None:
        """Store or replace the retry record of a path."""
        self._points.add("retry")
        self._write(self._put_retry, Retry(path, attempts, next_at_wall, reason, hint, since))

    def bring_retries_forward(self, now_wall: float, *, beyond: float) -> None:
        """Let the records that are put off until after `beyond` be due now: the clock was wrong."""
        if self._rows("SELECT 1 FROM retry WHERE next_at_wall > ? LIMIT 1", (beyond,)):
            self._points.add("retry")
            self._write(self._bring_forward, now_wall, beyond)

    def drop_retry(self, path: str) -> None:
        """Remove the retry record of a path, if there is one."""
        self._points.add("retry")
        self._write(self._drop_retry, path)

    def retry(self, path: str) -> Retry | None:
        """Return the retry record of a path, or None."""
        sql = f"SELECT {_COLUMNS} FROM retry WHERE path = ?"  # noqa: S608 - constants
        rows = self._rows(sql, (path.encode(),))
        return Retry(*rows[0]) if rows else None

    def retries_due(self, now_wall: float, limit: int) -> list[Retry]:
        """Return up to `limit` records whose time has come, the longest overdue first."""
        sql = (
            f"SELECT {_COLUMNS} FROM retry WHERE next_at_wall <= ?"  # noqa: S608 - constants
            " ORDER BY next_at_wall LIMIT ?"
        )
        return [Retry(*row) for row in self._rows(sql, (now_wall, limit))]

    def next_retry_at(self) -> float | None:
        """Return the wall-clock time of the next retry, or None when there is none."""
        moment: float | None = self._rows("SELECT min(next_at_wall) FROM retry")[0][0]
        return moment

    def retries(self) -> tuple[int, list[Retry]]:
        """Return how many records there are, and the 100 oldest."""
        (total,) = self._rows("SELECT count(*) FROM retry")[0]
        sql = f"SELECT {_COLUMNS} FROM retry ORDER BY since_wall LIMIT ?"  # noqa: S608 - constants
        return total, [Retry(*row) for row in self._rows(sql, (_SHOWN,))]

    def retry_ages(self, limit: int) -> list[tuple[str, float, str]]:
        """Return path, since when (seconds since the epoch) and reason, the oldest first."""
        sql = "SELECT CAST(path AS TEXT), since_wall, reason FROM retry ORDER BY since_wall LIMIT ?"
        return self._rows(sql, (limit,))

    # --- repeatable writes ----------------------------------------------------------------------

    def _put_retry(self, retry: Retry) -> None:
        sql = "INSERT OR REPLACE INTO retry VALUES (?, ?, ?, ?, ?, ?)"
        self._execute(sql, (retry.path.encode(), *retry[1:]))

    def _bring_forward(self, now_wall: float, beyond: float) -> None:
        sql = "UPDATE retry SET next_at_wall = ? WHERE next_at_wall > ?"
        self._execute(sql, (now_wall, beyond))

    def _drop_retry(self, path: str) -> None:
        self._execute("DELETE FROM retry WHERE path = ?", (path.encode(),))
