"""Looking at an object by HEAD: which version it is, and whether we made it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from s3syncd.core.entry import Action, LocalEntry, Outcome, RemoteEntry, Result
from s3syncd.core.reconcile import decide
from s3syncd.core.retry import FailureKind
from s3syncd.pool import Start
from s3syncd.s3.reply import Reply
from s3syncd.transfer.headers import OP_KEY
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.outcomes import Ended, from_failure, superseded

__all__ = ["decided_again", "has_made", "look_after", "look_at", "version_of"]


def look_at(
    kit: Kit, action: Action, *, part_number: int | None = None, with_checksum: bool = False
) -> Generator[Start, Any, Reply | None]:
    """HEAD the action's key; None when there is no object.

    Raises:
        Ended: the answer says neither.
    """
    reply: Reply = yield kit.bucket.head(
        kit.key(action), part_number=part_number, with_checksum=with_checksum
    )
    if reply.failure is None:
        return reply
    if reply.failure.kind is FailureKind.MISSING:
        return None
    raise Ended(from_failure(action, reply.failure))


def look_after(kit: Kit, action: Action) -> Generator[Start, Any, Reply | None]:
    """HEAD after an effect that may have been applied: a failed look leaves that unknown.

    Raises:
        Ended: Retryable and unknown: the site keeps the intent and looks again.
    """
    try:
        return (yield from look_at(kit, action))
    except Ended as end:
        raise Ended(replace(end.outcome, result=Result.RETRYABLE, is_unknown=True)) from end


def has_made(seen: Reply | None, op_id: str | None) -> bool:
    """Whether this version was made by the operation `op_id`: "was that me?"."""
    return seen is not None and op_id is not None and seen.metadata.get(OP_KEY) == op_id


def version_of(action: Action, seen: Reply) -> RemoteEntry:
    """Give what a listing would tell of the object seen; a size not told is -1, equal to none."""
    size_bytes = -1 if seen.size_bytes is None else seen.size_bytes
    storage_class = seen.headers.get("x-amz-storage-class", "STANDARD")
    return RemoteEntry(action.path, size_bytes, seen.etag, storage_class)


def decided_again(
    kit: Kit, action: Action, local: LocalEntry | None, seen: Reply | None, *, local_state: str
) -> Outcome:
    """Tell that the object is not the one that was decided about, and what follows from it."""
    remote = None if seen is None else version_of(action, seen)
    follow_up = decide(action.path, local, action.baseline, remote, kit.settings.policy)
    return superseded(action, "foreign_change", local_state=local_state, follow_up=follow_up)
