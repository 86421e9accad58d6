"""One site: one directory and one bucket prefix kept equal. One thread, one inbox, one loop.

`handle` takes one message, `advance` does what time allows; neither waits, touches the root's file
system or the network. The thread around them (`site.thread`) is a few lines, so that scenarios run
in tests without it.

    hint -> looks -+            (dirty paths, settled and looked at)
    schedule ------+-> decisions -> backlog -> dispatch -> pool
      (passes)          |                                   |
                        +-> retirement, hold, guard     outcomes -> ledger, retries, recovery
"""

# ruff: noqa: PLW0108 - parts of a site call each other: the lambdas find those not made yet

from __future__ import annotations

from s3syncd.core.entry import Problem
from s3syncd.site import messages, stragglers
from s3syncd.site.access import Access
from s3syncd.site.aftermath import Aftermath
from s3syncd.site.alarm import Alarm
from s3syncd.site.backlog import Backlog
from s3syncd.site.commands import Commands
from s3syncd.site.commits import GroupCommit
from s3syncd.site.counters import Counters
from s3syncd.site.decisions import Decisions
from s3syncd.site.dispatch import Dispatch
from s3syncd.site.guard import DeletionGuard
from s3syncd.site.hearing import Hearing
from s3syncd.site.hold import Hold
from s3syncd.site.listing import Listing
from s3syncd.site.looks import Looks
from s3syncd.site.mounted import Mounted
from s3syncd.site.outcomes import Outcomes
from s3syncd.site.parts import Parts
from s3syncd.site.passes import Pass
from s3syncd.site.pause import Pause
from s3syncd.site.problems import Problems
from s3syncd.site.recovery import Recovery
from s3syncd.site.retire import Retirement
from s3syncd.site.retries import Retries
from s3syncd.site.schedule import Schedule
from s3syncd.site.scrub import Scrub
from s3syncd.site.space import Space
from s3syncd.site.status import Board
from s3syncd.site.takers import takers_of

__all__ = ["Site"]

_BUSY_IN_FLIGHT = 4  # more actions than this in flight: a backlog is being worked off
_WAIT_SECONDS = 5.0  # the longest sleep of an idle loop; well inside the 30 s of /livez
_STOP_SECONDS = 2.0  # a scan thread held by a dead file system is not waited for longer
_BUSY_WAIT_SECONDS = 0.5  # while something is pending its age must be published


