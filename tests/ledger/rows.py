"""Rows for ledger tests, and ledgers with some."""

from __future__ import annotations

from pathlib import Path

from s3syncd.core.entry import BaselineRow
from s3syncd.ledger import Ledger

__all__ = ["IDENTITY", "all_paths", "filled", "open_ledger", "row"]

IDENTITY = "https://s3.example|bucket|prefix/"


def open_ledger(folder: Path) -> Ledger:
    return Ledger.open(folder / "ledger.db", identity=IDENTITY)


def row(path: str, *, size_bytes: int = 1, inode: int = 7, mtime_ns: int = 3) -> BaselineRow:
    return BaselineRow(
        path, size_bytes, mtime_ns, 4, inode, 0o100644, "0" * 32, "1" * 32, "STANDARD"
    )


def filled(folder: Path, *, rows: int = 200) -> Path:
    ledger = open_ledger(folder)
    for number in range(rows):
        ledger.record(row(f"file-{number:05}"))
    ledger.close()
    return ledger.path


def all_paths(ledger: Ledger, *, prefix: str = "", limit: int = 2) -> list[str]:
    """Every path, read in small pages."""
    paths: list[str] = []
    after = ""
    while page := ledger.page(after, prefix=prefix, limit=limit):
        paths.extend(found.path for found in page)
        after = page[-1].path
    return paths
