"""What is done to a ledger while no daemon has it open, so that the next start finds work."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["age", "forget_capabilities"]


def age(ledger: Path) -> None:
    """Give it the first schema back."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        db.execute("DROP TABLE late")
        db.execute("PRAGMA user_version = 1")


def forget_capabilities(ledger: Path) -> None:
    """Let it not know whether the store keeps conditions."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        db.execute("DELETE FROM meta WHERE key = 'capabilities'")
