"""The daemon's part of a state: the real parts of a site, put into any state and taken out of it.

They are wired as `s3syncd.site.site` does it, and their turns have its order. Left out is what has
no say about one path: the schedule of passes, the contact with root and bucket, the status.

Short times (settling, the grace, pauses) always pass at once; a minute passes when the model says
so. Nothing that a person does about holds is walked through here.
"""

# ruff: noqa: PLW0108 - parts of a site call each other: the lambdas find those not made yet

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from s3syncd.core.entry import LocalEntry, Outcome, RemoteEntry, UnknownMark
from s3syncd.core.messages import Look, Looked
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.site.aftermath import Aftermath
from s3syncd.site.backlog import Backlog
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
from tests.model.image import NOW, put
from tests.model.ledger import MemoryLedger
from tests.model.stubs import Jobs, Lane, Log, Scanner, Schedule
from tests.model.values import PATH, Memory, Volatile

__all__ = ["Process"]

_STEP_SECONDS = 6.0  # more than each short pause
_TURNS = 5  # of that length, so less than a minute: a judgement, the grace, a pause, and two more


class Process:
    """The parts of one site; `lane.offered` and `scanner.looks` tell what they ask for.

    Attributes:
        name: what the next operation is called.
    """

    def __init__(self, policy: Policy, scope: Scope, ledger: MemoryLedger) -> None:
        self.now = NOW
        self.name = ""
        self.ledger = ledger
        self.lane, self.scanner = Lane(), Scanner()
        settings = SimpleNamespace(
            settle_seconds=0.1, settle_open_seconds=5.0, settle_deadline_seconds=1e9,
            retire_deleted=policy.retire_deleted, on_drift=policy.on_drift,
            multipart_threshold_bytes=1 << 24,
            delete_grace_seconds=2.0, max_delete=None,
        )  # fmt: skip
        self.parts: Any = SimpleNamespace(
            settings=settings, scope=scope, policy=policy, ledger=ledger, scanner=self.scanner,
            transfer=Jobs(), lane=self.lane, checksum_lane=self.lane, inbox=None,
            clock=lambda: self.now, wall=lambda: self.now, jitter=lambda: 0.0, log=Log(),
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
            DeletionGuard(ledger, self.looks.underway, None, wall=parts.wall),  # type: ignore[arg-type]
            self.looks.underway, is_put_off=self.retries.is_put_off,
            grace_seconds=parts.settings.delete_grace_seconds, wall=parts.wall,
        )  # fmt: skip
        self.recovery = Recovery(
            parts,
            on_known=lambda outcome, now: self.outcomes.recovered(outcome, now),
            on_late=lambda outcome, now: self.outcomes.late(outcome, now),
            on_confirmed=lambda outcome, now: self.outcomes.confirmed(outcome, now),
            is_in_flight=lambda path: path in self.backlog.in_flight,
        )
        silence: Any = SimpleNamespace(met=lambda message, hint: None, broken=lambda: None)
        self.outcomes = Outcomes(
            parts, backlog=self.backlog, looks=self.looks, retirement=self.retirement,
            recovery=self.recovery, retries=self.retries, problems=self.problems,
            counters=Counters(), silence=silence,
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
            problems=self.problems, schedule=Schedule,  # type: ignore[arg-type]
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
        put(self, memory, Volatile())
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
