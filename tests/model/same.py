"""States that differ in names, times and counters only are made one."""

from __future__ import annotations

from s3syncd.ledger import Intent
from tests.model.image import OLD
from tests.model.values import Obj, Request, State

__all__ = ["aged", "free_name", "ranked", "with_late"]

_NAMES = "abcdefghijklmnopqrstuvwxyz"


def with_late(late: tuple[Request, ...], request: Request) -> tuple[Request, ...]:
    if request.verb == "head":
        return late
    return tuple(sorted((*late, request), key=repr))


def aged(state: State) -> State:
    """Let a minute pass: what was not applied by now never will be."""
    opened = state.process.open
    if opened is not None:
        older = tuple(_aged(each) for each in opened.older)
        opened = opened._replace(is_later=False, intent=_aged(opened.intent), older=older)
    return state._replace(late=(), process=state.process._replace(open=opened))


def _aged(intent: Intent) -> Intent:
    return intent._replace(created_wall=OLD)


def free_name(state: State) -> str:
    """Give a short name that no operation has."""
    process = state.process
    intents = [state.memory.now.intent, state.disk.intent]
    intents += [plan.intent for plan in (process.planned, process.in_flight) if plan]
    taken = {intent.op_id for intent in intents if intent}
    taken |= {request.op for request in state.late}
    taken |= {each.op_id for each in (*state.memory.now.late, *state.disk.late)}
    if process.open is not None:
        taken |= {each.op_id for each in (process.open.intent, *process.open.older)}
    if state.remote is not None:
        taken.add(state.remote.op)
    if state.call is not None:
        taken |= {
            state.call.op,
            *(each.op for _, each in state.call.trace if isinstance(each, Obj)),
        }
    return next(name for name in _NAMES if name not in taken)


def ranked(state: State) -> State:
    """Make the counters as small as they can be; only their order is of interest."""
    memory, scan, opened = state.memory, state.scan, state.process.open
    asked = [scan.started_seq] if scan else []
    asked += [opened.seq] if opened and opened.has_been_seen else []
    if not asked:
        return state._replace(memory=memory._replace(row_seq=0, tomb_seq=0, seq=0))
    values = sorted({0, memory.row_seq, memory.tomb_seq, memory.seq, *asked})
    rank = {value: number for number, value in enumerate(values)}
    memory = memory._replace(
        row_seq=rank[memory.row_seq], tomb_seq=rank[memory.tomb_seq], seq=rank[memory.seq]
    )
    if scan:
        scan = scan._replace(started_seq=rank[scan.started_seq])
    process = state.process
    if opened and opened.has_been_seen:
        process = process._replace(open=opened._replace(seq=rank[opened.seq]))
    return state._replace(memory=memory, scan=scan, process=process)
