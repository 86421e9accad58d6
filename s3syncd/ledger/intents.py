"""Intents: what is about to be done, written before it is; and the parts of multipart uploads."""

from __future__ import annotations

from typing import Any, NamedTuple

from s3syncd.ledger.baseline import fold, unfold_inode, unfold_ns
from s3syncd.ledger.store import Store

__all__ = ["Intent", "IntentTable", "Part"]

_COLUMNS = (
    "CAST(path AS TEXT), op_id, kind, size_bytes, mtime_ns, ctime_ns, inode, md5, etag_before,"
    " upload_id, part_size_bytes, created_wall, state"
)
_PUT = "INSERT OR REPLACE INTO intent VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"


class Intent(NamedTuple):
    """One effect under way; at most one per path.

    Attributes:
        path: site-relative.
        op_id: written into the object's metadata: answers "was that me?".
        kind: a value of `core.entry.Kind`.
        size_bytes: the stat before reading; 0 where no local file takes part.
        mtime_ns: as above.
        ctime_ns: as above.
        inode: as above.
        md5: hex of the content to be sent, when known.
        etag_before: the version seen on the remote side; None when there was none.
        upload_id: of a multipart upload, once created.
        part_size_bytes: of a multipart upload; 0 otherwise.
        created_wall: seconds since the epoch.
        state: a word of whoever carries the action out, e.g. sent or unknown.
    """

    path: str
    op_id: str
    kind: str
    size_bytes: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    md5: str | None = None
    etag_before: str | None = None
    upload_id: str | None = None
    part_size_bytes: int = 0
    created_wall: float = 0.0
    state: str = ""


class Part(NamedTuple):
    """A part that the server has acknowledged."""

    number: int
    etag: str


class IntentTable(Store):
    """Intents and parts. All writes belong to the open group."""

    def put_intent(self, intent: Intent) -> None:
        """Store or replace the intent of a path; it counts once `commit` has returned."""
        self._points.add("intent")
        self._write(self._put_intent, intent)

    def drop_intent(self, path: str) -> None:
        """Remove the intent of a path and its parts, if there are any."""
        self._points.add("end")
        self._write(self._drop_intent, path)

    def intent(self, path: str) -> Intent | None:
        """Return the intent of a path, or None."""
        sql = f"SELECT {_COLUMNS} FROM intent WHERE path = ?"  # noqa: S608 - constants
        rows = self._rows(sql, (path.encode(),))
        return _intent(rows[0]) if rows else None

    def intents(self) -> list[Intent]:
        """Return all intents in path order; as many as were in flight."""
        sql = f"SELECT {_COLUMNS} FROM intent ORDER BY path"  # noqa: S608 - constants
        return [_intent(row) for row in self._rows(sql)]

    def record_part(self, path: str, number: int, etag: str) -> None:
        """Note a part that the server has acknowledged."""
        self._points.add("part")
        self._write(self._record_part, path, number, etag)

    def parts(self, path: str) -> list[Part]:
        """Return the parts noted for a path, by number."""
        sql = "SELECT number, etag FROM part WHERE path = ? ORDER BY number"
        return [Part(*row) for row in self._rows(sql, (path.encode(),))]

    # --- repeatable writes ----------------------------------------------------------------------

    def _put_intent(self, intent: Intent) -> None:
        stat = (intent.size_bytes, fold(intent.mtime_ns), fold(intent.ctime_ns), fold(intent.inode))
        self._execute(_PUT, (intent.path.encode(), *intent[1:3], *stat, *intent[7:]))

    def _drop_intent(self, path: str) -> None:
        self._execute("DELETE FROM intent WHERE path = ?", (path.encode(),))
        self._execute("DELETE FROM part WHERE path = ?", (path.encode(),))

    def _record_part(self, path: str, number: int, etag: str) -> None:
        sql = "INSERT OR REPLACE INTO part VALUES (?, ?, ?)"
        self._execute(sql, (path.encode(), number, etag))


def _intent(row: Any) -> Intent:
    intent = Intent(*row)
    return intent._replace(
        mtime_ns=unfold_ns(intent.mtime_ns),
        ctime_ns=unfold_ns(intent.ctime_ns),
        inode=unfold_inode(intent.inode),
    )
