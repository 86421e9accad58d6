"""Dirty paths waiting until they are quiet, in a table of bounded size.

Due times only spare useless looks; that a file is quiet is proved by the worker. A path is due a
short while after its last hint, at the latest when its deadline has come, and after that when it
is asked for again (`again`): a file that never rests costs a look now and then, no more.

A deadline is that of one writer, who goes on and on. Where nobody looked for long, because the site
or the machine stood still, whoever writes now has only begun, and what he does is no growth. So it
is where looks find another file there, or one that rested: a path may wait for a lost answer, too.
"""

from __future__ import annotations

import heapq
from enum import Enum
from typing import Final, NamedTuple

from s3syncd.core.entry import LocalEntry

__all__ = ["Growth", "SettleEntry", "SettleTable"]

MAX_PATHS: Final = 50_000
"""Dirty paths held; beyond, one rescan is cheaper than so many single looks (25 MiB here)."""

PACE_FACTOR: Final = 20
"""A growing file is sent again after 20 times its last upload: it takes 5 % of the line at most."""

MAX_PACES: Final = 1_000
"""Slow files remembered; the oldest goes first, and then waits the common deadline again."""


_REST_FACTOR: Final = 2
"""So many times `settle_open_seconds` without a change: the file rested, and nobody looked."""


class Growth(Enum):
    """What looks have shown of a file that changes."""

    UNKNOWN = "unknown"
    SEEN = "seen"
    NONE = "none"


class SettleEntry(NamedTuple):
    """One dirty path. All times are monotonic seconds.

    `last_hint_at`: of the last hint, or when it was last met changing. `is_closed`: the last hint
    was a close after writing, or a move-in. `again_at`: the end of a back-off; not due before this.
    `file`: what the last look that saw a change found, at `met_at`; None before the first look.
    `growth`: whether it was longer each time than the time before.
    """

    first_hint_at: float
    last_hint_at: float
    is_closed: bool
    due_at: float
    deadline_at: float
    again_at: float = 0.0
    file: LocalEntry | None = None
    met_at: float = 0.0
    growth: Growth = Growth.UNKNOWN

    def of(self, older: SettleEntry) -> SettleEntry:
        """Give this one with what looks have found so far."""
        return self._replace(file=older.file, met_at=older.met_at, growth=older.growth)

    def since(self, other: SettleEntry) -> SettleEntry:
        """Give this one, heard of as early as the other and due as early at the latest."""
        return self._replace(
            first_hint_at=min(other.first_hint_at, self.first_hint_at),
            deadline_at=min(other.deadline_at, self.deadline_at),
        )


