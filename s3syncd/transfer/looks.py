"""Looking at an object by HEAD: which version it is, and whether we made it.

The answer to a HEAD has no body. A bucket that is gone, or not mounted yet on the server, answers
404 just as a missing key does; what is to be forgotten for that asks once more, for words.
"""

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

__all__ = [
    "NAMES_THE_KEY",
    "decided_again",
    "has_made",
    "look_after",
    "look_at",
    "look_known",
    "look_surely",
    "prove_gone",
    "version_of",
]

NAMES_THE_KEY = frozenset({"NoSuchKey", "NoSuchVersion"})
"""Codes of an answer that says that the object is what is missing."""


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


def look_known(
    kit: Kit, action: Action, *, part_number: int | None = None, with_checksum: bool = False
) -> Generator[Start, Any, Reply | None]:
    """Look, and say None of an object with a baseline only where the bucket is there without it.

    What is decided by such a look forgets the baseline, and with it that the object is ours.

    Raises:
        Ended: the answers say neither.
    """
    seen = yield from look_at(kit, action, part_number=part_number, with_checksum=with_checksum)
    is_known = action.baseline is not None
    if seen is None and is_known and not (yield from prove_gone(kit, action)):
        raise Ended(replace(_unsure(action), local_state="file"))
    return seen


def look_after(kit: Kit, action: Action) -> Generator[Start, Any, Reply | None]:
    """HEAD after an effect that may have been applied: a failed look leaves that unknown.

    Raises:
        Ended: Retryable and unknown: the site keeps the intent and looks again.
    """
    try:
        return (yield from look_known(kit, action))
    except Ended as end:
        raise Ended(replace(end.outcome, result=Result.RETRYABLE, is_unknown=True)) from end


def look_surely(kit: Kit, action: Action) -> Generator[Start, Any, Reply | None]:
    """Look, and say None only where the bucket is there and has no such object.

    Raises:
        Ended: the answers say neither.
    """
    seen = yield from look_at(kit, action)
    if seen is None and not (yield from prove_gone(kit, action)):
        # The bucket came back between two answers, or another writer was quick.
        raise Ended(_unsure(action))
    return seen


def prove_gone(kit: Kit, action: Action) -> Generator[Start, Any, bool]:
    """Ask so that a refusal says why: whether the bucket is there and has no such object.

    Raises:
        Ended: the answer says neither.
    """
    reply: Reply = yield kit.bucket.peek(kit.key(action))
    failure = reply.failure
    if failure is None or failure.kind is FailureKind.PRECONDITION:  # 416: it is empty
        return False
    if failure.kind is FailureKind.MISSING and failure.code not in NAMES_THE_KEY:
        # Without a word about what is missing: then the bucket must answer.
        page: Reply = yield kit.bucket.list_page(kit.scope.prefix, max_keys=1)
        failure = page.failure or failure
    if failure.kind is not FailureKind.MISSING:
        raise Ended(from_failure(action, failure))
    return True


def has_made(seen: Reply | None, op_id: str | None) -> bool:
    """Whether this version was made by the operation `op_id`: "was that me?"."""
    return seen is not None and op_id is not None and seen.metadata.get(OP_KEY) == op_id


def _unsure(action: Action) -> Outcome:
    return Outcome(action, Result.RETRYABLE, local_state="absent", reason="concurrent_change")


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
