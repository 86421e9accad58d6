"""One site: one directory and one bucket prefix kept equal. One thread, one inbox, one loop.

`handle` takes one message, `advance` does what time allows; neither waits, touches the root's file
system or the network. The thread around them (`site.thread`) is three lines, so that scenarios run
in tests without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s3syncd.core.entry import Action, Kind, LocalEntry, Outcome, Problem, UnknownMark
from s3syncd.core.messages import Looked, RootSeen, ScanBatch
from s3syncd.core.safety import is_root_emptied
from s3syncd.local.messages import MountSeen, NamesSkipped
from s3syncd.site.access import Access
from s3syncd.site.backlog import Backlog
from s3syncd.site.commands import Commands
from s3syncd.site.counters import Counters
from s3syncd.site.dispatch import Dispatch
from s3syncd.site.listing import Listing
from s3syncd.site.looks import Looks
from s3syncd.site.messages import (
    Command,
    Connected,
    Finished,
    Hinted,
    Listed,
    Noted,
    Recovered,
    Room,
    Stop,
)
from s3syncd.site.outcomes import Outcomes
from s3syncd.site.parts import Parts
from s3syncd.site.passes import Pass
from s3syncd.site.problems import Problems
from s3syncd.site.recovery import Recovery
from s3syncd.site.retire import Retirement
from s3syncd.site.schedule import Schedule
from s3syncd.site.status import Board

__all__ = ["Site"]

_COMMIT_SECONDS = 0.02  # group commit: one fsync for all that came within 20 ms ...
_COMMIT_ROWS = 256  # ... or 256 rows
_BUSY_IN_FLIGHT = 4  # more actions than this in flight: a backlog is being worked off
_BEAT_SECONDS = 5.0  # the watcher is cared for this often
_RETRIES_AT_ONCE = 256
_RETRY_LOOK_SECONDS = 0.2  # failed paths that are due are taken up at most this often
_WAIT_SECONDS = 5.0  # the longest sleep of an idle loop; well inside the 30 s of /livez
_STOP_SECONDS = 2.0  # a scan thread held by a dead file system is not waited for longer
_BUSY_WAIT_SECONDS = 0.5  # while something is pending its age must be published


class Site:
    """The loop body of one site. Everything here belongs to its thread."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.counters = Counters()
        self.backlog = Backlog(large_bytes=parts.settings.multipart_threshold_bytes)
        self.problems = Problems(parts.wall, self._new_problem)
        self.retirement = Retirement(
            parts.ledger,
            self.backlog,
            grace_seconds=parts.settings.delete_grace_seconds,
            max_delete=parts.settings.max_delete,
            is_inode_awaited=self._is_inode_awaited,
            wall=parts.wall,
            log=parts.log,
        )
        self.schedule = Schedule(
            parts,
            self.backlog,
            on_action=self._decided,
            on_done=self._pass_done,
            on_whole=self.problems.begin_pass,
        )
        self.looks = Looks(
            parts,
            self.backlog,
            self.problems,
            want_directory=lambda p, deep: self.schedule.want_directory(p, is_recursive=deep),
            want_deletion=self._want_deletion,
            unwant_deletion=self.retirement.unwant,
            on_full=lambda: self.schedule.doubt(parts.clock()),
        )
        self.recovery = Recovery(
            parts,
            on_known=self._effect_known,
            on_late=self._effect_late,
            is_in_flight=lambda path: path in self.backlog.in_flight,
        )
        self.access = Access(parts, on_change=self._access_changed)
        self.outcomes = Outcomes(
            parts,
            backlog=self.backlog,
            looks=self.looks,
            retirement=self.retirement,
            recovery=self.recovery,
            counters=self.counters,
            on_bucket_trouble=lambda m, h: self.access.bucket_lost(m, h, parts.clock()),
            on_root_trouble=lambda: self.access.root_lost(parts.clock()),
        )
        self.dispatch = Dispatch(parts, self.backlog, self.looks, self.recovery)
        self.board = Board(self)
        self.commands = Commands(self)
        self.is_paused = parts.ledger.meta("paused") == "1"
        self.is_emptied = False
        self.is_stopped = False
        self.approved_drift: set[str] = set()
        self.has_hints = False
        self._stop_deadline: float | None = None
        self._commit_at = 0.0
        self._last_whole_began = float("-inf")
        self._next_retries = 0.0
        self._next_beat = float("-inf")
        self._handlers: dict[type, Callable[[Any, float], None]] = {
            Finished: lambda m, now: self.outcomes.finished(m.planned, m.answer, now),
            Recovered: self.recovery.recovered,
            Noted: lambda m, now: self.dispatch.noted(m),
            Hinted: self._hinted,
            ScanBatch: self._scanned,
            Looked: self._looked,
            Listed: self.schedule.listed,
            RootSeen: lambda m, now: self.access.root_seen(m),
            Connected: self.access.connected,
            Command: self.commands.carry_out,
            Stop: self._stop,
            Room: lambda m, now: self.dispatch.room(),
            MountSeen: lambda m, now: self.access.mount_seen(m),
            NamesSkipped: self._names_skipped,
        }

    @property
    def may_work(self) -> bool:
        """Whether effects may be begun."""
        return self.access.is_ready and not self.is_paused and self._stop_deadline is None

    @property
    def is_busy(self) -> bool:
        """Whether so much is in flight that outcomes come faster than turns."""
        return len(self.backlog.in_flight) > _BUSY_IN_FLIGHT

    def begin(self, now: float) -> None:
        """Start: watch, and take up what the last run left open."""
        self.recovery.load(now)
        if self.parts.watcher is not None:
            self.parts.watcher.start()
        self.parts.scanner.start()
        self.board.publish(now)

    def handle(self, message: object, now: float) -> None:
        """Take one message from the inbox."""
        self._handlers[type(message)](message, now)

    def advance(self, now: float) -> float:
        """Do what is due; return how long the loop may wait for a message, in seconds."""
        self.access.advance(now)
        self._beat(now)
        if self.has_hints and not self.is_paused:
            self._take_hints(now)
        if self.may_work:
            self.recovery.advance(now)
            self.looks.advance(now)
            self._take_retries(now)
            self.schedule.advance(now, may_begin=True)
            self._retire(now)
            self.dispatch.advance(now)
        elif self.schedule.whole is not None:
            self.schedule.advance(now, may_begin=False)
        self._commit(now)
        self.board.publish(now)
        if self._stop_deadline is not None:
            self._try_stop(now)
        return max(0.0, self._next_due(now) - now)

    def close(self) -> None:
        """Give everything back; the ledger last, with all that was learnt."""
        self.parts.scanner.stop(_STOP_SECONDS)
        if self.parts.watcher is not None:
            self.parts.watcher.stop(_STOP_SECONDS)
        self.parts.gate.leave(self.parts.settings.name)
        self.parts.ledger.close()

    def _next_due(self, now: float) -> float:
        is_busy = len(self.backlog) or self.backlog.in_flight or len(self.looks)
        due = now + (_BUSY_WAIT_SECONDS if is_busy else _WAIT_SECONDS)
        due = min(due, self.access.next_due())
        if self.parts.ledger.pending_writes:
            due = min(due, self._commit_at)
        if self._stop_deadline is not None:
            return min(due, self._stop_deadline)
        if self.may_work:
            due = min(due, self.looks.next_due(), self.schedule.next_due())
            due = min(due, self.recovery.next_due(), self._retire_due(now))
            if self.counters.has_retries:
                due = min(due, self._next_retries)
            if self.schedule.can_step:
                due = now
        return due

    # --- messages ---------------------------------------------------------------------------

    def _hinted(self, _message: Hinted, _now: float) -> None:
        self.has_hints = True

    def _take_hints(self, now: float) -> None:
        self.has_hints = False
        hints = self.parts.hints.take()
        if hints.root_lost:
            self.access.root_lost(now)
        if hints.is_doubt:
            self.parts.log.debug("watch.doubt", reason=hints.doubt_reason)
            self.schedule.doubt(now)
        for directory, is_recursive in hints.directories.items():
            self.schedule.want_directory(directory, is_recursive=is_recursive)
        self.looks.hinted(hints)

    def _scanned(self, batch: ScanBatch, _now: float) -> None:
        self.schedule.fed(batch)
        problem_with = self.parts.scope.problem_with
        for entry in batch.entries:
            if type(entry) is UnknownMark:
                self._marked(entry)
            elif reason := problem_with(entry[0]):
                self.problems.note(entry[0], reason)

    def _marked(self, mark: UnknownMark) -> None:
        path, reason = mark
        if not path.endswith("/"):
            self.problems.note(path, reason)
            return
        has_rows = bool(self.parts.ledger.page("", prefix=path, limit=1))
        if reason in {"symlink", "special_file"}:
            if has_rows:
                self.problems.note(path, "directory_became_symlink")
        else:
            self.problems.note(path, reason if reason == "mount_missing" else "subtree_unknown")

    def _looked(self, message: Looked, now: float) -> None:
        if self.access.sampled(message):
            return
        if not message.root_ok:
            self.access.root_lost(now)
            self.looks.lost(now)
            self.retirement.lost()
            return
        for path, look in message.results.items():
            if self.retirement.is_looking_at(path):
                action = self.retirement.looked(path, look)
                if action is not None:
                    self.dispatch.plan_deletion(action)
                elif isinstance(look, LocalEntry):
                    self.looks.note(path, now, is_closed=True)
            self.looks.looked(path, look, now)

    def _names_skipped(self, message: NamesSkipped, _now: float) -> None:
        for name in message.sample:
            self.problems.note(name, "undecodable_name")

    def _stop(self, message: Stop, _now: float) -> None:
        self._stop_deadline = message.deadline
        self.schedule.abort()
        self.parts.lane.close()

    def _try_stop(self, now: float) -> None:
        is_over = self._stop_deadline is not None and now >= self._stop_deadline
        if is_over or not (self.backlog.in_flight or self.parts.lane.in_flight):
            self.parts.ledger.commit()
            self.is_stopped = True

    # --- decisions --------------------------------------------------------------------------

    def _decided(self, action: Action, one: Pass) -> None:
        """Take an action of a pass: only if the path is still what the pass saw."""
        path = action.path
        is_busy = path in self.looks or path in self.backlog or path in self.recovery
        if is_busy or self.parts.ledger.changed_since(path, one.started_seq):
            return
        if action.kind is Kind.CONFLICT and path in self.approved_drift:
            self.approved_drift.discard(path)
            action = action._replace(kind=Kind.UPLOAD)
        self.looks.plan(action, self.parts.clock(), is_live=not one.is_whole)

    def _want_deletion(self, action: Action, now: float) -> None:
        foreign = action.remote if action.baseline is None else None
        self.retirement.want(action.path, now, foreign=foreign)

    def _directory_done(self, one: Pass) -> None:
        """A directory that came back may bring back what is held, before the next whole pass."""
        if one.tally.local_files and self.retirement.held:
            self.retirement.recheck_held()
            if self.is_emptied:
                self.schedule.want_rescan()

    def _pass_done(self, one: Pass, listing: Listing | None) -> None:
        if not one.is_whole:
            self._directory_done(one)
            return
        is_complete = not one.is_aborted and one.is_scan_complete
        self.problems.end_pass(is_complete=is_complete)
        if one.is_aborted:
            self._pass_failed(listing)
            return
        self._last_whole_began = one.started_at
        self.board.pass_done(one)
        was_emptied = self.is_emptied
        self.is_emptied = is_root_emptied(
            self.parts.ledger.count()[0], one.tally.local_files, one.is_scan_complete
        )
        if was_emptied and not self.is_emptied:
            self.retirement.release()
        self.retirement.recheck_held()

    def _pass_failed(self, listing: Listing | None) -> None:
        if listing is not None and listing.failure is not None:
            failure = listing.failure
            self.access.bucket_lost(failure.code or str(failure.status), failure.message,
                                    self.parts.clock())  # fmt: skip

    def _effect_known(self, outcome: Outcome, now: float) -> None:
        self.outcomes.recovered(outcome, now)

    def _effect_late(self, path: str, now: float) -> None:
        self.outcomes.late(path, now)

    def _retire(self, now: float) -> None:
        if self.schedule.is_scanning:
            return
        due = self.retirement.judge_due()
        if due is not None and now >= due:
            if self._is_emptying() and self._last_whole_began < self.retirement.last_want_at:
                self.schedule.want_rescan()  # every file gone? look at the whole root first
                return
            self.retirement.judge(now, is_emptied=self.is_emptied)
        paths = self.retirement.due_looks(now)
        if paths:
            self.parts.scanner.look(paths)

    def _is_emptying(self) -> bool:
        files = self.parts.ledger.count()[0]
        return files >= 2 and self.retirement.waiting + self.retirement.held >= files

    def _retire_due(self, now: float) -> float:
        due = None if self.schedule.is_scanning else self.retirement.next_due()
        return float("inf") if due is None else max(due, now)

    def _take_retries(self, now: float) -> None:
        if not self.counters.has_retries or now < self._next_retries:
            return
        ledger, wall = self.parts.ledger, self.parts.wall()
        for retry in ledger.retries_due(wall, _RETRIES_AT_ONCE):
            if retry.path not in self.looks and retry.path not in self.backlog:
                self.looks.again(retry.path, now, 0.0, None)
        due = ledger.next_retry_at()
        self.counters.has_retries = due is not None
        self._next_retries = now + max(_RETRY_LOOK_SECONDS, (due or wall) - wall)

    def _beat(self, now: float) -> None:
        """Care for the watches, and show what cannot be watched."""
        watcher = self.parts.watcher
        if watcher is None or now < self._next_beat:
            return
        self._next_beat = now + _BEAT_SECONDS
        watcher.beat(now)
        self.problems.renew("unwatched", watcher.status().unwatched_sample)

    def _is_inode_awaited(self, inode: int) -> bool:
        return self.looks.is_inode_awaited(inode)

    # --- state ------------------------------------------------------------------------------

    def _access_changed(self, side: str, was: str, words: str) -> None:
        """Root or bucket changed state: nothing seen before is believed."""
        log = self.parts.log.info if words == "ok" else self.parts.log.warning
        log(f"{side}.changed", was=was, now=words)
        if side != "root":
            return
        if words == "ok":
            self.schedule.want_reconcile()
            if was != "unseen":
                self.schedule.doubt(self.parts.clock())
        else:
            self.schedule.abort()
            self.backlog.drop_all()
            self.looks.lost(self.parts.clock())
            self.retirement.lost()

    def _new_problem(self, problem: Problem) -> None:
        self.parts.log.warning(
            "path.problem", path=problem.path, reason=problem.reason, hint=problem.hint
        )

    def _commit(self, now: float) -> None:
        pending = self.parts.ledger.pending_writes
        if not pending:
            self._commit_at = now + _COMMIT_SECONDS
        elif pending >= _COMMIT_ROWS or now >= self._commit_at:
            self.parts.ledger.commit()
            self._commit_at = now + _COMMIT_SECONDS