class SettleTable:
    """The dirty paths of one site. Owned by the site thread.

    Args:
        settle_seconds: wait after a hint that closed the file.
        settle_open_seconds: wait after any other hint.
        deadline_seconds: longest wait after the first hint.
        max_paths: paths held at most.
    """

    def __init__(
        self,
        *,
        settle_seconds: float,
        settle_open_seconds: float,
        deadline_seconds: float,
        max_paths: int = MAX_PATHS,
    ) -> None:
        self._settle_seconds = settle_seconds
        self._settle_open_seconds = settle_open_seconds
        self._deadline_seconds = deadline_seconds
        self._rest_seconds = _REST_FACTOR * settle_open_seconds
        self._max_paths = max_paths
        self._entries: dict[str, SettleEntry] = {}
        self._heap: list[tuple[float, str]] = []
        self._paces: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def get(self, path: str) -> SettleEntry | None:
        """Give what is known of a path that waits, or None."""
        return self._entries.get(path)

    def note(
        self, path: str, now: float, *, is_closed: bool | None, first: float | None = None
    ) -> bool:
        """Take note of a hint; False when the table is full: a rescan must find the path.

        Args:
            path: site-relative.
            now: when the hint came.
            is_closed: see `SettleEntry`; None is no news of a writer: the path is due as soon as
                a closed one, and what was heard of its writer stands.
            first: when the first of several coalesced hints came, if earlier.
        """
        known = self._entries.get(path)
        began = now if first is None else min(first, now)
        pace_seconds = self._paces.get(path, self._deadline_seconds)
        deadline_at, again_at = began + pace_seconds, 0.0
        if known is not None:
            began = min(began, known.first_hint_at)
            deadline_at, again_at = self._rested(path, known, now).deadline_at, known.again_at
        elif len(self._entries) >= self._max_paths:
            return False
        elif deadline_at <= now:
            deadline_at = now + pace_seconds
        due_at = max(self._quiet_at(now, is_closed is not False, deadline_at), again_at)
        if known is not None and deadline_at != known.deadline_at:
            due_at = known.due_at  # it has been due for long
        if is_closed is None:
            is_closed = known is not None and known.is_closed
        noted = SettleEntry(began, now, is_closed, due_at, deadline_at, again_at)
        self._put(path, noted if known is None else noted.of(known))
        return True

    def again(
        self,
        path: str,
        now: float,
        after_seconds: float,
        *,
        entry: SettleEntry | None = None,
    ) -> bool:
        """Let a path that `due` gave out be due again; False when the table is full.

        A wait within the deadline is for quiet: a hint that came meanwhile, or comes later, may
        bring the path up sooner, and the deadline ends it. Past the deadline, or longer than any
        deadline, it is a back-off: it is waited for in full, whatever is heard of the path.

        Args:
            path: site-relative.
            now: monotonic seconds.
            after_seconds: wait this long.
            entry: what `due` gave out, so that the deadline keeps counting from the first hint.
        """
        hinted = self._entries.get(path)
        if hinted is None and len(self._entries) >= self._max_paths:
            return False
        old = entry or hinted
        if old is None:
            old = SettleEntry(now, now, False, now, now + self._deadline_seconds)
        latest = hinted or old
        due_at, again_at = now + after_seconds, 0.0
        if now >= old.deadline_at or after_seconds > self._deadline_seconds:
            again_at = due_at
        else:
            due_at = min(due_at, old.deadline_at, hinted.due_at if hinted else due_at)
        self._put(path, SettleEntry(
            min(old.first_hint_at, latest.first_hint_at), now, latest.is_closed,
            due_at, old.deadline_at, again_at,
        ).of(old))  # fmt: skip
        return True

    def met(self, entry: SettleEntry, local: LocalEntry, now: float) -> SettleEntry:
        """Take note of the file that a look found at a path that `due` gave out.

        A writer whose file is another one, or rested since the last look, has a deadline of his
        own. Whether a file grows is told by two looks at least.
        """
        before = entry.file
        if before is None:
            return entry._replace(file=local, met_at=now)
        is_as_before = local[1:5] == before[1:5]
        if is_as_before and now - entry.met_at < self._settle_open_seconds:
            return entry
        if is_as_before or local.inode != before.inode:
            return self._begun_anew(entry, local, now)
        is_longer = local.size_bytes > before.size_bytes
        if not is_longer or entry.growth is Growth.NONE:
            return entry._replace(file=local, met_at=now, growth=Growth.NONE)
        return entry._replace(file=local, met_at=now, growth=Growth.SEEN)

    def due(self, now: float, limit: int) -> list[tuple[str, SettleEntry]]:
        """Take out up to `limit` paths that are due, the longest due first."""
        taken: list[tuple[str, SettleEntry]] = []
        while len(taken) < limit:
            self._drop_stale()
            if not self._heap or self._heap[0][0] > now:
                break
            _due_at, path = heapq.heappop(self._heap)
            taken.append((path, self._rested(path, self._entries.pop(path), now)))
        return taken

    def next_due(self) -> float | None:
        """Give when the next path is due, or None when there is none."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def forget(self, path: str) -> None:
        """Drop a path: it needs no look any more."""
        self._entries.pop(path, None)

    def is_past_deadline(self, entry: SettleEntry, now: float) -> bool:
        """Tell whether the path has waited as long as any path may."""
        return now >= entry.deadline_at

    def set_pace(self, path: str, upload_seconds: float) -> None:
        """Remember how long the upload of a file that still grows took: its next one waits."""
        self._paces.pop(path, None)
        pace_seconds = PACE_FACTOR * upload_seconds
        if pace_seconds <= self._deadline_seconds:
            return
        self._paces[path] = pace_seconds
        if len(self._paces) > MAX_PACES:
            del self._paces[next(iter(self._paces))]
        known = self._entries.get(path)
        if known is not None:  # hints that came while it was sent
            deadline_at = known.first_hint_at + pace_seconds
            due_at = self._quiet_at(known.last_hint_at, known.is_closed, deadline_at)
            self._put(path, known._replace(deadline_at=deadline_at, due_at=due_at))

    def _begun_anew(self, entry: SettleEntry, local: LocalEntry, now: float) -> SettleEntry:
        pace_seconds = self._paces.get(local.path, self._deadline_seconds)
        return entry._replace(
            file=local,
            met_at=now,
            growth=Growth.UNKNOWN,
            deadline_at=max(entry.deadline_at, now + pace_seconds),
        )

    def _rested(self, path: str, entry: SettleEntry, now: float) -> SettleEntry:
        """Give an entry whose deadline begins now if its file rested while nobody looked."""
        if entry.again_at or now - entry.last_hint_at <= self._rest_seconds:
            return entry
        deadline_at = now + self._paces.get(path, self._deadline_seconds)
        return entry._replace(deadline_at=max(entry.deadline_at, deadline_at))

    def _quiet_at(self, last: float, is_closed: bool, deadline_at: float) -> float:
        wait = self._settle_seconds if is_closed else self._settle_open_seconds
        return min(last + wait, deadline_at)

    def _put(self, path: str, entry: SettleEntry) -> None:
        self._entries[path] = entry
        heapq.heappush(self._heap, (entry.due_at, path))
        # Each hint leaves a stale item behind: swept when they are the majority.
        if len(self._heap) > 2 * len(self._entries) + 64:
            self._heap = [(known.due_at, name) for name, known in self._entries.items()]
            heapq.heapify(self._heap)

    def _drop_stale(self) -> None:
        heap = self._heap
        while heap:
            due_at, path = heap[0]
            known = self._entries.get(path)
            if known is not None and known.due_at == due_at:
                return
            heapq.heappop(heap)
