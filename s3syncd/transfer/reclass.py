"""Give an object the configured storage class: a copy onto itself, inside the store."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from s3syncd import failpoints
from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.core.retry import FailureKind
from s3syncd.ledger import Intent
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import Reply
from s3syncd.transfer.headers import OP_KEY, content_type_for
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.looks import decided_again, has_made, look_after, look_known
from s3syncd.transfer.outcomes import Ended, from_failure, superseded

__all__ = ["reclass"]

# CopyObject's limit (S3 user guide); a larger object would have to be copied in parts.
_LARGEST_COPY_BYTES = 5 * 1024**3

# What describes an object beside its metadata and type. The copy is told metadata anew, so that
# our operation id stands in it; what it is not told again would be gone.
_DESCRIPTIONS = frozenset({
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    "x-amz-website-redirect-location",
})  # fmt: skip
_LOST_CONDITION = frozenset({FailureKind.PRECONDITION, FailureKind.CONFLICT, FailureKind.MISSING})


def reclass(kit: Kit, action: Action, intent: Intent | None) -> Call:
    """Copy the known version onto itself with the configured class, its metadata kept.

    An object that a copy would strip of its description keeps its class, and nobody asks again;
    one too large for a copy is uploaded anew.

    Raises:
        Ended: a look at the object failed, or the copy did.
    """
    base, wanted = action.baseline, kit.settings.policy.storage_class
    if base is None or wanted is None:
        return superseded(action, "changed_since_decided")
    seen = yield from look_known(kit, action)
    if seen is None or (seen.etag, seen.size_bytes) != (base.etag, base.size_bytes):
        return decided_again(kit, action, action.local, seen, local_state="file")
    if lost := _lost_by_copy(seen):
        hint = f"Its class stays: a copy would lose its {', '.join(lost)}."
        row = base._replace(storage_class="")
        return Outcome(action, Result.DONE, "unchanged", row, reason="class_kept", hint=hint)
    if base.size_bytes > _LARGEST_COPY_BYTES:
        again = action._replace(kind=Kind.UPLOAD)
        return superseded(action, "too_large_to_copy", follow_up=again)
    etag = yield from _copy(kit, action, seen, intent.op_id if intent else kit.new_id())
    row = base._replace(etag=etag, storage_class=wanted)
    return Outcome(action, Result.DONE, "reclassed", row)


def _lost_by_copy(seen: Reply) -> list[str]:
    """Name what of the object's description a copy could not be given again."""
    lost = sorted(_DESCRIPTIONS & seen.headers.keys())
    plain = all(text.isascii() and text.isprintable() for text in seen.metadata.values())
    return lost if plain else [*lost, "metadata that is not ASCII"]


def _copy(kit: Kit, action: Action, seen: Reply, op_id: str) -> Generator[Start, Any, str]:
    """Copy the version seen and give the new one; some stores do not tell it.

    Raises:
        Ended: there was no copy, or nobody knows.
    """
    failpoints.reach("reclass.before_copy")
    reply: Reply = yield kit.bucket.copy_onto_itself(
        kit.key(action),
        etag=seen.etag,
        storage_class=kit.settings.policy.storage_class,
        metadata=seen.metadata | {OP_KEY: op_id},
        content_type=seen.headers.get("content-type") or content_type_for(action.path),
    )
    failpoints.reach("reclass.after_copy")
    failure = reply.failure
    if failure is None and reply.etag:
        return reply.etag
    if failure is not None and failure.kind not in _LOST_CONDITION:
        raise Ended(from_failure(action, failure))
    now = yield from look_after(kit, action)
    is_same = failure is None and now is not None and now.etag == seen.etag
    if now is None or not (is_same or has_made(now, op_id)):
        raise Ended(decided_again(kit, action, action.local, now, local_state="file"))
    return now.etag
