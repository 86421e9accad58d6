"""The ledger of one path in memory, with the face of `s3syncd.ledger.Ledger`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from s3syncd.core.entry import BaselineRow
from s3syncd.ledger import Deletion, Intent, Retry
from tests.model.values import PATH, Durable, Memory

__all__ = ["MemoryLedger"]


class MemoryLedger:
    """Holds one path.

    Attributes:
        memory: as the connection sees it; replaced whole by whoever walks through states.
        disk: what was made durable since it was set to None.
        is_passing: a pass is under way, so that what is forgotten leaves a tombstone.
        keeps_intents: False to see what becomes of the program without them.
    """

    def __init__(self, *, keeps_intents: bool = True) -> None:
        self.memory = Memory()
        self.disk: Durable | None = None
        self.is_passing = False
        self.was_clean = True
        self.keeps_intents = keeps_intents
        self._meta: dict[str, str] = {}

    def commit(self) -> None:
        self.disk = self.memory.now

    # --- baseline -------------------------------------------------------------------------------

    def record(self, row: BaselineRow) -> None:
        seq = self.memory.seq + 1
        self._set(row=row._replace(changed_seq=0))
        self.memory = self.memory._replace(row_seq=seq, seq=seq)

    def refresh(self, row: BaselineRow) -> None:
        old, old_seq = self.memory.now.row, self.memory.row_seq
        self.record(row)
        if old is not None and old.etag == row.etag:
            tomb_seq = self.memory.seq if self.is_passing else self.memory.tomb_seq
            self.memory = self.memory._replace(row_seq=old_seq, tomb_seq=tomb_seq)

    def keeps_version(self, path: str, seq: int) -> bool:
        assert path == PATH
        return self.memory.now.row is not None and self.memory.row_seq <= seq

    def forget(self, path: str) -> None:
        assert path == PATH
        if self.memory.now.row is not None:
            seq = self.memory.seq + 1
            self._set(row=None)
            tomb_seq = seq if self.is_passing else self.memory.tomb_seq
            self.memory = self.memory._replace(row_seq=0, tomb_seq=tomb_seq, seq=seq)

    def baseline(self, path: str) -> BaselineRow | None:
        return self.memory.now.row if path == PATH else None

    def page(self, after: str, *, prefix: str = "", limit: int = 1000) -> list[BaselineRow]:
        row = self.memory.now.row
        is_inside = row is not None and row.path > after and row.path.startswith(prefix)
        return [row] if row is not None and is_inside and limit else []

    def count(self) -> tuple[int, int]:
        row = self.memory.now.row
        return (0, 0) if row is None else (1, row.size_bytes)

    def by_inode(self, inode: int, size_bytes: int) -> list[str]:
        row = self.memory.now.row
        is_it = row is not None and (row.inode, row.size_bytes) == (inode, size_bytes)
        return [PATH] if is_it else []

    def other_names(self, row: BaselineRow) -> list[str]:
        assert row.path == PATH  # and there is no other
        return []

    def seq(self) -> int:
        return self.memory.seq

    def changed_since(self, path: str, seq: int) -> bool:
        assert path == PATH
        return max(self.memory.row_seq, self.memory.tomb_seq) > seq

    def begin_pass(self) -> int:
        return self.memory.seq

    def end_pass(self) -> None:
        self.memory = self.memory._replace(tomb_seq=0)

    # --- intents and retries --------------------------------------------------------------------

    def put_intent(self, intent: Intent) -> None:
        if self.keeps_intents:
            self._set(intent=intent)

    def drop_intent(self, path: str) -> None:
        assert path == PATH
        self._set(intent=None)

    def intent(self, path: str) -> Intent | None:
        return self.memory.now.intent if path == PATH else None

    def intents(self) -> list[Intent]:
        intent = self.memory.now.intent
        return [] if intent is None else [intent]

    def keep_late(self, intent: Intent) -> None:
        if self.keeps_intents:
            others = [each for each in self.memory.now.late if each.op_id != intent.op_id]
            self._set(late=tuple(sorted((*others, intent), key=lambda each: each.op_id)))

    def drop_lates(self, path: str) -> None:
        assert path == PATH
        self._set(late=())

    def lates(self) -> list[Intent]:
        return list(self.memory.now.late)

    def put_retry(self, path: str, *, since: float, hint: str = "", **told: Any) -> None:
        self._set(retry=Retry(path, hint=hint, since_wall=since, **told))

    def drop_retry(self, path: str) -> None:
        assert path == PATH
        self._set(retry=None)

    def retry(self, path: str) -> Retry | None:
        return self.memory.now.retry if path == PATH else None

    def retries_due(self, now_wall: float, limit: int) -> list[Retry]:
        retry = self.memory.now.retry
        return [retry] if retry is not None and retry.next_at_wall <= now_wall and limit else []

    def next_retry_at(self) -> float | None:
        retry = self.memory.now.retry
        return None if retry is None else retry.next_at_wall

    def retries(self) -> tuple[int, list[Retry]]:
        retry = self.memory.now.retry
        return (0, []) if retry is None else (1, [retry])

    def retry_ages(self, limit: int) -> list[tuple[str, float, str]]:
        return [(one.path, one.since_wall, one.reason) for one in self.retries()[1][:limit]]

    def bring_retries_forward(self, now_wall: float, *, beyond: float) -> None:
        """No clock is ever set here."""

    # --- deletions ------------------------------------------------------------------------------

    def want_deletion(
        self,
        path: str,
        kind: str,
        first_seen_wall: float,
        *,
        state: str = "waiting",
        foreign: tuple[str, int] | None = None,
    ) -> None:
        if self.memory.now.deletion is None:
            etag, size_bytes = foreign or (None, None)
            self._set(deletion=Deletion(path, kind, first_seen_wall, state, etag, size_bytes))

    def drop_deletion(self, path: str) -> None:
        assert path == PATH
        self._set(deletion=None)

    def drop_deletions(self, state: str) -> None:
        if self.count_deletions(state):
            self._set(deletion=None)

    def deletion(self, path: str) -> Deletion | None:
        return self.memory.now.deletion if path == PATH else None

    def deletions(self, state: str, *, after: str = "", limit: int = 1000) -> list[Deletion]:
        deletion = self.memory.now.deletion
        is_it = deletion is not None and deletion.state == state and deletion.path > after
        return [deletion] if deletion is not None and is_it and limit else []

    def count_deletions(self, state: str) -> int:
        deletion = self.memory.now.deletion
        return int(deletion is not None and deletion.state == state)

    @property
    def has_deletions(self) -> bool:
        return self.memory.now.deletion is not None

    def count_lost(
        self, awaited_inodes: Iterable[int], awaited_paths: Iterable[str] = (), *, limit: int
    ) -> int:
        del awaited_paths  # there is no other path
        now = self.memory.now
        is_lost = now.deletion is not None and now.deletion.state in {"waiting", "cleared"}
        is_awaited = now.row is not None and now.row.inode in set(awaited_inodes)
        return min(int(is_lost and not is_awaited), limit)

    def count_unanswered(self, kind: str, awaited_paths: Iterable[str] = (), *, limit: int) -> int:
        del awaited_paths
        now = self.memory.now
        is_asked = now.intent is not None and now.intent.kind == kind
        return min(int(is_asked and now.deletion is None), limit)

    def set_deletion_state(
        self, state: str, *, of: str | None = None, paths: Iterable[str] | None = None
    ) -> None:
        deletion = self.memory.now.deletion
        if deletion is None or of not in {None, deletion.state}:
            return
        if paths is None or deletion.path in paths:
            self._set(deletion=deletion._replace(state=state))

    def log_deletion(self, path: str, wall: float, *, is_approved: bool) -> None:
        """One path is never too many."""

    def deletions_logged_since(self, wall: float) -> int:
        return 0

    def baseline_count_at(self, wall: float) -> int:
        return self.count()[0]

    def meta(self, key: str) -> str | None:
        return self._meta.get(key)

    def set_meta(self, key: str, value: str | None) -> None:
        self._meta.pop(key, None)
        if value is not None:
            self._meta[key] = value

    def _set(self, **fields: Any) -> None:
        self.memory = self.memory._replace(now=self.memory.now._replace(**fields))
