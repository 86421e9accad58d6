"""Deletions: wanted, held, approved, and carried out; what the mass_delete guard counts."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from s3syncd.ledger.baseline import BaselineTable, fold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Deletion", "DeletionTable"]

_COLUMNS = "CAST(path AS TEXT), kind, first_seen_wall, state, foreign_etag, foreign_bytes"
# Of the file of `row`: no candidate itself, and not of a path to which another file is on its way.
_OTHER_NAME = """
            SELECT 1 FROM baseline AS other
            WHERE other.inode = row.inode AND other.size_bytes = row.size_bytes
            AND coalesce(other.md5 = row.md5, other.mtime_ns = row.mtime_ns)
            AND other.path <> row.path
            AND NOT EXISTS (SELECT 1 FROM deletion AS too WHERE too.path = other.path)
            AND CAST(other.path AS TEXT) NOT IN (SELECT value FROM json_each(?2))
"""
_COUNT_LOST = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM deletion AS gone LEFT JOIN baseline AS row ON row.path = gone.path
        WHERE gone.state IN ('waiting', 'cleared')
        AND (row.inode IS NULL OR row.inode NOT IN (SELECT value FROM json_each(?1)))
        AND NOT EXISTS ({_OTHER_NAME})
        LIMIT ?3
    )
"""  # noqa: S608 - constants
_COUNT_UNANSWERED = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM intent AS asked LEFT JOIN baseline AS row ON row.path = asked.path
        WHERE asked.kind = ?1
        AND NOT EXISTS (SELECT 1 FROM deletion AS too WHERE too.path = asked.path)
        AND NOT EXISTS ({_OTHER_NAME})
        LIMIT ?3
    )
