"""Delete an object whose file is gone: only the version we know, only while the file is gone."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from s3syncd import failpoints
from s3syncd.core.entry import Action, Outcome, Result, UnknownMark
from s3syncd.core.retry import FailureKind
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import Reply
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.looks import decided_again, look_surely, prove_gone
from s3syncd.transfer.outcomes import Ended, from_failure, superseded

__all__ = ["retire", "see_gone"]

_GONE = ("absent", "directory")
_LOST_CONDITION = frozenset({FailureKind.PRECONDITION, FailureKind.CONFLICT, FailureKind.MISSING})


def retire(kit: Kit, action: Action) -> Call:
    """Look at both sides, then delete on the condition that the version is still the known one.

    The HEAD is not made redundant by the condition: some stores ignore conditions.

    Raises:
        Ended: the file is back or cannot be judged, or the store did not answer.
    """
    _check_gone(kit, action)
    failpoints.reach("delete.before_head")
    seen = yield from look_surely(kit, action)
    if seen is None:
        return Outcome(action, Result.DONE, "gone", local_state="absent")
    if not _is_known(action, seen):
        return decided_again(kit, action, None, seen, local_state="absent")
    _check_gone(kit, action)
    failpoints.reach("delete.before_delete")
    reply: Reply = yield kit.bucket.delete(kit.key(action), if_match=seen.etag)
    failpoints.reach("delete.after_delete")
    if reply.failure is None:
        return Outcome(action, Result.DONE, "deleted", local_state="absent")
    if reply.failure.kind in _LOST_CONDITION:
        return (yield from _look_again(kit, action))
    return from_failure(action, reply.failure)


def see_gone(kit: Kit, action: Action) -> Call:
    """Ask whether the object of a path to be forgotten is really gone: Done `gone` if it is.

    A listing may not know a young object yet, on stores that are not consistent. One that is there
    is decided about as any object of a deleted file. The file may be back: the pass that missed it
    has waited for the listing.

    Raises:
        Ended: the store did not answer, or the file cannot be looked for.
    """
    if not (yield from prove_gone(kit, action)):
        seen = yield from look_surely(kit, action)
        if seen is not None:
            return decided_again(kit, action, None, seen, local_state="absent")
    is_back = kit.look(action) not in _GONE
    return Outcome(action, Result.DONE, "gone", local_state="absent", is_stale=is_back)


def _check_gone(kit: Kit, action: Action) -> None:
    """Confirm by looking, through an accepted root, that no file is at the path.

    Raises:
        Ended: there is one, or what is there is unknown.
    """
    look = kit.look(action)
    if look in _GONE:
        return
    state = "unknown" if isinstance(look, UnknownMark) else "file"
    raise Ended(superseded(action, f"local_{state}", local_state=state))


def _is_known(action: Action, seen: Reply) -> bool:
    """Whether the object is the version that the decision is about."""
    known = action.baseline or action.remote
    return known is not None and (seen.etag, seen.size_bytes) == (known.etag, known.size_bytes)


def _look_again(kit: Kit, action: Action) -> Generator[Start, Any, Outcome]:
    """The condition was lost: somebody changed the object, or deleted it, or it was busy."""
    seen = yield from look_surely(kit, action)
    if seen is None:
        return Outcome(action, Result.DONE, "gone", local_state="absent")
    if not _is_known(action, seen):
        return decided_again(kit, action, None, seen, local_state="absent")
    return Outcome(action, Result.RETRYABLE, local_state="absent", reason="concurrent_change")
