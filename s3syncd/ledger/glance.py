"""What a ledger holds, seen from outside: whose it is, and what would be forgotten with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from s3syncd.ledger.opening import SCHEMA_VERSION, connect_readonly

__all__ = ["Glance", "glance"]


class Glance(NamedTuple):
    """Counts of a ledger; `identity` is that with which it was opened.

    `is_newer`: a newer version has written it, and nothing else of it is known.
    """

    identity: str = ""
    files: int = 0
    held_deletions: int = 0
    wanted_deletions: int = 0
    unfinished_uploads: int = 0
    is_paused: bool = False
    is_newer: bool = False


_COUNTS = (
    "SELECT coalesce((SELECT value FROM meta WHERE key = 'identity'), ''),"
    " (SELECT files FROM tally),"
    " (SELECT count(*) FROM deletion WHERE state = 'held'),"
    " (SELECT count(*) FROM deletion WHERE state != 'held'),"
    " (SELECT count(*) FROM intent WHERE upload_id IS NOT NULL),"
    " (SELECT count(*) FROM meta WHERE key = 'paused' AND value = '1')"
)


def glance(path: Path) -> Glance | None:
    """Look into the ledger at `path`, whoever's it is, and leave nothing beside it.

    Returns:
        None where there is none, or it is damaged: that one is put aside by the next start.
    """
    if not path.is_file():
        return None
    try:
        with closing(connect_readonly(path)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
                return Glance(is_newer=True)
            identity, files, held, wanted, uploads, paused = db.execute(_COUNTS).fetchone()
    except (sqlite3.Error, UnicodeError, OSError):
        return None
    return Glance(identity, files, held, wanted, uploads, bool(paused))
