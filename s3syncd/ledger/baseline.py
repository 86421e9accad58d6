"""Baseline rows: record, forget, page, count, and what changed since a pass began."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from s3syncd.core.entry import BaselineRow, StatRow
from s3syncd.ledger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BaselineTable", "fold", "unfold_inode", "unfold_ns"]

_COLUMNS = (
    "CAST(path AS TEXT), size_bytes, mtime_ns, ctime_ns, inode, mode, md5, etag, storage_class,"
    " changed_seq"
)
_ONE = f"SELECT {_COLUMNS} FROM baseline WHERE path = ?"  # noqa: S608 - constants
_PAGE = f"SELECT {_COLUMNS} FROM baseline WHERE path > ? AND path < ? ORDER BY path LIMIT ?"  # noqa: S608
_STAT_PAGE = (
    "SELECT CAST(path AS TEXT), size_bytes, mtime_ns, ctime_ns, inode, mode FROM baseline"
    " WHERE path > ? AND path < ? ORDER BY path LIMIT ?"
)
_OLD_SIZE = "SELECT size_bytes FROM baseline WHERE path = ?"
_RECORD = (
    "INSERT INTO baseline VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (path) DO UPDATE SET"
    " size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns,"
    " ctime_ns = excluded.ctime_ns, inode = excluded.inode, mode = excluded.mode,"
    " md5 = excluded.md5, etag = excluded.etag, storage_class = excluded.storage_class,"
    " changed_seq = excluded.changed_seq"
)
_AFTER_ALL = b"\xff"  # no UTF-8 text holds this byte

_WRAP = 1 << 64
_TOP = 1 << 63
# The earliest time that XFS and ext4 can store. With it, the 2^64 values of a column are exactly
# the nanoseconds from 1901-12-13 to 2486-07-02, all that these file systems know.
_EARLIEST_NS = -(1 << 31) * 1_000_000_000

# Builds the named tuple from a fetched row in 0.1 us; `_make` costs three times that.
_as_row: Any = partial(tuple.__new__, BaselineRow)


def fold(number: int) -> int:
    """Return the number as SQLite's signed 64 bits: inodes and late times can be above them."""
    return (number + _TOP) % _WRAP - _TOP


def unfold_inode(stored: int) -> int:
    """Undo `fold` for an inode, which is never negative."""
    return stored % _WRAP


def unfold_ns(stored: int) -> int:
    """Undo `fold` for a time in nanoseconds since the epoch."""
    return stored if stored >= _EARLIEST_NS else stored + _WRAP


