"""Upload in parts: sent in parallel from one open file, published only if it did not change.

Publication (Complete) is the last step, so a torn object never becomes visible; what was sent
before an interruption is taken up again, part by part, where it is provably the file's.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from itertools import count
from typing import Any

from s3syncd import failpoints
from s3syncd.core.digest import is_md5_etag, part_count_of, part_size_for
from s3syncd.core.entry import Action, BaselineRow, Outcome, Result
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.ledger import Intent
from s3syncd.pool import Call, Start, apart
from s3syncd.s3.multipart import Part
from s3syncd.s3.reply import S3Failure
from s3syncd.transfer.digests import md5_of, multipart_etag_of
from s3syncd.transfer.headers import content_type_for, metadata_for
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.leftovers import abort, is_same_file, parts_of, sweep
from s3syncd.transfer.looks import decided_again, has_made, look_after, look_at
from s3syncd.transfer.notes import IntentNeeded, MultipartCreated, Note
from s3syncd.transfer.outcomes import Ended, from_failure, superseded
from s3syncd.transfer.parts import Parts, send_parts
from s3syncd.transfer.small import (
    condition_for,
    etag_before,
    is_remote_as_baseline,
    look_first,
    row_for,
)
from s3syncd.transfer.source import Source

__all__ = ["send"]


def send(kit: Kit, action: Action, source: Source, intent: Intent | None) -> Call:
    """Upload in parts, or find that nothing needs sending.

    On Done, Superseded and Refused no upload is left behind. On Retryable one may be: the intent
    is to be kept, and passed again, so that it is taken up or swept.

    Raises:
        Ended: the file is not settled, or a request failed.
        S3Failure: a blocking request failed.
    """
    source.check_writers()  # again before Complete; now it saves sending what could not be used
    if row := (yield from _row_unchanged(action, source)):
        source.check_settled()
        return Outcome(action, Result.DONE, "unchanged", row, is_stale=source.is_racy)
    op_id, upload_id, held = yield from _take_up(kit, action, source, intent)
    if upload_id is None:
        upload_id = yield from _begin(kit, action, source, op_id)
    parts = Parts(
        action, upload_id, part_size_for(source.entry.size_bytes), held, kit.shelf.buffers()
    )
    try:
        yield from send_parts(kit, source, parts)
        yield from kit.bucket.turns.one()  # waited for before the last look at the file
        source.check_settled()
        _check_in_place(kit, action, source)
    except (Ended, S3Failure) as end:
        raise (yield from _left(kit, action, upload_id, end)) from end
    etag, is_provisional = yield from _publish(kit, action, source, parts, op_id)
    outcome = _done(kit, action, source, etag, parts.sent_bytes)
    return replace(outcome, is_provisional=is_provisional)


def _row_unchanged(action: Action, source: Source) -> Generator[Start, Any, BaselineRow | None]:
    """Hash first where the size is the baseline's: a touch of a large file sends nothing."""
    base, size_bytes = action.baseline, source.entry.size_bytes
    if base is None or not is_remote_as_baseline(action) or base.size_bytes != size_bytes:
        return None
    part_size_bytes = part_size_for(size_bytes)
    if is_md5_etag(base.etag) or base.md5 is not None:
        md5 = yield from md5_of(source)
        is_same = md5 in {base.etag, base.md5}
    elif part_count_of(base.etag) == -(-size_bytes // part_size_bytes):
        etag = yield from multipart_etag_of(source, part_size_bytes)
        is_same = etag == base.etag
    else:
        return None  # put by others in parts: its layout is not known here
    if not is_same:
        return None
    return row_for(source.recorded, md5=base.md5, etag=base.etag, storage_class=base.storage_class)


def _take_up(
    kit: Kit, action: Action, source: Source, intent: Intent | None
) -> Generator[Start, Any, tuple[str, str | None, dict[int, Part]]]:
    """Give (operation id, upload id or None, parts held) to go on from.

    Raises:
        Ended: the upload that an intent tells of was completed after all, or cannot be judged.
        S3Failure: it cannot be judged.
    """
    if intent is None or not is_same_file(intent, source.recorded):
        if intent is not None and intent.upload_id is not None:
            yield from kit.bucket.turns.one()
            yield from sweep(kit, action, recorded=intent.upload_id, keep=None)
        op_id = kit.new_id()
        part_size_bytes = part_size_for(source.entry.size_bytes)
        note = IntentNeeded(
            action.path, op_id, source.recorded, etag_before(action), part_size_bytes
        )
        yield from _commit(kit, action, note)
        return op_id, None, {}
    if intent.upload_id is None:
        return intent.op_id, None, {}
    is_same_layout = intent.part_size_bytes == part_size_for(source.entry.size_bytes)
    yield from kit.bucket.turns.one()
    held = yield from parts_of(kit, action, intent.upload_id)
    is_usable = held is not None and is_same_layout
    yield from kit.bucket.turns.one()
    keep = intent.upload_id if is_usable else None
    yield from sweep(kit, action, recorded=intent.upload_id, keep=keep)
    if held is not None and is_usable:
        return intent.op_id, intent.upload_id, held
    seen = yield from look_at(kit, action)
    if seen is not None and has_made(seen, intent.op_id):
        raise Ended(_done(kit, action, source, seen.etag, 0))
    return intent.op_id, None, {}


def _begin(kit: Kit, action: Action, source: Source, op_id: str) -> Generator[Start, Any, str]:
    """Create the upload and have its id made durable before any part is sent.

    Raises:
        Ended: its id cannot be made durable now; it was aborted.
        S3Failure: it was not created.
    """
    yield from kit.bucket.turns.one()
    failpoints.reach("upload.before_create")
    upload_id = yield from apart(
        lambda: kit.bucket.create_multipart(
            kit.key(action),
            content_type=content_type_for(action.path),
            metadata=metadata_for(source.entry, op_id=op_id),
            storage_class=kit.settings.policy.storage_class,
        )
    )
    failpoints.reach("upload.after_create")
    note = MultipartCreated(action.path, upload_id, part_size_for(source.entry.size_bytes))
    try:
        yield from _commit(kit, action, note)
    except Ended as end:
        yield from abort(kit, action, upload_id)
        raise Ended(end.outcome) from end
    return upload_id


def _commit(kit: Kit, action: Action, note: Note) -> Generator[Start, Any, None]:
    """Go on only once the ledger has the note.

    Raises:
        Ended: it cannot have it now.
    """
    if not (yield kit.commit_intent(note)):
        raise Ended(Outcome(action, Result.RETRYABLE, reason="ledger_unavailable"))


def _check_in_place(kit: Kit, action: Action, source: Source) -> None:
    """Confirm that the path still is the file that was read: it may have been replaced.

    Raises:
        Ended: it is not.
    """
    look = kit.look(action)
    if getattr(look, "inode", None) != source.entry.inode:
        raise Ended(superseded(action, "changed_while_reading", due_in_seconds=0.0))


def _left(
    kit: Kit, action: Action, upload_id: str, end: Ended | S3Failure
) -> Generator[Start, Any, Ended]:
    """Abort the upload unless its parts can be used by the next attempt; give the end."""
    outcome = end.outcome if isinstance(end, Ended) else from_failure(action, end.failure)
    if outcome.result is Result.RETRYABLE:
        return Ended(outcome)
    try:
        yield from abort(kit, action, upload_id)
    except S3Failure as error:
        # Retryable, so that the intent stays and names the upload that is to be aborted.
        outcome = from_failure(action, error.failure._replace(kind=FailureKind.TRANSIENT))
    return Ended(outcome)


def _publish(
    kit: Kit, action: Action, source: Source, parts: Parts, op_id: str
) -> Generator[Start, Any, tuple[str, bool]]:
    """Complete the upload and give the object's version; after a failure look, then try again.

    With it goes whether a listing may call that version otherwise: rclone answers with an ETag
    made of the parts, and lists the MD5 of the whole, for which it reads the object: 1.5 s per GiB.
    So the site asks later, when nobody waits for the answer.

    Raises:
        Ended: it was not published, or nobody knows.
    """
    yield from _look_first(kit, action, source, parts)
    for attempt in count(1):
        failpoints.reach("upload.before_complete")
        try:
            etag = yield from apart(lambda: _complete(kit, action, source, parts))
        except S3Failure as error:
            failure = error.failure
        else:
            failpoints.reach("upload.after_complete")
            return (etag, True) if etag else ((yield from _etag_seen(kit, action, op_id)), False)
        seen = yield from look_after(kit, action)
        if seen is not None and has_made(seen, op_id):
            return seen.etag, False
        if attempt > kit.settings.ops_retries or not _may_repeat(failure):
            break
        yield kit.bucket.back_off(attempt)
    end = Ended(from_failure(action, failure))
    # A condition on a version that is gone is lost with 404, and so is an upload that is gone.
    is_vanished = failure.kind is FailureKind.MISSING and failure.code != "NoSuchUpload"
    is_vanished = is_vanished and condition_for(kit, action).if_match is not None
    if is_vanished or failure.kind in {FailureKind.PRECONDITION, FailureKind.CONFLICT}:
        end = Ended(decided_again(kit, action, source.entry, seen, local_state="file"))
    raise (yield from _left(kit, action, parts.upload_id, end))


def _look_first(
    kit: Kit, action: Action, source: Source, parts: Parts
) -> Generator[Start, Any, None]:
    try:
        yield from look_first(kit, action, source.entry, condition_for(kit, action))
    except Ended as ended:
        raise (yield from _left(kit, action, parts.upload_id, ended)) from ended


def _may_repeat(failure: Failure) -> bool:
    """Whether Complete may be sent again after a look: not while the first may still be working."""
    is_open = failure.is_unknown and failure.status is None
    return failure.kind is FailureKind.TRANSIENT and not is_open


def _complete(kit: Kit, action: Action, source: Source, parts: Parts) -> str:
    """Have the object made of its parts; give what the store calls its version, or ''.

    Raises:
        S3Failure: it was not made, or nobody knows.
    """
    condition = condition_for(kit, action)
    return kit.bucket.complete_multipart(
        kit.key(action),
        parts.upload_id,
        parts.etags(),
        if_match=condition.if_match,
        if_none_match=condition.if_none_match,
        size_bytes=source.entry.size_bytes,
    )


def _etag_seen(kit: Kit, action: Action, op_id: str) -> Generator[Start, Any, str]:
    """Give the version of an object that was published by an answer that did not tell it.

    Raises:
        Ended: a look does not tell it either.
    """
    seen = yield from look_after(kit, action)
    if seen is not None and has_made(seen, op_id):
        return seen.etag
    raise Ended(decided_again(kit, action, action.local, seen, local_state="file"))


def _done(kit: Kit, action: Action, source: Source, etag: str, sent_bytes: int) -> Outcome:
    row = row_for(source.recorded, md5=None, etag=etag, storage_class=kit.storage_class)
    is_stale = source.is_racy or kit.is_stale(action, source.entry)
    return Outcome(action, Result.DONE, "put", row, is_stale=is_stale, sent_bytes=sent_bytes)
