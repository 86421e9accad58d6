"""The daemon's part of a state: the real parts of a site, put into any state and taken out of it.

They are wired as `s3syncd.site.site` does it, and their turns have its order. Left out is what has
no say about one path: the schedule of passes, the contact with root and bucket, the status.

Short times (settling, the grace, pauses) always pass at once; a minute passes when the model says
so. Nothing that a person does about holds is walked through here.
"""

# ruff: noqa: PLW0108 - parts of a site call each other: the lambdas find those not made yet

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from s3syncd.core.entry import Action, LocalEntry, Outcome, RemoteEntry, Settle, UnknownMark
from s3syncd.core.messages import Look, Looked
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.core.settle import SettleEntry
from s3syncd.ledger import Intent
from s3syncd.site.aftermath import Aftermath
from s3syncd.site.backlog import Backlog, Planned
from s3syncd.site.counters import Counters
from s3syncd.site.decisions import Decisions
from s3syncd.site.dispatch import Dispatch
from s3syncd.site.guard import DeletionGuard
from s3syncd.site.hold import Hold
from s3syncd.site.looks import Looks
from s3syncd.site.messages import Recovered
from s3syncd.site.outcomes import Outcomes
from s3syncd.site.passes import Pass
from s3syncd.site.problems import Problems
from s3syncd.site.recovery import Recovery
from s3syncd.site.retire import Retirement
from s3syncd.site.retries import Retries
from s3syncd.site.sightings import Sightings
from s3syncd.site.unanswered import Late, Unanswered
from tests.model.ledger import MemoryLedger
from tests.model.values import PATH, Durable, Job, Memory, Open, Plan, Volatile

__all__ = ["NOW", "OLD", "Process"]

NOW = 1_000.0
OLD = 900.0  # more than a minute ago
_LATER = 1_060.0
_STEP_SECONDS = 6.0  # more than each short pause
_TURNS = 5  # of that length, so less than a minute: a judgement, the grace, a pause, and two more
_LOOKS = 2  # asked for and not answered: more tell nothing new, and while in doubt they are many
_NEVER = float("-inf")


class _Log:
    def debug(self, _event: str, **_facts: object) -> None:
        """Nobody reads it."""

    info = warning = error = debug


class _Lane:
    """Takes every call; what is to be done is told by the transfer's place-holder."""

    in_flight = 0

    def __init__(self) -> None:
        self.offered: list[Job] = []

    def offer(self, make_call: Any, *, size_bytes: int, done: Any) -> bool:
        self.offered.append(make_call())
        return size_bytes >= 0


class _Jobs:
    """Stands for the transfer: tells the job instead of doing it."""

    def call_for(self, action: Action, *, settle: Settle, intent: Intent | None = None) -> Job:
        return Job(action, intent)

    def recover_for(self, intent: Intent, *, baseline: Any, older: Sequence[Intent]) -> Job:
        return Job(None, _timed(intent), baseline, tuple(_timed(each) for each in older))

    def bytes_for(self, _action: Action) -> int:
        return 0


class _Scanner:
    def __init__(self) -> None:
        self.looks = 0

    def look(self, paths: list[str]) -> None:
        assert paths == [PATH]
        self.looks += 1


class _Schedule:
    """Of a site whose next pass comes when the model says so."""

    timetable = SimpleNamespace(doubt=lambda now: None, want=lambda whole: None)

    def is_scanning(self, _now: float) -> bool:
        return False


