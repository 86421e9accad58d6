"""The disk under a site's ledger: SQLite in memory that outlives the process, or a file.

A process that dies loses what it had not committed and keeps the rest, also in memory. What only a
file has (the making of it, its WAL, putting it aside) is had by a few runs: see `World`.
"""

from __future__ import annotations

import shutil
import sqlite3
from functools import cache
from pathlib import Path
from typing import Protocol

from s3syncd.ledger import Ledger
from s3syncd.ledger.opening import Opened, open_readonly

__all__ = ["Drive", "FileDrive", "MemoryDrive"]

_IDENTITY = "i"


class Drive(Protocol):
    """Keeps the ledger of one site while its process dies and starts."""

    def open(self) -> Ledger:
        """Open the ledger as a process that starts does."""

    def die(self, ledger: Ledger) -> None:
        """Have the process end without a word: what it did not commit is gone."""

    def lose(self) -> None:
        """Take the ledger of a dead process away."""


class FileDrive:
    """A real file, opened, checked and recovered by the program's own code."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.sqlite"

    def open(self) -> Ledger:
        return Ledger.open(self._path, identity=_IDENTITY)

    def die(self, ledger: Ledger) -> None:
        db = ledger._db
        if db is not None:
            if db.in_transaction:
                db.rollback()
            db.close()

    def lose(self) -> None:
        shutil.rmtree(self._path.parent, ignore_errors=True)  # there may be none yet


class _Kept(sqlite3.Connection):
    """Is not closed by the process that dies with it, so what it prepared is prepared only once."""

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()


class MemoryDrive:
    """A database in memory with the schema of a ledger.

    One for each `number` in this process, whoever uses it now: making one takes as long as several
    sequences.
    """

    def __init__(self, number: int) -> None:
        self._db, self._first = _made(number)
        self._db.close()
        self._is_there = False
        self.lose()

    def open(self) -> Ledger:
        self._db.close()  # if it died while it started, nobody has done that
        opened = Opened(self._db, was_fresh=not self._is_there, put_aside=None)
        self._is_there = True
        ledger = Ledger(Path("/simulated/ledger"), _IDENTITY, opened)
        ledger.was_clean = ledger._begin_unclean()
        return ledger

    def die(self, ledger: Ledger) -> None:
        ledger._disconnect()

    def lose(self) -> None:
        execute = self._db.execute
        execute("BEGIN")
        for table, rows in self._first.items():
            execute(f"DELETE FROM {table}")
            for row in rows:
                execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
        execute("COMMIT")
        self._is_there = False


@cache
def _made(_number: int) -> tuple[_Kept, dict[str, list[tuple[object, ...]]]]:
    """Make one as new as `Ledger.open` makes it; give it, and the rows that it has at first."""
    db = sqlite3.connect(":memory:", isolation_level=None, factory=_Kept)
    template = open_readonly(Path("/simulated/nothing"), _IDENTITY).db  # in memory where none is
    template.backup(db)
    template.close()
    names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return db, {name: db.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}
