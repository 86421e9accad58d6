"""A listing that a store does not sort, sorted on disk: memory stays flat whatever its size.

The table is SQLite's own temporary file, gone when it is closed; nothing in it needs to last.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from s3syncd.core.entry import RemoteEntry
from s3syncd.errors import LedgerError

__all__ = ["ListingSorter"]

_PAGE_ROWS = 1_000  # read back as many at a time as a page of a listing has


class ListingSorter:
    """Takes the entries of a listing in any order and gives them back by path.

    An object listed twice is given once. Owned by the thread that made it.

    Raises:
        LedgerError: the disk is full or fails (every method).
    """

    def __init__(self) -> None:
        try:
            # The empty name is a private database in a temporary file, not in memory.
            self._db = sqlite3.connect("", isolation_level=None)
            self._db.execute(
                "CREATE TABLE listed (path BLOB PRIMARY KEY, size_bytes INTEGER, etag TEXT,"
                " storage_class TEXT) WITHOUT ROWID"
            )
            self._db.execute("BEGIN")
        except sqlite3.Error as error:
            raise _failure(error) from error

    def add(self, entries: Sequence[RemoteEntry]) -> None:
        """Take a page."""
        rows = [(entry.path.encode(), *entry[1:]) for entry in entries]
        try:
            self._db.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise _failure(error) from error

    def pages(self) -> Iterator[list[RemoteEntry]]:
        """Give everything by path, in pages fetched whole."""
        after = b""
        while True:
            try:
                rows = self._db.execute(
                    "SELECT CAST(path AS TEXT), size_bytes, etag, storage_class FROM listed"
                    " WHERE path > ? ORDER BY path LIMIT ?",
                    (after, _PAGE_ROWS),
                ).fetchall()
            except sqlite3.Error as error:
                raise _failure(error) from error
            if not rows:
                return
            after = rows[-1][0].encode()
            yield [RemoteEntry(*row) for row in rows]

    def close(self) -> None:
        """Give the temporary file back."""
        self._db.close()


def _failure(error: sqlite3.Error) -> LedgerError:
    return LedgerError(
        f"the listing cannot be sorted: {error}",
        hint="free space where temporary files go (TMPDIR, /var/tmp, /tmp)",
    )