class Process:
    """The parts of one site; `lane.offered` and `scanner.looks` tell what they ask for.

    Attributes:
        name: what the next operation is called.
    """

    def __init__(self, policy: Policy, scope: Scope, ledger: MemoryLedger) -> None:
        self.now = NOW
        self.name = ""
        self.ledger = ledger
        self.lane, self.scanner = _Lane(), _Scanner()
        settings = SimpleNamespace(
            settle_seconds=0.1, settle_open_seconds=5.0, settle_deadline_seconds=1e9,
            retire_deleted=policy.retire_deleted, on_drift=policy.on_drift,
            multipart_threshold_bytes=1 << 24,
            delete_grace_seconds=2.0, max_delete=None,
        )  # fmt: skip
        self.parts: Any = SimpleNamespace(
            settings=settings, scope=scope, policy=policy, ledger=ledger, scanner=self.scanner,
            transfer=_Jobs(), lane=self.lane, checksum_lane=self.lane, inbox=None,
            clock=lambda: self.now, wall=lambda: self.now, jitter=lambda: 0.0, log=_Log(),
            new_id=lambda: self.name,
        )  # fmt: skip
        self._make()

    def _make(self) -> None:
        parts, ledger = self.parts, self.ledger
        self.problems = Problems(parts.wall, lambda problem: None)
        self.backlog = Backlog(large_bytes=parts.settings.multipart_threshold_bytes)
        self.retries = Retries(parts)
        self.looks = Looks(
            parts, self.backlog, self.problems, self.retries,
            want_directory=lambda path, deep: None,
            want_deletion=lambda action, now: self.decisions.want_deletion(action, now),
            unwant_deletion=lambda path: self.retirement.unwant(path),
            on_gone=lambda path: self.recovery.end_left(path, self.now),
            on_full=lambda: None,
        )  # fmt: skip
        self.hold = Hold(ledger, parts.log)  # type: ignore[arg-type]
        self.retirement = Retirement(
            ledger, self.backlog, self.hold,  # type: ignore[arg-type]
            DeletionGuard(ledger, max_delete=None, wall=parts.wall),  # type: ignore[arg-type]
            self.looks, is_put_off=self.retries.is_put_off,
            grace_seconds=parts.settings.delete_grace_seconds, wall=parts.wall,
        )  # fmt: skip
        self.recovery = Recovery(
            parts,
            on_known=lambda outcome, now: self.outcomes.recovered(outcome, now),
            on_late=lambda outcome, now: self.outcomes.late(outcome, now),
            is_in_flight=lambda path: path in self.backlog.in_flight,
        )
        silence: Any = SimpleNamespace(met=lambda message, hint: None, broken=lambda: None)
        self.outcomes = Outcomes(
            parts, backlog=self.backlog, looks=self.looks, retirement=self.retirement,
            recovery=self.recovery, retries=self.retries, counters=Counters(), silence=silence,
            on_bucket_trouble=lambda message, hint: None, on_root_trouble=lambda: None,
        )  # fmt: skip
        aftermath = Aftermath(ledger, self.problems, parts.log, boot_id="")  # type: ignore[arg-type]
        scrub = SimpleNamespace(holds=lambda action: False)
        self.dispatch = Dispatch(
            parts, self.backlog, self.looks, self.recovery,
            aftermath=aftermath, scrub=scrub,  # type: ignore[arg-type]
        )  # fmt: skip
        self.decisions = Decisions(
            parts, backlog=self.backlog, looks=self.looks, recovery=self.recovery,
            retries=self.retries, retirement=self.retirement, hold=self.hold,
            problems=self.problems, schedule=_Schedule,  # type: ignore[arg-type]
        )  # fmt: skip
        self.sightings = Sightings(
            ledger=ledger, schedule=None, looks=self.looks, retirement=self.retirement,
            problems=self.problems, scope=parts.scope,
            access=SimpleNamespace(sampled=lambda message: False), alarm=None,
            on_deletion=self.dispatch.plan_deletion,
        )  # type: ignore[arg-type]  # fmt: skip

    # --- what may happen to it ------------------------------------------------------------------

    def begin(self, memory: Memory, *, recovers: bool = True) -> None:
        """Start anew on what the ledger has."""
        self.put(memory, Volatile())
        self._make()
        if recovers:
            self.recovery.load(self.now)
        self.turn()

    def hear(self) -> None:
        """The watcher tells of the path."""
        self.looks._dirty(PATH, self.now, is_closed=True, first=None)
        self.turn()

    def looked(self, look: Look) -> None:
        """The answer to one look comes."""
        self.sightings.looked(Looked({PATH: look}, root_ok=True), self.now)
        self.turn()

    def decide(
        self, started_seq: int, local: LocalEntry | UnknownMark | None, remote: RemoteEntry | None
    ) -> None:
        """A whole pass with a listing comes to its end."""
        listing = iter([[remote]] if remote is not None else [])
        one = Pass(
            1, prefix="", is_recursive=True, remote=listing, started_seq=started_seq,
            started_at=self.now, policy=self.parts.policy,
            baseline=self.ledger,  # type: ignore[arg-type]
        )  # fmt: skip
        self.decisions.pass_begun(one)
        one.feed_local([] if local is None else [local], is_last=True)
        for action in one.step(lambda: True):
            self.decisions.decided(action, one)
        assert one.is_done
        self.ledger.end_pass()
        self.decisions.pass_done(one)
        self.turn()

    def finished(self, outcome: Outcome) -> None:
        """A worker has carried out what is in flight."""
        self.outcomes.finished(self.backlog.in_flight[PATH], outcome, self.now)
        self.turn()

    def recovered(self, outcome: Outcome) -> None:
        """A worker has looked what became of an intent."""
        self.recovery.recovered(Recovered(PATH, outcome), self.now)
        self.turn()

    def turn(self) -> None:
        """Do what is due, as `Site.advance` does, until the short times are over."""
        for _ in range(_TURNS):
            now = self.now
            self.recovery.advance(now)
            self.looks.advance(now)
            self.retries.advance(now, self._try_again)
            self.decisions.advance(now)
            self.dispatch.advance(now)
            if self._is_at_rest():
                return
            self.now += _STEP_SECONDS

    def _is_at_rest(self) -> bool:
        now = self.ledger.memory.now
        return not (len(self.looks._table) or len(self.backlog) or now.deletion or now.retry)

    def _try_again(self, path: str) -> bool:
        is_waiting = self.ledger.deletion(path) or self.recovery.is_in_doubt(path)
        if is_waiting or path in self.looks or path in self.backlog:
            return False
        self.outcomes.try_again(path, self.now)
        return True

    # --- its state ------------------------------------------------------------------------------

    def take(self) -> tuple[Memory, Durable | None, Volatile]:
        """Give the state; of the disk only where something was made durable."""
        looks, backlog, retries, retirement = (
            self.looks, self.backlog, self.retries, self.retirement,
        )  # fmt: skip
        assert not backlog._dropped and not self.recovery._left and not retries._is_full
        planned = next((p for lane in backlog._lanes for p in lane.values()), None)
        volatile = Volatile(
            PATH in looks._table, PATH in looks._looking, PATH in looks._deferred,
            PATH in looks._entries, PATH in looks._unseen, looks._inodes._of.get(PATH),
            looks.withheld.inodes._of.get(PATH),
            _plan(planned), _plan(backlog.in_flight.get(PATH)), self._open(),
            retries._failed.get(PATH, ()), retries._inodes._of.get(PATH), retries._kept.get(PATH),
            self.problems.reason_of(PATH) == "drift", retirement._first_want_at is not None,
            retirement.last_want_at != _NEVER, retirement._gone_by != _NEVER,
            PATH in retirement._looking, min(self.scanner.looks, _LOOKS),
        )  # fmt: skip
        memory = self.ledger.memory
        memory = memory._replace(now=_timeless(memory.now))
        disk = self.ledger.disk
        return memory, disk and _timeless(disk), volatile

    def put(self, memory: Memory, volatile: Volatile) -> None:
        """Be in a state."""
        self.now = NOW
        self.ledger.memory, self.ledger.disk = memory, None
        self.lane.offered.clear()
        self.scanner.looks = volatile.looks
        self._put_looks(volatile)
        self._put_backlog(volatile)
        self._put_recovery(volatile.open)
        retries = self.retries
        retries._failed = {PATH: volatile.failed} if volatile.failed != () else {}
        retries._kept = {PATH: volatile.kept} if volatile.kept else {}
        retries._inodes.set(PATH, volatile.failed_inode)
        retries._waits, retries._striving = {}, 0  # for the status alone
        retries._has_any, retries._next_at, retries._wall_ahead = True, 0.0, 0.0
        self.problems.clear(PATH)
        if volatile.is_drift:
            self.problems.note(PATH, "drift")
        self._put_retirement(volatile)

    def _put_looks(self, volatile: Volatile) -> None:
        looks, entry = self.looks, SettleEntry(NOW, NOW, True, NOW, 1e9, 0.0)
        looks._table.forget(PATH)
        looks._table._heap.clear()
        if volatile.is_dirty:
            looks._table._put(PATH, entry)
        looks._looking = {PATH: entry} if volatile.is_looking else {}
        looks._deferred = {PATH: entry} if volatile.is_deferred else {}
        looks._entries = {PATH: entry} if volatile.has_entry else {}
        looks._unseen = {PATH: NOW} if volatile.is_unseen else {}
        looks._since = {}
        looks._inodes.set(PATH, volatile.dirty_inode)
        is_withheld = volatile.withheld_inode is not None
        looks.withheld.inodes.set(PATH, volatile.withheld_inode)
        looks.withheld._met_at = {PATH: NOW - 1.0} if is_withheld else {}

    def _put_backlog(self, volatile: Volatile) -> None:
        backlog = self.backlog
        backlog.finish(PATH)
        backlog.drop(PATH)
        backlog._dropped.clear()
        if volatile.in_flight is not None:
            backlog.start(_planned(volatile.in_flight), NOW)
        if volatile.planned is not None:
            backlog.add(_planned(volatile.planned))

    def _put_recovery(self, seen: Open | None) -> None:
        self.recovery._open = {}
        if seen is not None:
            self.recovery._open[PATH] = Unanswered(
                seen.intent, _LATER if seen.is_later else NOW, _until(seen.intent), seen.is_asked,
                int(seen.has_failed), seen.seq, seen.has_been_seen,
                asked_at=NOW, older=tuple(Late(each, _until(each)) for each in seen.older),
            )  # fmt: skip

    def _put_retirement(self, volatile: Volatile) -> None:
        one = self.retirement
        one._first_want_at = NOW if volatile.is_wanted else None
        one.last_want_at = NOW if volatile.has_want else _NEVER
        one._gone_by = NOW if volatile.is_gone else _NEVER
        one._looking = {PATH} if volatile.is_looking_again else set()
        one._cursor = {"cleared": "", "approved": ""}
        one._next_turn, one._recheck_after = 0.0, None
        one._confirmation._seen_at = NOW

    def _open(self) -> Open | None:
        one = self.recovery._open.get(PATH)
        if one is None:
            return None
        assert not one.is_applied
        is_later = one.due_at > self.now
        seq = one.seq if one.has_been_seen else 0
        intent = _timed(one.intent, is_over=one.until <= self.now)
        older = tuple(_timed(each, is_over=until <= self.now) for each, until in one.older)
        return Open(intent, is_later, one.is_asked, one.attempts > 0, seq, one.has_been_seen, older)


def _until(intent: Intent) -> float:
    """Give how long an effect may still be applied."""
    return OLD if intent.created_wall == OLD else _LATER


def _timed(intent: Any, *, is_over: bool = False) -> Any:
    """Make the time of an intent one of two: no other one is of interest."""
    return intent and intent._replace(created_wall=OLD if is_over else NOW)


def _timeless(durable: Durable) -> Durable:
    deletion, retry = durable.deletion, durable.retry
    return Durable(
        durable.row,
        _timed(durable.intent),
        deletion and deletion._replace(first_seen_wall=NOW),
        retry and retry._replace(attempts=1, next_at_wall=NOW, since_wall=NOW, hint=""),
        tuple(_timed(each) for each in durable.late),
    )


def _plan(planned: Planned | None) -> Plan | None:
    return planned and Plan(planned.action, planned.is_live, _timed(planned.intent))


def _planned(plan: Plan) -> Planned:
    return Planned(plan.action, Settle(), plan.is_live, plan.intent, NOW, NOW)
