"""The scrub: every file is read again now and then, for what neither size nor times tell of.

An edit through a mapping may leave the times as they are, and a disk may lose what it was given.
One pass a week by default, at a fixed rate and only while the site is idle; where it was is in the
ledger, so that a restart goes on there. A file found changed in silence is held: its object may be
the last good copy, and a person decides. Owned by the site thread.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable

from s3syncd.core.entry import Action, BaselineRow, Kind, LocalEntry
from s3syncd.site.messages import Scrubbed
from s3syncd.site.parts import Parts
from s3syncd.site.problems import SILENT, Problems
from s3syncd.transfer.scrub import Reading, State

__all__ = ["Scrub"]

_POSITION = "scrub_position"  # keys of the ledger
_DONE = "scrub_done"
_FIRST_FROM = "scrub_first_from"  # before the first: as if one had ended then
_FILES = "scrub_files"
_HELD = "silent_changes"
_STRETCH_SECONDS = 0.5  # read at once, of the rate: short enough to stop, long enough to be cheap
# What a small file costs besides its bytes, as bytes: 64 a second at the default rate, some per
# cent of a core, and ten million in two days.
_FILE_BYTES = 128 * 1024
_PAGE_ROWS = 64
_BUSY_SECONDS = 1.0  # how soon it is seen whether the site is idle again
_NOT_DUE_SECONDS = 60.0
_FAILED_SECONDS = 60.0  # a call that fails for no reason of a file's must not fail all the time
_HELD_SECONDS = 5.0  # how soon it shows that a held file was put right
_MOST_HELD = 1_000  # a disk that rots so much is looked after first

_Stat = tuple[int, int, int, int]


class Scrub:
    """Reads the files of one site again.

    Args:
        is_idle: whether the site has nothing else to do.
        plan: takes the upload that a person approved.

    Attributes:
        ended_wall: when a pass last came to its end, seconds since the epoch; None: never.
        files: how many the pass under way has come to; None: none is.
    """

    def __init__(
        self,
        parts: Parts,
        problems: Problems,
        *,
        is_idle: Callable[[], bool],
        plan: Callable[[Action, float], None],
    ) -> None:
        settings, ledger = parts.settings, parts.ledger
        self._parts = parts
        self._problems = problems
        self._is_idle = is_idle
        self._plan = plan
        # A one-time pass watches nothing, and does not stay for it.
        self._interval = settings.scrub_interval_seconds if parts.watcher is not None else 0.0
        self._rate = settings.scrub_rate
        self._position = ledger.meta(_POSITION)
        done, files = ledger.meta(_DONE), ledger.meta(_FILES)
        self.ended_wall = None if done is None else float(done)
        self.files = None if self._position is None else int(files or 0)
        self._is_reading = False
        self._next_at = 0.0
        self._began_at = 0.0
        self._ahead: deque[Reading] = deque()
        self._counts = dict.fromkeys(State, 0)
        held = json.loads(ledger.meta(_HELD) or "{}")
        self._held: dict[str, _Stat] = {path: tuple(stat) for path, stat in held.items()}
        for path in self._held:
            problems.note(path, SILENT)

    def advance(self, now: float) -> None:
        """Read the next stretch when it is time."""
        if self._is_reading or now < self._next_at:
            return
        self._review()
        if not self._interval or (self._position is None and not self._is_due(now)):
            self._next_at = now + (_HELD_SECONDS if self._held else _NOT_DUE_SECONDS)
        elif not self._is_idle() or len(self._held) >= _MOST_HELD:
            self._next_at = now + _BUSY_SECONDS
        elif not self._ahead and not self._fill():
            self._end(now)
        else:
            self._offer(now)

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        is_off = not self._interval and not self._held
        return float("inf") if is_off or self._is_reading else self._next_at

    def scrubbed(self, message: Scrubbed, now: float) -> None:
        """Take what came of a stretch."""
        self._is_reading = False
        answer = message.answer
        if not isinstance(answer, list):  # the call failed: these files are not come to again
            self._parts.log.warning("scrub.failed", error=repr(answer))
            self._ahead.clear()
            self._next_at = now + _FAILED_SECONDS
            return
        for reading, state in answer:
            if state is State.GOING_ON:
                continue
            self._ahead.popleft()
            self._counts[state] += 1
            self.files = (self.files or 0) + 1
            if state is State.SILENT:
                self._hold(reading.row)
        if not self._ahead and self._position is not None:
            self._parts.ledger.set_meta(_POSITION, self._position)
            self._parts.ledger.set_meta(_FILES, str(self.files))
        cost = sum(max(_FILE_BYTES, each.offset) for each, _ in answer) - message.before_bytes
        self._next_at = now + max(_FILE_BYTES, cost) / self._rate

    def holds(self, action: Action) -> bool:
        """Whether an upload would send what changed in silence, with other permissions at most."""
        if not self._held or action.kind is not Kind.UPLOAD or action.reason != "changed":
            return False
        stat, local = self._held.get(action.path), action.local
        if stat is None or local is None:
            return False
        size_bytes, mtime_ns, _ctime_ns, inode = stat
        return (local.size_bytes, local.mtime_ns, local.inode) == (size_bytes, mtime_ns, inode)

    def approve(self, now: float) -> int:
        """A person lets the held files be sent as they are; return how many there are."""
        held, self._held = self._held, {}
        self._store()
        for path in held:
            self._problems.clear(path)
            row = self._parts.ledger.baseline(path)
            if row is not None:
                local = LocalEntry(*row[:6])
                self._plan(Action(Kind.UPLOAD, path, local, row, None, 9, "changed"), now)
        return len(held)

    def _is_due(self, now: float) -> bool:
        """Whether a pass is to begin; the first one at some time of the first interval."""
        wall, ledger = self._parts.wall(), self._parts.ledger
        done = ledger.meta(_DONE) or ledger.meta(_FIRST_FROM)
        if done is None:
            done = str(wall - self._parts.jitter() * self._interval)
            ledger.set_meta(_FIRST_FROM, done)
        if wall < float(done) + self._interval:
            return False
        self._position, self._began_at, self.files = "", now, 0
        return True

    def _fill(self) -> bool:
        rows = self._parts.ledger.page(self._position or "", limit=_PAGE_ROWS)
        if rows:
            self._position = rows[-1].path
        self._ahead.extend(self._parts.transfer.reading_of(row) for row in rows)
        return bool(rows)

    def _offer(self, now: float) -> None:
        stretch = max(_FILE_BYTES, int(self._rate * _STRETCH_SECONDS))
        chosen = list(self._ahead)[: max(1, stretch // _FILE_BYTES)]
        before = sum(reading.offset for reading in chosen)
        transfer, inbox = self._parts.transfer, self._parts.inbox
        self._is_reading = self._parts.checksum_lane.offer(
            lambda: transfer.scrub_for(chosen, limit_bytes=stretch),
            size_bytes=0,
            done=lambda answer: inbox.put(Scrubbed(answer, before)),
        )
        if not self._is_reading:
            self._next_at = now + _BUSY_SECONDS

    def _end(self, now: float) -> None:
        ledger, counts = self._parts.ledger, self._counts
        self._position = None
        self._counts = dict.fromkeys(State, 0)
        self.files, self.ended_wall = None, self._parts.wall()
        for key, value in ((_POSITION, None), (_FILES, None), (_DONE, str(self.ended_wall))):
            ledger.set_meta(key, value)
        self._parts.log.info(
            "scrub.done",
            files=counts[State.EQUAL] + counts[State.SILENT],
            silent_changes=counts[State.SILENT],
            skipped=counts[State.SKIPPED],
            seconds=round(now - self._began_at, 3),
        )

    def _hold(self, row: BaselineRow) -> None:
        self._held[row.path] = (row.size_bytes, row.mtime_ns, row.ctime_ns, row.inode)
        self._store()
        self._problems.note(row.path, SILENT)

    def _review(self) -> None:
        """What was recorded anew since, or forgotten, is not held any more."""
        over = [path for path, stat in self._held.items() if self._stat_of(path) != stat]
        for path in over:
            del self._held[path]
            self._problems.clear(path)
        if over:
            self._store()

    def _stat_of(self, path: str) -> _Stat | None:
        row = self._parts.ledger.baseline(path)
        return None if row is None else (row.size_bytes, row.mtime_ns, row.ctime_ns, row.inode)

    def _store(self) -> None:
        text = json.dumps(self._held) if self._held else None
        self._parts.ledger.set_meta(_HELD, text)
