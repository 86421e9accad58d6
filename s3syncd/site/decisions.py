"""What follows from a pass: its actions, if they are still true, and the deletions, judged.

A pass is old news: it decides nothing about a path that changed since, or that is dirty, planned,
in flight, held, put off after a failure, or intended. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action, Kind, Settle
from s3syncd.core.safety import is_root_emptied
from s3syncd.site.backlog import Backlog, Planned
from s3syncd.site.hold import Hold
from s3syncd.site.looks import REMOTE_CHANGED, Looks
from s3syncd.site.parts import Parts
from s3syncd.site.passes import Pass
from s3syncd.site.problems import Problems
from s3syncd.site.recovery import Recovery
from s3syncd.site.retire import Retirement
from s3syncd.site.retries import Retries
from s3syncd.site.schedule import Schedule
from s3syncd.site.timetable import Whole

__all__ = ["Decisions"]

_NOT_THERE = REMOTE_CHANGED | {2}  # of the table: no or another version than the agreed one
# What was found to be drift by reading it has the size of its file, and is to be read again.
_MAY_BE_DRIFT = frozenset({Kind.CONFLICT, Kind.ADOPT})


class Decisions:
    """Takes the passes of one site from their begin to their end.

    Attributes:
        is_emptied: the last whole pass found no file where the baseline knows of some.
        approved_drift: paths whose foreign version a person lets us overwrite -> since when.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        backlog: Backlog,
        looks: Looks,
        recovery: Recovery,
        retries: Retries,
        retirement: Retirement,
        hold: Hold,
        problems: Problems,
        schedule: Callable[[], Schedule],
    ) -> None:
        self._parts = parts
        self._backlog = backlog
        self._looks = looks
        self._recovery = recovery
        self._retries = retries
        self._retirement = retirement
        self._hold = hold
        self._problems = problems
        self._schedule = schedule
        self._began: dict[int, int] = {}
        self._last_whole_began = float("-inf")
        self.is_emptied = False
        self.approved_drift: dict[str, float] = {}

    def decided(self, action: Action, one: Pass) -> None:
        """Take an action of a pass: only if the path is still what the pass saw."""
        path = action.path
        if action.kind in _MAY_BE_DRIFT and self._problems.reason_of(path) == "drift":
            self._problems.note(path, "drift")  # it is met, whoever decides about the path now
        if self._is_old_news(action, one) or self._is_held(action):
            return
        action = self._unless_withheld(action, is_listed=one.is_listed)
        if self._retries.is_pending(action):
            if action.row in REMOTE_CHANGED:
                self._parts.ledger.forget(path)  # it is not to be compared with that when it is due
            return
        if action.kind in _MAY_BE_DRIFT and path in self.approved_drift:
            del self.approved_drift[path]
            action = action._replace(kind=Kind.UPLOAD, reason="drift")
        if self._is_hearsay(action):
            now = self._parts.clock()
            self._backlog.add(Planned(action, Settle(), is_live=False, planned_at=now))
            return
        self._looks.plan(action, self._parts.clock(), is_live=not one.is_whole)

    def _is_old_news(self, action: Action, one: Pass) -> bool:
        """Whether more is known of the path, or will be; what the pass met is told to that."""
        path = action.path
        if self._parts.ledger.changed_since(path, one.started_seq):
            if self._parts.ledger.keeps_version(path, one.started_seq):
                self._correct(action)  # only its stat is newer: of the bucket it says what is so
            self._see_file(action)
            return True
        if path in self._recovery:
            # Not before that has ended, which may take a minute; nor is it forgotten until then.
            self._put_off(action, is_listed=one.is_listed)
            return True
        if path in self._looks or path in self._backlog:
            self._looks.met(action.local)
            self._correct(action)
            self._see_file(action)
            return True
        return False

    def _put_off(self, action: Action, *, is_listed: bool) -> None:
        """An effect on the path is waited for: what is known of it is found out at once."""
        path, now = action.path, self._parts.clock()
        self._recovery.hurry(path, now)
        if planned := self._backlog.in_flight.get(path):
            planned.is_remote_other |= is_listed and action.row in _NOT_THERE
        elif is_listed:
            self._recovery.look_again(path, now)
        self._looks.note(path, now, is_soon=True)

    def _is_hearsay(self, action: Action) -> bool:
        """Whether a listing alone says that an object to be deleted with its file is gone.

        On stores whose listings are behind, what is forgotten then would stay for ever.
        """
        is_gone = action.kind is Kind.FORGET and action.reason == "gone"
        return is_gone and self._parts.settings.retire_deleted

    def _correct(self, action: Action) -> None:
        """A path to be looked at anyway: it must not be compared with what is not in the bucket."""
        if planned := self._backlog.in_flight.get(action.path):
            planned.is_remote_other |= action.row in _NOT_THERE
        elif action.row in REMOTE_CHANGED:
            self._parts.ledger.forget(action.path)
            self._backlog.drop(action.path)
            self._looks.note(action.path, self._parts.clock(), is_soon=True)

    def _see_file(self, action: Action) -> None:
        """Look again where a pass met another file than is known: it may have met it later."""
        path = action.path
        if path in self._looks:
            return
        planned = self._backlog.in_flight.get(path)
        if planned is None and path in self._backlog:
            return  # it looks before it does anything
        known = self._parts.ledger.baseline(path) if planned is None else planned.action.local
        if (known and known[:5]) != (action.local and action.local[:5]):
            self._looks.met(action.local)
            self._looks.note(path, self._parts.clock(), is_soon=True)

    def want_deletion(self, action: Action, now: float) -> None:
        """A path was seen gone."""
        self._retries.gone(action.path)
        foreign = action.remote if action.baseline is None else None
        self._retirement.want(action.path, now, foreign=foreign)

    def pass_begun(self, one: Pass) -> None:
        """A pass begins."""
        self._began[one.pass_id] = self._problems.begin_pass(is_whole=one.is_whole)

    def pass_void(self, _one: Pass) -> None:
        """A pass did not see everything: what waits may not be gone, a new pass finds it again."""
        if self._retirement.withdraw():
            self._schedule().timetable.doubt(self._parts.clock())

    def pass_done(self, one: Pass) -> None:
        """A pass came to its end."""
        began = self._began.pop(one.pass_id)
        if one.is_aborted:
            return
        self._problems.end_pass(began, one.covers, is_whole=one.is_whole)
        if one.is_listed:
            self._end_drift(began)
        has_files = one.tally.local_files > 0
        if one.is_whole:
            self._whole_done(one)
        elif has_files and self.is_emptied:
            self._schedule().timetable.want(Whole.RESCAN)
        if one.is_whole or has_files:
            self._retirement.recheck_held()  # a directory may bring back what is held

    def advance(self, now: float) -> None:
        """Judge the deletions that are wanted, and look a second time at those that may go."""
        if self._schedule().is_scanning(now):
            return
        due = self._retirement.judge_due()
        if due is not None and now >= due:
            if self._is_emptying() and self._last_whole_began <= self._retirement.last_want_at:
                self._schedule().timetable.want(Whole.RESCAN)  # every file? look at the whole root
                return
            if self._may_be_nameless():
                self._schedule().timetable.doubt(now)
                return
            self._retirement.judge(now, is_emptied=self.is_emptied)
        if paths := self._retirement.due_looks(now):
            self._parts.scanner.look(paths)

    def next_due(self, now: float) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        due = None if self._schedule().is_scanning(now) else self._retirement.next_due(now)
        return float("inf") if due is None else due

    def _whole_done(self, one: Pass) -> None:
        self._last_whole_began = one.started_at
        self._look_at_withheld(one)
        files = self._parts.ledger.count()[0]
        self.is_emptied = is_root_emptied(files, one.tally.local_files, is_complete=True)
        if not self.is_emptied:
            self._retirement.release(self._parts.clock())
        for path, since in list(self.approved_drift.items()):
            if one.is_listed and since <= one.started_at:
                del self.approved_drift[path]  # it was approved, and is no drift any more

    def _end_drift(self, began: int) -> None:
        """A look at all objects met no drift where there was some: theirs is gone, or the same."""
        for path in self._problems.unmet("drift", began):
            is_at_work = path in self._backlog or path in self._recovery
            if not (is_at_work or self._retries.is_put_off(path)):
                self._problems.clear(path)
                self._looks.note(path, self._parts.clock(), is_soon=True)  # held back until now

    def _look_at_withheld(self, one: Pass) -> None:
        """What waits for a person and was not met may be gone, and keep an old name for ever."""
        for path in self._looks.withheld.unmet(one.started_at):
            if path not in self._looks and path not in self._backlog:
                self._looks.note(path, self._parts.clock(), is_soon=True)

    def _may_be_nameless(self) -> bool:
        """Whether what is gone may be where only a full scan can tell of it, and none did since."""
        has_place = self._looks.withheld.has_nameless_directory
        return has_place and self._last_whole_began <= self._retirement.last_want_at

    def _is_emptying(self) -> bool:
        files = self._parts.ledger.count()[0]
        return files >= 2 and self._retirement.waiting + self._hold.count >= files

    def _unless_withheld(self, action: Action, *, is_listed: bool) -> Action:
        """Keep a file waiting for a person where nobody looked at the object it waits for."""
        is_asked_for = is_listed or action.path in self.approved_drift
        if is_asked_for or self._problems.reason_of(action.path) != "drift" or not action.local:
            return action
        return action._replace(kind=Kind.CONFLICT, reason="drift")

    def _is_held(self, action: Action) -> bool:
        if not self._hold.count or action.reason == "out_of_scope" or action.local is not None:
            return False
        deletion = self._parts.ledger.deletion(action.path)
        return deletion is not None and deletion.state == "held"
