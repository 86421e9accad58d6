"""Intents: what is about to be done, written before it is; and the parts of multipart uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from s3syncd.ledger.baseline import fold, unfold_inode, unfold_ns
from s3syncd.ledger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Intent", "IntentTable", "Part"]

_COLUMNS = (
    "CAST(path AS TEXT), op_id, kind, size_bytes, mtime_ns, ctime_ns, inode, md5, etag_before,"
    " upload_id, part_size_bytes, created_wall, state"
)
_PUT = "INSERT OR REPLACE INTO {} VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"


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
    """Intents and parts. All writes belong to the open group.

    A path has one intent, that of its last effect. `late` ones are of effects before it, which no
    answer came for and which a server may still carry out.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._lates = 0

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

    def keep_late(self, intent: Intent) -> None:
        """Keep the intent of an effect that may still be applied, whatever follows it."""
        self._points.add("intent")
        self._write(self._keep_late, intent)

    def drop_lates(self, path: str) -> None:
        """Forget what was kept of a path; costs nothing while there is none of any path."""
        self._connection()
        if self._lates:
            self._points.add("end")
            self._write(self._drop_lates, path)

    def lates(self) -> list[Intent]:
        """Return what was kept, in the order of paths and times."""
        sql = f"SELECT {_COLUMNS} FROM late ORDER BY path, created_wall"  # noqa: S608 - constants
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
        self._execute(_PUT.format("intent"), _values(intent))

    def _keep_late(self, intent: Intent) -> None:
        self._execute(_PUT.format("late"), _values(intent))
        self._count_lates()

    def _drop_lates(self, path: str) -> None:
        self._execute("DELETE FROM late WHERE path = ?", (path.encode(),))
        self._count_lates()

    def _count_lates(self) -> None:
        (self._lates,) = self._execute("SELECT count(*) FROM late").fetchone()

    def _drop_intent(self, path: str) -> None:
        self._execute("DELETE FROM intent WHERE path = ?", (path.encode(),))
        self._execute("DELETE FROM part WHERE path = ?", (path.encode(),))

    def _record_part(self, path: str, number: int, etag: str) -> None:
        sql = "INSERT OR REPLACE INTO part VALUES (?, ?, ?)"
        self._execute(sql, (path.encode(), number, etag))

    def _load(self) -> None:
        super()._load()
        self._count_lates()


def _values(intent: Intent) -> tuple[Any, ...]:
    stat = (intent.size_bytes, fold(intent.mtime_ns), fold(intent.ctime_ns), fold(intent.inode))
    return (intent.path.encode(), *intent[1:3], *stat, *intent[7:])


def _intent(row: Any) -> Intent:
    intent = Intent(*row)
    return intent._replace(
        mtime_ns=unfold_ns(intent.mtime_ns),
        ctime_ns=unfold_ns(intent.ctime_ns),
        inode=unfold_inode(intent.inode),
    )
