"""One connection, the open group of writes, and what happens when the disk fails."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from s3syncd.errors import LedgerError
from s3syncd.failpoints import reach
from s3syncd.ledger.opening import connect, failure, is_damage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Store"]

# Mistakes of the caller, not of the disk: raised as they are, the connection stays.
_MISTAKES = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)


class Store:
    """Connection and group commit; the tables of the ledger are built on it.

    Attributes:
        path: the database file.
        is_damaged: SQLite found the content damaged; only `Ledger.begin_anew` helps.
        is_readonly: opened by `Ledger.open_readonly`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_damaged = False
        self.is_readonly = False
        self._is_closed = False
        self._db: sqlite3.Connection | None = None
        self._group: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._points: set[str] = set()
        self._execute: Callable[..., sqlite3.Cursor]

    @property
    def pending_writes(self) -> int:
        """Number of writes that are not durable yet."""
        return len(self._group)

    def commit(self) -> None:
        """Make the open group durable; returns when it is on the disk. Nothing open: no cost.

        Passes the failpoints of what the group holds: `intent.*` when it holds an intent,
        `record.*` when it holds a row of the baseline, and so on.

        Raises:
            LedgerError: it is not known to be durable. The group is kept: call again later.
        """
        if not self._group:
            return
        points = sorted(self._points)
        try:
            self._connection()
            self._before_commit()
            for point in points:
                reach(f"{point}.before_commit")
            self._execute("COMMIT")
        except sqlite3.Error as error:
            raise self._drop(error) from error
        self._group.clear()
        self._points.clear()
        for point in points:
            reach(f"{point}.after_commit")

    def meta(self, key: str) -> str | None:
        """Return a stored setting, or None."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def set_meta(self, key: str, value: str | None) -> None:
        """Store a setting with the open group; None removes it."""
        self._points.add("setting")
        self._write(self._set_meta, key, value)

    def _set_meta(self, key: str, value: str | None) -> None:
        if value is None:
            self._execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def check(self) -> None:
        """Look at all of the file: a stream of it made no sense. Seconds for millions of rows.

        Raises:
            LedgerError: it is damaged, or could not be read.
        """
        ((verdict,), *_) = self._rows("PRAGMA integrity_check(1)")
        if verdict != "ok":
            raise self.spoilt(verdict)

    def spoilt(self, why: str) -> Exception:
        """Give the ledger up as damaged: what it tells makes no sense; return what to raise."""
        return self._drop(sqlite3.DatabaseError(why), is_damaged=True)

    # --- for the tables -------------------------------------------------------------------------

    def _write(self, apply: Callable[..., None], *values: Any) -> None:
        """Carry out a write in the open group and keep it until it is durable.

        `apply` must be repeatable: after a failure the whole group is carried out again, possibly
        on top of a commit that did reach the disk.

        Raises:
            LedgerError: the disk failed; the write is kept and belongs to the group.
        """
        if self.is_readonly:
            raise LedgerError(f"ledger {self.path} is open for reading only")
        self._group.append((apply, values))
        try:
            if self._db is None:
                self._connect_again()  # carries out the group, this write with it
                return
            if len(self._group) == 1:
                self._execute("BEGIN IMMEDIATE")
            apply(*values)
        except sqlite3.Error as error:
            if isinstance(error, _MISTAKES):
                self._forget_last()
            raise self._drop(error) from error
        except (OverflowError, UnicodeError):
            self._forget_last()
            raise

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Return all rows of a query, fetched whole: no cursor stays open."""
        try:
            self._connection()
            return self._execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._drop(error) from error

    def _load(self) -> None:
        """Read the counters that a table keeps in memory. Called on each new connection."""

    def _before_commit(self) -> None:
        """Write the counters that a table keeps in memory."""

    # --- connection -----------------------------------------------------------------------------

    def _adopt(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._execute = db.cursor().execute
        self._load()

    def _connection(self) -> None:
        if self._db is None:
            self._connect_again()

    def _connect_again(self) -> None:
        """Connect, move all of the WAL into the database, carry out the open group again.

        A frame whose fsync failed can still be in the page cache and look committed. Copying it
        into the database file makes it dirty once more, so the fsync of the checkpoint is an
        honest one; only then is the ledger used again.
        """
        if self._is_closed or self.is_damaged or self.is_readonly:
            state = "damaged" if self.is_damaged else "closed"
            raise LedgerError(f"ledger {self.path} is {state}")
        try:
            self._adopt(connect(self.path))
            (busy, _, _) = self._execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                self._carry_out_again()
                return
        except sqlite3.Error as error:
            raise self._drop(error) from error
        self._disconnect()
        raise LedgerError(
            f"ledger {self.path}: a reader keeps the WAL busy",
            hint="end the other s3syncd command that reads this ledger",
        )

    def _carry_out_again(self) -> None:
        if self._group:
            self._execute("BEGIN IMMEDIATE")
            for apply, values in self._group:
                apply(*values)

    def _drop(self, error: sqlite3.Error, *, is_damaged: bool = False) -> Exception:
        """Give the connection up after a failure of the disk; return what to raise."""
        if isinstance(error, _MISTAKES):
            return error
        self._disconnect()
        self.is_damaged |= is_damaged or is_damage(error)
        return failure(self.path, error)

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            # The cursor would keep SQLite's connection alive behind Python's: its files, its locks,
            # and the pages that it takes for written.
            self._execute = _refuse
            with suppress(sqlite3.Error):
                db.close()

    def _forget_last(self) -> None:
        self._group.pop()
        if not self._group and self._db is not None and self._db.in_transaction:
            self._execute("ROLLBACK")
            self._load()

    def _begin_unclean(self) -> bool:
        """Note, durably, that from here on a missing close means an unclean stop.

        Returns:
            Whether the stop before was a clean one.
        """
        try:
            (is_clean,) = self._execute("SELECT is_clean FROM tally").fetchone()
            reach("ledger.before_unclean")
            self._execute("UPDATE tally SET is_clean = 0")
            reach("ledger.after_unclean")
            self._execute("DELETE FROM tombstone")  # no pass survives a restart
        except sqlite3.Error as error:
            raise self._drop(error) from error
        return bool(is_clean)

    def _close(self) -> None:
        if self._is_closed:
            return
        try:
            self.commit()
            if self._db is not None:
                reach("ledger.before_clean")
                self._execute("UPDATE tally SET is_clean = 1")
                reach("ledger.after_clean")
        except sqlite3.Error as error:
            raise self._drop(error) from error
        finally:
            self._is_closed = True
            self._disconnect()


def _refuse(*_: object) -> sqlite3.Cursor:
    raise sqlite3.ProgrammingError("the connection was given up")