class Site:
    """The loop body of one site. Everything here belongs to its thread."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.counters = Counters(wall=parts.wall)
        self.problems = Problems(parts.wall, self._new_problem)
        self.backlog = Backlog(large_bytes=parts.settings.multipart_threshold_bytes)
        self.retries = Retries(parts)
        self.access = Access(
            parts,
            on_change=lambda *news: self.alarm.access_changed(*news),
            under_way=lambda: self.backlog.files_in_flight(),
        )
        self.aftermath = Aftermath(parts.ledger, self.problems, parts.log, boot_id=parts.boot_id)
        self.space = Space(parts.room, parts.log)
        self.pause = Pause(parts.ledger, clock=parts.clock, wall=parts.wall)
        self.is_stopped = False
        self.stop_deadline: float | None = None
        self._commits = GroupCommit(parts.ledger)
        self._make_eyes()
        self._make_ears()
        self._make_hands()
        self.board = Board(self)
        self.commands = Commands(self)
        self._takers = takers_of(self)

    @property
    def may_work(self) -> bool:
        """Whether effects may be begun."""
        is_held_up = self.pause.is_on or self.space.is_low or self.stop_deadline is not None
        return self.access.is_ready and not is_held_up

    @property
    def is_busy(self) -> bool:
        """Whether so much is in flight that outcomes come faster than turns."""
        return len(self.backlog.in_flight) > _BUSY_IN_FLIGHT

    @property
    def is_idle(self) -> bool:
        """Whether nothing is known that is to be done, and nothing is under way."""
        is_moving = len(self.looks) or len(self.backlog) or self.backlog.in_flight
        return not is_moving and not self.schedule.is_running and not self.schedule.is_behind

    def begin(self, now: float) -> None:
        """Start: watch, and take up what the last run left open."""
        self.recovery.load(now)
        stragglers.expect(self.parts, self.schedule.timetable, now)
        if self.parts.watcher is not None:
            self.parts.watcher.start()
        self.parts.scanner.start()
        self.board.publish(now)

    def handle(self, message: object, now: float) -> None:
        """Take one message from the inbox."""
        self._takers[type(message)](message, now)

    def advance(self, now: float) -> float:
        """Do what is due; return how long the loop may wait for a message, in seconds."""
        self.access.advance(now)
        self.space.advance(now)
        self.hearing.beat(now)
        self.hearing.advance(now)
        if self.may_work:
            self.recovery.advance(now)
            self.looks.advance(now)
            self.retries.advance(now, lambda path: self._try_again(path, now))
            self.schedule.advance(now, may_begin=True)
            self.decisions.advance(now)
            self.dispatch.advance(now)
            self.scrub.advance(now)
        elif self.schedule.is_running:
            self.schedule.advance(now, may_begin=False)
        if not self.backlog.in_flight:
            self.parts.transfer.rest()
        self._commits.advance(now)
        self.board.publish(now)
        if self.board.snapshot["in_sync"]:
            self.aftermath.in_sync()
        if self.stop_deadline is not None:
            self._try_stop(now)
        return max(0.0, self._next_due(now) - now)

    def stop(self, message: messages.Stop, _now: float) -> None:
        """Start nothing new; what is in flight has until the message's deadline."""
        if self.may_work:
            self.recovery.finish()
        self.stop_deadline = message.deadline
        self.schedule.abort()
        self.parts.lane.close()

    def room(self, _message: messages.Room, _now: float) -> None:
        """The pool has room again."""
        for one in (self.dispatch, self.recovery, self.schedule, self.access):
            one.room()

    def close(self) -> None:
        """Give everything back; the ledger last, with all that was learnt."""
        self.parts.scanner.stop(_STOP_SECONDS)
        if self.parts.watcher is not None:
            self.parts.watcher.stop(_STOP_SECONDS)
        self.parts.transfer.rest(for_good=True)
        self.parts.gate.leave(self.parts.settings.name)
        if self.backlog.in_flight:
            stragglers.leave(self.parts.ledger)
        self.parts.ledger.close()

    def _make_eyes(self) -> None:
        """Make what finds out what is to be done."""
        parts = self.parts
        self.schedule = Schedule(
            parts,
            self.backlog,
            on_action=lambda action, one: self.decisions.decided(action, one),
            on_begin=lambda one: self.decisions.pass_begun(one),
            on_void=lambda one: self.decisions.pass_void(one),
            on_done=self._pass_done,
        )
        self.looks = Looks(
            parts,
            self.backlog,
            self.problems,
            self.retries,
            want_directory=lambda p, deep: self.schedule.want_directory(p, is_recursive=deep),
            want_deletion=lambda action, now: self.decisions.want_deletion(action, now),
            unwant_deletion=lambda path: self.retirement.unwant(path),
            on_gone=lambda path: self.recovery.end_left(path, parts.clock()),
            on_full=lambda: self.schedule.timetable.doubt(parts.clock()),
        )
        self.hold, underway = Hold(parts.ledger, parts.log), self.looks.underway
        self.retirement = Retirement(
            parts.ledger,
            self.backlog,
            self.hold,
            DeletionGuard(parts.ledger, underway, parts.settings.max_delete, wall=parts.wall),
            underway,
            is_put_off=self.retries.is_put_off,
            grace_seconds=parts.settings.delete_grace_seconds,
            wall=parts.wall,
        )

    def _make_ears(self) -> None:
        """Make what learns of trouble and of changes."""
        parts = self.parts
        self.alarm = Alarm(
            parts, access=self.access, schedule=self.schedule, backlog=self.backlog,
            looks=self.looks, retirement=self.retirement,
        )  # fmt: skip
        self.mounted = Mounted(parts, self.schedule.timetable)
        self.hearing = Hearing(
            parts,
            schedule=self.schedule,
            looks=self.looks,
            problems=self.problems,
            on_root_lost=self.access.root_lost,
        )
        self.scrub = Scrub(
            parts,
            self.problems,
            is_idle=lambda: self.is_idle,
            plan=lambda action, now: self.looks.plan(action, now, is_live=False),
        )

    def _make_hands(self) -> None:
        """Make what does it, and what takes note of what came of it."""
        parts, looks = self.parts, self.looks
        self.recovery = Recovery(
            parts,
            on_known=lambda outcome, now: self.outcomes.recovered(outcome, now),
            on_late=lambda outcome, now: self.outcomes.late(outcome, now),
            on_confirmed=lambda outcome, now: self.outcomes.confirmed(outcome, now),
            is_in_flight=lambda path: path in self.backlog.in_flight,
            on_failed=lambda outcome: self.outcomes.look_failed(outcome),
        )
        self.outcomes = Outcomes(
            parts,
            backlog=self.backlog,
            looks=looks,
            retirement=self.retirement,
            recovery=self.recovery,
            retries=self.retries,
            problems=self.problems,
            counters=self.counters,
            on_bucket_trouble=lambda m, h: self.access.bucket_lost(m, h, parts.clock()),
            on_root_trouble=lambda: self.access.root_lost(parts.clock()),
            silence=self.access.silence,
        )
        self.dispatch = Dispatch(
            parts, self.backlog, looks, self.recovery, aftermath=self.aftermath, scrub=self.scrub
        )
        self.decisions = Decisions(
            parts,
            backlog=self.backlog,
            looks=looks,
            recovery=self.recovery,
            retries=self.retries,
            retirement=self.retirement,
            hold=self.hold,
            problems=self.problems,
            schedule=lambda: self.schedule,
        )

    def _next_due(self, now: float) -> float:
        is_news = not self.may_work and now - (self.looks.oldest() or 0.0) < _WAIT_SECONDS
        is_dirty = len(self.looks) and (self.may_work or is_news)
        is_busy = len(self.backlog) or self.backlog.in_flight or is_dirty
        due = now + (_BUSY_WAIT_SECONDS if is_busy else _WAIT_SECONDS)
        due = min(due, self.access.next_due(), self._commits.next_due())
        if self.schedule.can_step:
            return now
        if self.stop_deadline is not None:
            return min(due, self.stop_deadline)
        if self.may_work:
            due = min(due, self.looks.next_due(), self.schedule.next_due())
            due = min(due, self.recovery.next_due(), self.retries.next_due())
            due = min(due, self.scrub.next_due())
            due = min(due, self.decisions.next_due(now))
        return due

    def _try_again(self, path: str, now: float) -> bool:
        """Take up a path that failed, unless it is under way or waits for something else."""
        is_waiting = self.parts.ledger.deletion(path) or self.recovery.is_in_doubt(path)
        if is_waiting or path in self.looks or path in self.backlog:
            return False
        self.outcomes.try_again(path, now)
        return True

    def _try_stop(self, now: float) -> None:
        is_busy = self.backlog.in_flight or self.access.has_other_calls or self.recovery.is_asking
        if not is_busy or (self.stop_deadline is not None and now >= self.stop_deadline):
            self.parts.ledger.commit()
            self.is_stopped = True

    def _pass_done(self, one: Pass, listing: Listing | None) -> None:
        self.decisions.pass_done(one)
        if one.is_whole and not one.is_aborted:
            self.board.pass_done(one)
        if listing is not None and listing.failure is not None:
            self.alarm.listing_failed(listing.failure)

    def _new_problem(self, problem: Problem) -> None:
        self.parts.log.warning(
            "path.problem", path=problem.path, reason=problem.reason, hint=problem.hint
        )