class BaselineTable(Store):
    """The baseline, its counts, and the site counter `seq`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._seq = self._files = self._bytes = self._passes = 0

    def record(self, row: BaselineRow) -> None:
        """Store what both sides now agree on; `changed_seq` is set here.

        Raises:
            LedgerError: the disk failed; the row is kept and written by a later commit.
        """
        self._points.add("record")
        self._write(self._record, row)

    def refresh(self, row: BaselineRow) -> None:
        """Store a new stat of the version that is agreed on; `keeps_version` goes on telling so."""
        self._points.add("record")
        self._write(self._refresh, row, self._passes > 0)

    def forget(self, path: str) -> None:
        """Remove the row of a path, if there is one; leaves a tombstone while a pass runs."""
        self._points.add("forget")
        self._write(self._forget, path, self._passes > 0)

    def baseline(self, path: str) -> BaselineRow | None:
        """Return the row of a path, or None."""
        rows = self._rows(_ONE, (path.encode(),))
        return _unfolded(rows)[0] if rows else None

    def page(self, after: str, *, prefix: str = "", limit: int = 1000) -> list[BaselineRow]:
        """Return up to `limit` rows behind the path `after`, in path order, fetched whole.

        Args:
            after: the last path of the page before; empty for the first page.
            prefix: empty, or a directory with its slash: only paths below it.
            limit: number of rows; fewer come only at the end.
        """
        start = max(after.encode(), prefix.encode())
        return _unfolded(self._rows(_PAGE, (start, prefix.encode() + _AFTER_ALL, limit)))

    def stat_page(self, after: str, *, prefix: str = "", limit: int = 1000) -> list[StatRow]:
        """Return of each row of `page` only what a rescan compares: 0.5 us less per row."""
        start = max(after.encode(), prefix.encode())
        return self._rows(_STAT_PAGE, (start, prefix.encode() + _AFTER_ALL, limit))

    def path_behind(self, after: str, rows: int) -> str | None:
        """Return the path of the row so many rows behind `after`, or None where there are fewer."""
        sql = (
            "SELECT CAST(path AS TEXT) FROM baseline WHERE path > ? ORDER BY path LIMIT 1 OFFSET ?"
        )
        found = self._rows(sql, (after.encode(), rows - 1))
        return found[0][0] if found else None

    def count(self) -> tuple[int, int]:
        """Return (files, bytes) of the baseline, kept with every write: no scan."""
        self._connection()
        return self._files, self._bytes

    def by_inode(self, inode: int, size_bytes: int) -> list[str]:
        """Return the paths whose row has this inode and size, in path order."""
        sql = (
            "SELECT CAST(path AS TEXT) FROM baseline WHERE inode = ? AND size_bytes = ?"
            " ORDER BY path"
        )
        return [path for (path,) in self._rows(sql, (fold(inode), size_bytes))]

    def other_names(self, row: BaselineRow) -> list[str]:
        """Return the other paths that the file of `row` is known by, in path order.

        File systems give the inode of a deleted file to the next one: the content is the same, too,
        or, where no MD5 is known, the time of its last change.
        """
        sql = (
            "SELECT CAST(path AS TEXT) FROM baseline WHERE inode = ? AND size_bytes = ?"
            " AND coalesce(md5 = ?, mtime_ns = ?) AND path <> ? ORDER BY path"
        )
        wanted = (fold(row.inode), row.size_bytes, row.md5, fold(row.mtime_ns), row.path.encode())
        return [path for (path,) in self._rows(sql, wanted)]

    def sample(self, limit: int, *, below: str = "") -> list[BaselineRow]:
        """Return up to `limit` rows spread evenly over the baseline. Reads it once.

        Args:
            limit: number of rows.
            below: empty, or a directory with its slash: only paths below it.
        """
        area = (below.encode(), below.encode() + _AFTER_ALL)
        counted = "SELECT count(*) FROM baseline WHERE path > ? AND path < ?"
        count = self._rows(counted, area)[0][0] if below else self.count()[0]
        stride = max(1, count // max(1, limit))
        sql = (
            f"SELECT {_COLUMNS} FROM (SELECT *, row_number() OVER (ORDER BY path) AS n"  # noqa: S608
            " FROM baseline WHERE path > ? AND path < ?) WHERE (n - 1) % ? = 0 LIMIT ?"
        )
        return _unfolded(self._rows(sql, (*area, stride, limit)))

    def seq(self) -> int:
        """Return the site counter: it grows with every record and forget, also over restarts."""
        self._connection()
        return self._seq

    def changed_since(self, path: str, seq: int) -> bool:
        """Return whether a path was recorded, or forgotten or refreshed in this pass, after it."""
        sql = (
            "SELECT 1 FROM baseline WHERE path = ?1 AND changed_seq > ?2 UNION ALL"
            " SELECT 1 FROM tombstone WHERE path = ?1 AND changed_seq > ?2"
        )
        return bool(self._rows(sql, (path.encode(), seq)))

    def keeps_version(self, path: str, seq: int) -> bool:
        """Return whether the path has a row whose version was agreed on at `seq` or before."""
        sql = "SELECT 1 FROM baseline WHERE path = ? AND changed_seq <= ?"
        return bool(self._rows(sql, (path.encode(), seq)))

    def begin_pass(self) -> int:
        """Note that a pass runs; return the counter to compare with in `changed_since`."""
        self._passes += 1
        return self.seq()

    def end_pass(self) -> None:
        """Note that a pass ended; with the last one all tombstones go."""
        self._passes = max(0, self._passes - 1)
        if not self._passes:
            self._write(self._drop_tombstones)

    # --- repeatable writes ----------------------------------------------------------------------

    def _record(self, row: BaselineRow) -> None:
        path = row[0].encode()
        execute = self._execute
        old = execute(_OLD_SIZE, (path,)).fetchone()
        self._seq += 1
        try:
            execute(_RECORD, (path, *row[1:9], self._seq))
        except OverflowError:
            folded = (row.size_bytes, *map(fold, row[2:5]), *row[5:9])
            execute(_RECORD, (path, *folded, self._seq))
        if old is None:
            self._files += 1
            self._bytes += row[1]
        else:
            self._bytes += row[1] - old[0]

    def _refresh(self, row: BaselineRow, is_pass: bool) -> None:
        name = row[0].encode()
        sql = "SELECT etag, changed_seq FROM baseline WHERE path = ?"
        old = self._execute(sql, (name,)).fetchone()
        self._record(row)
        if old is None or old[0] != row.etag:
            return
        self._execute("UPDATE baseline SET changed_seq = ? WHERE path = ?", (old[1], name))
        if not is_pass:
            return
        self._execute("INSERT OR REPLACE INTO tombstone VALUES (?, ?)", (name, self._seq))

    def _forget(self, path: str, is_pass: bool) -> None:
        name = path.encode()
        old = self._execute(_OLD_SIZE, (name,)).fetchone()
        if old is None:
            return
        self._seq += 1
        self._execute("DELETE FROM baseline WHERE path = ?", (name,))
        if is_pass:
            self._execute("INSERT OR REPLACE INTO tombstone VALUES (?, ?)", (name, self._seq))
        self._files -= 1
        self._bytes -= old[0]

    def _drop_tombstones(self) -> None:
        self._execute("DELETE FROM tombstone")

    def _load(self) -> None:
        super()._load()
        row = self._execute("SELECT seq, files, bytes FROM tally").fetchone()
        self._seq, self._files, self._bytes = row

    def _before_commit(self) -> None:
        super()._before_commit()
        counters = (self._seq, self._files, self._bytes)
        self._execute("UPDATE tally SET seq = ?, files = ?, bytes = ?", counters)


def _unfolded(rows: list[Any]) -> list[BaselineRow]:
    earliest = _EARLIEST_NS
    return [
        _as_row(row) if row[4] >= 0 and row[2] >= earliest <= row[3] else _unfold(row)
        for row in rows
    ]


def _unfold(row: Any) -> BaselineRow:
    times = (unfold_ns(row[2]), unfold_ns(row[3]), unfold_inode(row[4]))
    return BaselineRow(row[0], row[1], *times, *row[5:])
