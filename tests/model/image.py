"""A state of the model put into the parts of a site, and taken out of them.

Times are two: now, and longer ago than anything may be late. No other one is of interest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3syncd.core.entry import Settle
from s3syncd.core.settle import SettleEntry
from s3syncd.ledger import Intent
from s3syncd.site.backlog import Planned
from s3syncd.site.unanswered import Late, Unanswered
from tests.model.values import PATH, Durable, Memory, Open, Plan, Volatile

if TYPE_CHECKING:
    from tests.model.process import Process

__all__ = ["NOW", "OLD", "put", "take", "timed"]

NOW = 1_000.0
OLD = 900.0  # more than a minute ago
_LATER = 1_060.0
_LOOKS = 2  # asked for and not answered: more tell nothing new, and while in doubt they are many
_NEVER = float("-inf")


def take(process: Process) -> tuple[Memory, Durable | None, Volatile]:
    """Give the state; of the disk only where something was made durable."""
    looks, backlog, retries, retirement = (
        process.looks, process.backlog, process.retries, process.retirement,
    )  # fmt: skip
    assert not backlog._dropped and not process.recovery._left and not retries._is_full
    planned = next((p for lane in backlog._lanes for p in lane.values()), None)
    volatile = Volatile(
        PATH in looks._table, PATH in looks._looking, PATH in looks._deferred,
        PATH in looks._entries, PATH in looks._unseen, looks._inodes._of.get(PATH),
        looks.withheld.inodes._of.get(PATH),
        _plan(planned), _plan(backlog.in_flight.get(PATH)), _open(process),
        retries._failed.get(PATH, ()), retries._inodes._of.get(PATH), retries._kept.get(PATH),
        process.problems.reason_of(PATH) == "drift", retirement._first_want_at is not None,
        retirement.last_want_at != _NEVER, retirement._gone_by != _NEVER,
        PATH in retirement._looking, _may_pass(process), min(process.scanner.looks, _LOOKS),
    )  # fmt: skip
    memory = process.ledger.memory
    memory = memory._replace(now=_timeless(memory.now))
    disk = process.ledger.disk
    return memory, disk and _timeless(disk), volatile


def put(process: Process, memory: Memory, volatile: Volatile) -> None:
    """Be in a state."""
    process.now = NOW
    process.ledger.memory, process.ledger.disk = memory, None
    process.lane.offered.clear()
    process.scanner.looks = volatile.looks
    _put_looks(process, volatile)
    _put_backlog(process, volatile)
    _put_recovery(process, volatile.open)
    retries = process.retries
    retries._failed = {PATH: volatile.failed} if volatile.failed != () else {}
    retries._kept = {PATH: volatile.kept} if volatile.kept else {}
    retries._inodes.set(PATH, volatile.failed_inode)
    retries._waits, retries._striving = {}, 0  # for the status alone
    retries._has_any, retries._next_at, retries._wall_ahead = True, 0.0, 0.0
    process.problems.clear(PATH)
    if volatile.is_drift:
        process.problems.note(PATH, "drift")
    _put_retirement(process, volatile)


def _put_looks(process: Process, volatile: Volatile) -> None:
    looks, entry = process.looks, SettleEntry(NOW, NOW, True, NOW, 1e9, 0.0)
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


def _put_backlog(process: Process, volatile: Volatile) -> None:
    backlog = process.backlog
    backlog.finish(PATH)
    backlog.drop(PATH)
    backlog._dropped.clear()
    if volatile.in_flight is not None:
        backlog.start(_planned(volatile.in_flight), NOW)
    if volatile.planned is not None:
        backlog.add(_planned(volatile.planned))


def _put_recovery(process: Process, seen: Open | None) -> None:
    process.recovery._open = {}
    if seen is not None:
        process.recovery._open[PATH] = Unanswered(
            seen.intent, _LATER if seen.is_later else NOW, _until(seen.intent), seen.is_asked,
            int(seen.has_failed), seen.seq, seen.has_been_seen,
            asked_at=NOW, older=tuple(Late(each, _until(each)) for each in seen.older),
        )  # fmt: skip


def _put_retirement(process: Process, volatile: Volatile) -> None:
    one = process.retirement
    one._first_want_at = NOW if volatile.is_wanted else None
    one.last_want_at = NOW if volatile.has_want else _NEVER
    one._gone_by = NOW if volatile.is_gone else _NEVER
    one._looking = {PATH} if volatile.is_looking_again else set()
    one._cursor = {"cleared": "", "approved": ""}
    one._next_turn, one._recheck_after = 0.0, None
    one._confirmation._seen_at = NOW
    one._guard._passes = int(volatile.may_pass)
    one._guard._passed.clear()


def _may_pass(process: Process) -> bool:
    """Whether the deletion was counted when it was judged; of no interest before and after."""
    guard, deletion = process.retirement._guard, process.ledger.deletion(PATH)
    is_judged = deletion is not None and deletion.state == "cleared"
    return is_judged and (guard._passes > 0 or PATH in guard._passed)


def _open(process: Process) -> Open | None:
    one = process.recovery._open.get(PATH)
    if one is None:
        return None
    assert not one.is_applied
    is_later = one.due_at > process.now
    seq = one.seq if one.has_been_seen else 0
    intent = timed(one.intent, is_over=one.until <= process.now)
    older = tuple(timed(each, is_over=until <= process.now) for each, until in one.older)
    return Open(intent, is_later, one.is_asked, one.attempts > 0, seq, one.has_been_seen, older)


def _until(intent: Intent) -> float:
    """Give how long an effect may still be applied."""
    return OLD if intent.created_wall == OLD else _LATER


def timed(intent: Any, *, is_over: bool = False) -> Any:
    """Make the time of an intent one of two: no other one is of interest."""
    return intent and intent._replace(created_wall=OLD if is_over else NOW)


def _timeless(durable: Durable) -> Durable:
    deletion, retry = durable.deletion, durable.retry
    return Durable(
        durable.row,
        timed(durable.intent),
        deletion and deletion._replace(first_seen_wall=NOW),
        retry and retry._replace(attempts=1, next_at_wall=NOW, since_wall=NOW, hint=""),
        tuple(timed(each) for each in durable.late),
    )


def _plan(planned: Planned | None) -> Plan | None:
    return planned and Plan(planned.action, planned.is_live, timed(planned.intent))


def _planned(plan: Plan) -> Planned:
    return Planned(plan.action, Settle(), plan.is_live, plan.intent, NOW, NOW)
