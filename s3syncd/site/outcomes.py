"""What follows from an outcome: a record in the ledger, a retry, another look, the site's halt.

An acknowledged effect is always recorded, also if its path is dirty, renamed or gone by now.
Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import (
    Action,
    BaselineRow,
    Kind,
    LocalEntry,
    Outcome,
    RemoteEntry,
    Result,
)
from s3syncd.core.reconcile import decide
from s3syncd.pool import CallFailed
from s3syncd.site.backlog import Backlog, Planned
from s3syncd.site.counters import Counters
from s3syncd.site.looks import Looks
from s3syncd.site.parts import Parts
from s3syncd.site.problems import Problems
from s3syncd.site.recovery import Recovery
from s3syncd.site.retire import Retirement
from s3syncd.site.retries import Retries
from s3syncd.site.rewrites import Rewrites
from s3syncd.site.silence import Silence

__all__ = ["Outcomes"]

# So many paths without a success between them are the bucket's trouble; fewer where each of them
# has waited for half a minute and more.
_IN_A_ROW = {"transient": 16, "stalled": 4}
_CANCELED_SECONDS = 1.0  # not sent, because the site stops: no failure, and seldom looked at again
_RECORDED = frozenset({"put", "adopted", "unchanged", "reclassed"})
_BELIEVING = frozenset({"adopted", "unchanged"})  # sent nothing: the bucket is as it was before
_REMOVED = frozenset({"deleted", "gone"})


class Outcomes:
    """Records what came of the actions of one site."""

    def __init__(
        self,
        parts: Parts,
        *,
        backlog: Backlog,
        looks: Looks,
        retirement: Retirement,
        recovery: Recovery,
        retries: Retries,
        problems: Problems,
        counters: Counters,
        on_bucket_trouble: Callable[[str, str], None],
        on_root_trouble: Callable[[], None],
        silence: Silence,
    ) -> None:
        self._parts = parts
        self._backlog = backlog
        self._looks = looks
        self._retirement = retirement
        self._recovery = recovery
        self._retries = retries
        self._problems = problems
        self._counters = counters
        self._on_bucket_trouble = on_bucket_trouble
        self._on_root_trouble = on_root_trouble
        self._silence = silence
        self._rewrites = Rewrites(parts.ledger, parts.log, wall=parts.wall)
        self._failed_in_a_row: set[str] = set()

    def finished(self, planned: Planned, answer: object, now: float) -> None:
        """Take the answer of a worker about one action in flight."""
        action, path = planned.action, planned.action.path
        self._backlog.finish(path)
        outcome = answer if isinstance(answer, Outcome) else _from_crash(action, answer)
        self._counters.finished(outcome)
        if action.kind is Kind.DELETE_REMOTE:
            is_deleted = outcome.result is Result.DONE and outcome.effect in _REMOVED
            has_failed = outcome.result in {Result.RETRYABLE, Result.REFUSED}
            self._retirement.finished(path, is_deleted=is_deleted, has_failed=has_failed)
        if planned.settle.is_past_deadline and outcome.effect == "put":
            self._looks.took(path, now - planned.started_at)
        # The record before the end of its intent: a ledger that fails in between knows too much
        # rather than too little.
        self.apply(outcome, now, planned_at=planned.planned_at)
        self._end_intent(planned, outcome, now)
        if planned.is_remote_other and outcome.effect in _BELIEVING:
            self._parts.ledger.forget(path)
            self._looks.note(path, now, is_soon=True)
        self._looks.settled(path, now)

    def apply(self, outcome: Outcome, now: float, *, planned_at: float | None = None) -> None:
        """Record what is known, and plan what follows."""
        if outcome.result is Result.DONE:
            self._done(outcome, now)
        elif outcome.follow_up is not None:
            self._looks.plan(outcome.follow_up, now, is_live=False)
        elif outcome.result is Result.SUPERSEDED:
            self._superseded(outcome, now)
        else:
            self._failed(outcome, now, planned_at)

    def recovered(self, outcome: Outcome, now: float) -> None:
        """Record what became of an effect without an answer; the path is then compared anew."""
        if outcome.action.kind is Kind.DELETE_REMOTE and outcome.effect == "deleted":
            self._retirement.finished(outcome.action.path, is_deleted=True)
        path = outcome.action.path
        is_nothing = outcome.result is Result.SUPERSEDED or outcome.reason == "foreign_change"
        if is_nothing and self._retries.is_put_off(path):  # the pause is kept in full
            self._retries.keep(outcome.follow_up)
            if outcome.effect == "gone":  # another version stands there, and none is agreed on
                self._parts.ledger.forget(path)
                self._decide_again(path, now)
            return
        self.apply(outcome, now)
        if path not in self._backlog:
            self._looks.note(path, now, is_soon=True)

    def confirmed(self, outcome: Outcome, now: float) -> None:
        """Record the version that listings tell of a published upload; what is more, as well."""
        if outcome.row is None or outcome.is_stale:
            self.recovered(outcome, now)
            return
        self._parts.ledger.record(outcome.row)
        self._decide_again(outcome.action.path, now)

    def try_again(self, path: str, now: float) -> None:
        """The pause of a path that failed is over."""
        if action := self._retries.kept(path):
            self._looks.plan(action, now, is_live=False)
        else:
            self._looks.again(path, now, 0.0, None)

    def late(self, outcome: Outcome, now: float) -> None:
        """An older effect was applied over a newer one: the path is compared anew."""
        ledger, path = self._parts.ledger, outcome.action.path
        self._parts.log.warning("object.late", path=path)
        if outcome.effect == "put" and outcome.row is not None:
            ledger.record(outcome.row)  # ours: where its file is gone by now, so must it be
        else:
            ledger.forget(path)
        self._decide_again(path, now)
        self._looks.note(path, now, is_soon=True)

    def look_failed(self, outcome: Outcome) -> bool:
        """A request failed: whether that is the bucket's trouble; it is then told."""
        is_buckets = outcome.scope == "bucket" and outcome.reason != "throttled"
        if is_buckets:
            self._on_bucket_trouble(_told(outcome), outcome.hint)
        elif outcome.reason == "stalled":
            self._silence.met(_told(outcome), outcome.hint)
        return is_buckets

    def _done(self, outcome: Outcome, now: float) -> None:
        ledger, path = self._parts.ledger, outcome.action.path
        self._failed_in_a_row.clear()
        self._silence.broken()
        if outcome.effect in _RECORDED and outcome.row is not None:
            (ledger.refresh if outcome.effect == "unchanged" else ledger.record)(outcome.row)
            self._retirement.unwant(path)
            self._see_links(outcome, now)
            self._problems.end(path, "drift")
        elif outcome.effect in _REMOVED:
            ledger.forget(path)
            if outcome.action.kind is Kind.FORGET:
                self._retirement.unwant(path)
            self._log_deletion(outcome)
        self._log_overwrite(outcome)
        self._parts.log.debug(
            "transfer.done", path=path, effect=outcome.effect, sent_bytes=outcome.sent_bytes
        )
        self._retries.end(path)
        if outcome.is_stale:
            self._looks.note(path, now)
        else:
            self._looks.clean(path)
        self._decide_again(path, now)
        if outcome.effect == "adopted" and outcome.row is not None and not outcome.is_stale:
            self._plan_class(outcome.row, now)

    def _see_links(self, outcome: Outcome, now: float) -> None:
        """Look where a file that was rewritten has other names: of those nothing is heard."""
        base, row, ledger = outcome.action.baseline, outcome.row, self._parts.ledger
        if outcome.effect != "put" or base is None or row is None or base.inode != row.inode:
            return
        for path in ledger.by_inode(base.inode, base.size_bytes):
            link = ledger.baseline(path)
            if path != row.path and link is not None and link[1:5] != row[1:5]:
                self._looks.note(path, now, is_soon=True)

    def _decide_again(self, path: str, now: float) -> None:
        """What is planned for a path was decided before its baseline was what it is now."""
        if (planned := self._backlog.waiting(path)) is not None:
            self._backlog.drop(path)
            self._looks.superseded(planned.action, now)

    def _plan_class(self, row: BaselineRow, now: float) -> None:
        """Give an adopted object its class now: the next pass may be a day away."""
        local = LocalEntry(*row[:6])
        remote = RemoteEntry(row.path, row.size_bytes, row.etag, row.storage_class)
        action = decide(row.path, local, row, remote, self._parts.policy)
        if action is not None and action.kind is Kind.RECLASS:
            self._looks.plan(action, now, is_live=False)

    def _superseded(self, outcome: Outcome, now: float) -> None:
        path = outcome.action.path
        if outcome.reason == "unstable":
            self._looks.unstable(outcome.action, now)
        elif outcome.due_in_seconds is not None:
            self._looks.again(path, now, outcome.due_in_seconds, outcome.action)
        else:
            self._looks.superseded(outcome.action, now)

    def _failed(self, outcome: Outcome, now: float, planned_at: float | None) -> None:
        if outcome.reason == "unstable":
            self._looks.unstable(outcome.action, now)
            return
        if outcome.reason == "canceled" and not outcome.is_unknown:
            self._looks.again(outcome.action.path, now, _CANCELED_SECONDS, outcome.action)
            return
        if outcome.scope == "root":
            self._on_root_trouble()
            self._looks.superseded(outcome.action, now)
            return
        if not self.look_failed(outcome) and outcome.reason in _IN_A_ROW:
            self._failed_in_a_row.add(outcome.action.path)
            if len(self._failed_in_a_row) >= _IN_A_ROW[outcome.reason]:
                self._failed_in_a_row.clear()
                self._on_bucket_trouble(_told(outcome), outcome.hint)
        heard_at = self._looks.heard_at(outcome.action.path)
        self._retries.put(outcome, heard_at=planned_at if heard_at is None else heard_at)
        self._looks.clean(outcome.action.path)

    def _end_intent(self, planned: Planned, outcome: Outcome, now: float) -> None:
        path = planned.action.path
        if outcome.is_unknown:
            self._recovery.unknown(planned.action, planned.intent, now)
        elif planned.intent is None:
            return
        elif _is_resumable(planned, outcome):
            self._recovery.leave(path)
        elif planned.is_as_taken_up and not self._went_in_parts(outcome):
            # It ended before it came to the upload in parts that it was to go on with.
            self._recovery.unknown(planned.action, planned.intent, now)
        elif outcome.is_provisional:
            self._recovery.confirm(planned.intent, now)
        else:
            self._recovery.drop(path)

    def _went_in_parts(self, outcome: Outcome) -> bool:
        """Whether a file was sent that was still too large for one request."""
        threshold, row = self._parts.settings.multipart_threshold_bytes, outcome.row
        return outcome.effect == "put" and row is not None and row.size_bytes > threshold

    def _log_deletion(self, outcome: Outcome) -> None:
        path = outcome.action.path
        if outcome.action.kind is not Kind.DELETE_REMOTE:
            return
        self._parts.log.info(
            "object.deleted", path=path, reason=outcome.action.reason, effect=outcome.effect
        )

    def _log_overwrite(self, outcome: Outcome) -> None:
        action = outcome.action
        if outcome.effect == "put" and action.reason in {"drift", "first_contact"}:
            self._counters.foreign_overwrites += 1
            self._parts.log.info("object.overwritten", path=action.path, reason=action.reason)
        elif outcome.effect == "put" and action.reason == "changed":
            self._rewrites.put(action)


def _is_resumable(planned: Planned, outcome: Outcome) -> bool:
    """Whether an upload in parts may be left in the bucket, to be taken up with its intent."""
    if planned.intent is None or not planned.intent.part_size_bytes:
        return False
    is_soon_again = outcome.result is Result.SUPERSEDED and outcome.follow_up is None
    return outcome.result is Result.RETRYABLE or (is_soon_again and planned.is_as_taken_up)


def _told(outcome: Outcome) -> str:
    return f"Requests to the bucket fail ({outcome.reason})."


def _from_crash(action: Action, answer: object) -> Outcome:
    """A call must not raise for expected trouble; if it does, nothing is known and nothing lost."""
    error = answer.exception if isinstance(answer, CallFailed) else answer
    hint = f"{type(error).__name__}: {error}"[:300]
    return Outcome(action, Result.RETRYABLE, reason="internal_error", hint=hint, is_unknown=True)