"""  # noqa: S608 - constants
_SAMPLE_SECONDS = 600.0  # 144 samples a day; the guard's window is 24 h
_WINDOW_SECONDS = 86_400.0
_KEEP_SECONDS = 2 * _WINDOW_SECONDS  # the window, and a day of slack for clocks set back


class Deletion(NamedTuple):
    """A deletion wanted and not carried out.

    `kind` is DeleteRemote or DeleteLocal; `first_seen_wall` seconds since the epoch; `state` is
    waiting (for the grace), cleared (the guards let it pass), held (by a guard) or approved (by a
    person). `foreign_etag` and `foreign_bytes` name the object where there is no baseline row.
    """

    path: str
    kind: str
    first_seen_wall: float
    state: str
    foreign_etag: str | None = None
    foreign_bytes: int | None = None


class DeletionTable(BaselineTable):
    """Deletion candidates and the log of deletions; all survive restarts."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._states: Counter[str] = Counter()

    def want_deletion(
        self,
        path: str,
        kind: str,
        first_seen_wall: float,
        *,
        state: str = "waiting",
        foreign: tuple[str, int] | None = None,
    ) -> None:
        """Note a candidate; one that is there already stays as it is.

        Args:
            path: site-relative.
            kind: DeleteRemote or DeleteLocal.
            first_seen_wall: seconds since the epoch.
            state: where it begins; see `Deletion`.
            foreign: (ETag, bytes) of an object without a baseline row.
        """
        self.sample_count(first_seen_wall)
        etag, size_bytes = foreign or (None, None)
        wanted = Deletion(path, kind, first_seen_wall, state, etag, size_bytes)
        self._points.add("candidate")
        self._write(self._want_deletion, wanted)

    def drop_deletions(self, state: str) -> None:
        """Remove all candidates in a state."""
        self._points.add("candidate")
        self._write(self._drop_deletions, state)

    def drop_deletion(self, path: str) -> None:
        """Remove a candidate: carried out, or the path is back."""
        self._points.add("candidate")
        self._write(self._drop_deletion, path)

    def deletion(self, path: str) -> Deletion | None:
        """Return the candidate of a path, or None."""
        sql = f"SELECT {_COLUMNS} FROM deletion WHERE path = ?"  # noqa: S608 - constants
        rows = self._rows(sql, (path.encode(),))
        return Deletion(*rows[0]) if rows else None

    def deletions(self, state: str, *, after: str = "", limit: int = 1000) -> list[Deletion]:
        """Return up to `limit` candidates of a state behind the path `after`, in path order."""
        sql = (
            f"SELECT {_COLUMNS} FROM deletion WHERE state = ? AND path > ?"  # noqa: S608 - constants
            " ORDER BY path LIMIT ?"
        )
        return [Deletion(*row) for row in self._rows(sql, (state, after.encode(), limit))]

    @property
    def has_deletions(self) -> bool:
        """Whether there is any candidate, in whatever state; no scan."""
        self._connection()
        return any(self._states.values())

    def count_deletions(self, state: str) -> int:
        """Return how many candidates are in a state; kept with every write: no scan."""
        self._connection()
        return self._states[state]

    def count_lost(
        self, awaited_inodes: Iterable[int], awaited_paths: Iterable[str] = (), *, limit: int
    ) -> int:
        """Return how many candidates, waiting or cleared, are no renames; at most `limit`.

        A rename's file is known under another name (see `other_names`) that is no candidate itself,
        or is on its way there. What is recorded of a path to which a file is on its way
        is of a file that is there no more, or is awaited.

        Args:
            awaited_inodes: of the files that are on their way to be recorded.
            awaited_paths: of the same files.
            limit: counting ends here: one more than anybody wants to know.
        """
        awaited = json.dumps([fold(inode) for inode in awaited_inodes])
        rows = self._rows(_COUNT_LOST, (awaited, json.dumps(list(awaited_paths)), limit))
        count: int = rows[0][0]
        return count

    def count_unanswered(self, kind: str, awaited_paths: Iterable[str] = (), *, limit: int) -> int:
        """Return how many deletions were asked for and are neither known nor wanted any more.

        Their intents stand, and nothing else tells of them: in flight when what was wanted was
        given up, without an answer, or begun by a process that died. Renames are left out.

        Args:
            kind: of the intents, DeleteRemote or DeleteLocal.
            awaited_paths: as above.
            limit: counting ends here.
        """
        paths = json.dumps(list(awaited_paths))
        count: int = self._rows(_COUNT_UNANSWERED, (kind, paths, limit))[0][0]
        return count

    def set_deletion_state(
        self, state: str, *, of: str | None = None, paths: Iterable[str] | None = None
    ) -> None:
        """Move candidates to a state: all those in state `of`, or these paths, or both at once.

        Raises:
            ValueError: neither `of` nor `paths` was given: nobody approves everything by mistake.
        """
        if of is None and paths is None:
            raise ValueError("name a state or paths")
        names = None if paths is None else tuple(paths)
        self._points.add("judgement")
        self._write(self._set_deletion_state, state, of, names)

    def log_deletion(self, path: str, wall: float, *, is_approved: bool) -> None:
        """Note a deletion that was carried out; an approved one does not count for the guard."""
        self._points.add("log")
        self._write(self._log_deletion, path, wall, is_approved)

    def deletions_logged_since(self, wall: float) -> int:
        """Return how many unapproved deletions were carried out at or after `wall`."""
        sql = "SELECT count(*) FROM deletion_log WHERE is_approved = 0 AND wall >= ?"
        count: int = self._rows(sql, (wall,))[0][0]
        return count

    def sample_count(self, wall: float) -> None:
        """Note how many files the baseline has now, at most every 10 minutes; drop old notes."""
        sql = "SELECT 1 FROM count_sample WHERE wall > ? AND wall <= ?"
        if not self._rows(sql, (wall - _SAMPLE_SECONDS, wall)):
            self._write(self._sample_count, wall, self._files)

    def baseline_count_at(self, wall: float) -> int:
        """Return how many files the baseline had at a time.

        The last note at or before `wall`; where notes begin later the first one; without any
        note the present count.
        """
        before = "SELECT files FROM count_sample WHERE wall <= ? ORDER BY wall DESC LIMIT 1"
        first = "SELECT files FROM count_sample ORDER BY wall LIMIT 1"
        rows = self._rows(before, (wall,)) or self._rows(first)
        return rows[0][0] if rows else self.count()[0]

    # --- repeatable writes ----------------------------------------------------------------------

    def _want_deletion(self, wanted: Deletion) -> None:
        sql = "INSERT INTO deletion VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        added = self._execute(sql, (wanted.path.encode(), *wanted[1:])).rowcount
        self._states[wanted.state] += added

    def _drop_deletions(self, state: str) -> None:
        self._execute("DELETE FROM deletion WHERE state = ?", (state,))
        self._states[state] = 0

    def _drop_deletion(self, path: str) -> None:
        sql = "DELETE FROM deletion WHERE path = ? RETURNING state"
        for (state,) in self._execute(sql, (path.encode(),)).fetchall():
            self._states[state] -= 1

    def _set_deletion_state(
        self, state: str, of: str | None, paths: tuple[str, ...] | None
    ) -> None:
        if paths is None:
            moved = self._execute("UPDATE deletion SET state = ? WHERE state = ?", (state, of))
            self._states[str(of)] -= moved.rowcount
            self._states[state] += moved.rowcount
            return
        for path in paths:
            sql = "SELECT state FROM deletion WHERE path = ?1 AND (?2 IS NULL OR state = ?2)"
            for (old,) in self._execute(sql, (path.encode(), of)).fetchall():
                values = (state, path.encode())
                self._execute("UPDATE deletion SET state = ? WHERE path = ?", values)
                self._states[old] -= 1
                self._states[state] += 1

    def _log_deletion(self, path: str, wall: float, is_approved: bool) -> None:
        sql = "INSERT OR REPLACE INTO deletion_log VALUES (?, ?, ?)"
        self._execute(sql, (int(is_approved), wall, path.encode()))

    def _sample_count(self, wall: float, files: int) -> None:
        self._execute("INSERT OR REPLACE INTO count_sample VALUES (?, ?)", (wall, files))
        # The newest note from before the window is the answer to "24 hours ago": it stays.
        sql = (
            "DELETE FROM count_sample WHERE wall < ?1 AND wall <"
            " (SELECT max(wall) FROM count_sample WHERE wall <= ?2)"
        )
        self._execute(sql, (wall - _KEEP_SECONDS, wall - _WINDOW_SECONDS))
        for is_approved in (0, 1):
            sql = "DELETE FROM deletion_log WHERE is_approved = ? AND wall < ?"
            self._execute(sql, (is_approved, wall - _KEEP_SECONDS))

    def _load(self) -> None:
        super()._load()
        rows = self._execute("SELECT state, count(*) FROM deletion GROUP BY state").fetchall()
        self._states = Counter(dict(rows))
