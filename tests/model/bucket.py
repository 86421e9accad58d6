"""The object of the path: what a request does to it, and what it must not have done."""

from __future__ import annotations

from typing import Any

from tests.model.calls import MISSING, UNMET
from tests.model.values import ETAGS, Obj, Options, Request, State

__all__ = ["apply"]


def apply(state: State, request: Request, options: Options) -> tuple[State, Any, str]:
    """Carry a request out: the state after it, the answer, and what was broken, or ''."""
    remote = state.remote
    if "conditions" not in options.off and (refusal := _refusal(remote, request)):
        return state, refusal, ""
    if request.verb == "delete":
        return state._replace(remote=None), None, _broken_by_delete(state, remote)
    made = Obj(request.content, request.op, request.born)
    broken = ""
    if options.on_drift == "hold" and remote is not None and remote.born < 0:
        broken = _broken_by_put(remote, request)
    return state._replace(remote=made, shown=state.shown | 1 << made.content), made, broken


def _refusal(remote: Obj | None, request: Request) -> str:
    if request.if_none_match and remote is not None:
        return UNMET
    if request.if_match is None:
        return ""
    if remote is None:
        return MISSING
    return "" if ETAGS[remote.content] == request.if_match else UNMET


def _broken_by_delete(state: State, remote: Obj | None) -> str:
    """Only what the user deleted may be deleted: a file that was put from, or adopted for."""
    if remote is None:
        return ""
    if remote.born >= 0:
        return "" if state.deleted > remote.born else "LOST: nobody deleted the file"
    if state.known >> remote.content & 1:
        return "ABA: somebody else's object with bytes that were ours"
    return "LOST: somebody else's object was deleted"


def _broken_by_put(remote: Obj, request: Request) -> str:
    """On hold nothing of somebody else's is overwritten."""
    if request.content == remote.content:
        return ""
    if request.if_match == ETAGS[remote.content]:
        return "ABA: somebody else's object with bytes that were ours"
    return "LOST: somebody else's object was overwritten"
