"""Upload in one request: what is hashed is what is sent, and it is a whole, quiet file."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from typing import Any, NamedTuple

from s3syncd import failpoints
from s3syncd.core.entry import Action, BaselineRow, LocalEntry, Outcome, Result
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.ledger import Intent
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import Reply, etag_may_be_md5
from s3syncd.s3.wire import Body
from s3syncd.transfer.bodies import LENT_BYTES, read_body
from s3syncd.transfer.buffers import Buffers
from s3syncd.transfer.headers import content_type_for, metadata_for
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.looks import decided_again, has_made, look_after, look_known
from s3syncd.transfer.notes import EtagLearnt
from s3syncd.transfer.outcomes import Ended, from_failure
from s3syncd.transfer.source import Source

__all__ = [
    "Condition",
    "condition_for",
    "etag_before",
    "is_remote_as_baseline",
    "look_first",
    "row_for",
    "send",
]

_CHANGED_LOCALLY = 9  # the table's row: local changed, remote as in the baseline
_REPLANNED = frozenset({FailureKind.PRECONDITION, FailureKind.CONFLICT, FailureKind.MISSING})


class Condition(NamedTuple):
    """What must hold for a conditional write; both empty: it is unconditional."""

    if_match: str | None
    if_none_match: bool

    @property
    def is_set(self) -> bool:
        """Whether the write is conditional at all."""
        return self.if_match is not None or self.if_none_match


def etag_before(action: Action) -> str | None:
    """Give the version that the decision saw in the bucket; None: no object.

    A rescan does not look at the bucket: the baseline's version then stands for it.
    """
    if action.remote is not None:
        return action.remote.etag
    if action.row == _CHANGED_LOCALLY and action.baseline is not None:
        return action.baseline.etag
    return None


def condition_for(kit: Kit, action: Action) -> Condition:
    """Give the condition: none where the local side is the authority over every version."""
    if kit.settings.policy.on_drift != "hold":
        return Condition(None, False)
    before = etag_before(action)
    return Condition(before, before is None)


def look_first(
    kit: Kit, action: Action, entry: LocalEntry, condition: Condition
) -> Generator[Start, Any, None]:
    """See that a condition holds, where the store is not known to see to that.

    Raises:
        Ended: it does not, or the look failed.
    """
    if not condition.is_set or kit.keeps_conditions:
        return
    seen = yield from look_known(kit, action)
    if (seen.etag if seen is not None else None) != condition.if_match:
        raise Ended(decided_again(kit, action, entry, seen, local_state="file"))


def is_remote_as_baseline(action: Action) -> bool:
    """Whether the object is, as far as the decision knows, the one of the baseline."""
    base, remote = action.baseline, action.remote
    if base is None or action.row != _CHANGED_LOCALLY:
        return False
    return remote is None or (remote.etag, remote.size_bytes) == (base.etag, base.size_bytes)


def row_for(entry: LocalEntry, *, md5: str | None, etag: str, storage_class: str) -> BaselineRow:
    """Make the baseline row of an object that holds this file."""
    return BaselineRow(*entry, md5, etag, storage_class)


def send(kit: Kit, action: Action, source: Source, intent: Intent | None) -> Call:
    """Read, prove settled, hash the buffer, send the buffer (or nothing, if it is there already).

    Raises:
        Ended: the file is not settled, or the request failed.
    """
    is_lent = source.entry.size_bytes >= LENT_BYTES
    buffers = kit.shelf.buffers() if is_lent else None  # kept, so that the next one uses it again
    body, digest = _read(source, buffers)
    source.check_settled()
    source.close()
    md5, base, size_bytes = digest.hex(), action.baseline, len(body)
    if base and is_remote_as_baseline(action) and md5 in {base.md5, base.etag}:
        row = row_for(source.recorded, md5=md5, etag=base.etag, storage_class=base.storage_class)
        return Outcome(action, Result.DONE, "unchanged", row, is_stale=source.is_racy)
    condition = condition_for(kit, action)
    yield from look_first(kit, action, source.entry, condition)
    op_id = intent.op_id if intent else kit.new_id() if condition.is_set else None
    failpoints.reach("upload.before_put")
    sending = kit.bucket.put(
        kit.key(action),
        body,
        md5=digest,
        content_type=content_type_for(action.path),
        metadata=metadata_for(source.entry, op_id=op_id, md5=md5),
        storage_class=kit.settings.policy.storage_class,
        if_match=condition.if_match,
        if_none_match=condition.if_none_match,
    )
    del body  # a lent one goes back when the kernel has it: the answer may be long in coming
    reply: Reply = yield sending
    del sending
    failpoints.reach("upload.after_put")
    if reply.failure is None:
        _learn(kit, reply, md5)
        etag = reply.etag
    else:
        op_id = op_id if _can_be_lost(condition, reply.failure) else None
        etag = yield from _etag_lost(kit, action, source.entry, reply.failure, op_id)
    row = row_for(source.recorded, md5=md5, etag=etag, storage_class=kit.storage_class)
    is_stale = source.is_racy or kit.is_stale(action, source.entry)
    return Outcome(action, Result.DONE, "put", row, is_stale=is_stale, sent_bytes=size_bytes)


def _read(source: Source, buffers: Buffers | None) -> tuple[Body, bytes]:
    """Read the whole file; give it to be sent, and the MD5 (16 bytes) of these bytes."""
    if buffers is not None:
        return read_body(buffers, source, 0, source.entry.size_bytes)
    body = source.read_whole()
    return body, hashlib.md5(body, usedforsecurity=False).digest()


def _can_be_lost(condition: Condition, failure: Failure) -> bool:
    """Whether a condition may have been lost; what shall not be there is not missed by a store.

    Deciding again at once about such an answer would ask for ever.
    """
    is_misplaced = condition.if_none_match and failure.kind is FailureKind.MISSING
    return condition.is_set and not is_misplaced


def _etag_lost(
    kit: Kit, action: Action, entry: LocalEntry, failure: Failure, op_id: str | None
) -> Generator[Start, Any, str]:
    """After a failed PUT: give the version if a lost condition was lost to ourselves.

    `op_id` is None where there was no condition to lose.

    Raises:
        Ended: it was not, or the failure is another one.
    """
    if op_id is None or failure.kind not in _REPLANNED:
        raise Ended(from_failure(action, failure))
    seen = yield from look_after(kit, action)
    if seen is not None and has_made(seen, op_id):
        return seen.etag
    raise Ended(decided_again(kit, action, entry, seen, local_state="file"))


def _learn(kit: Kit, reply: Reply, md5: str) -> None:
    """Note what a plain ETag is in this store: the server has verified the MD5 that we sent.

    A differing ETag is never a reason to send again, and once is enough to trust none.
    """
    is_md5 = reply.etag == md5
    if etag_may_be_md5(reply) and kit.etag_is_md5 not in {is_md5, False}:
        kit.etag_is_md5 = is_md5
        kit.report(EtagLearnt(is_md5))
