"""After a crash, or when no answer came: find out what became of an intent, by looking.

The evidence is the object: our operation id in it, its content, or the version that was there
before. What is neither one nor the other is nobody's baseline.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from s3syncd import failpoints
from s3syncd.core.entry import Action, BaselineRow, Kind, LocalEntry, Outcome, Result, UnknownMark
from s3syncd.core.reconcile import decide
from s3syncd.ledger import Intent
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import Reply
from s3syncd.transfer.headers import MD5_KEY
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.leftovers import is_same_file, sweep
from s3syncd.transfer.looks import has_made, look_surely, version_of
from s3syncd.transfer.outcomes import Ended, superseded

__all__ = ["action_of", "confirm", "recover"]


def action_of(intent: Intent, baseline: BaselineRow | None) -> Action:
    """Give the action that an intent's outcome speaks of."""
    return Action(Kind(intent.kind), intent.path, None, baseline, None, 0, "recovered")


def recover(kit: Kit, action: Action, intent: Intent, older: Sequence[Intent] = ()) -> Call:
    """Look at the object and tell what is true now.

    What an upload of `older` has made is told of instead, where that is what is there.

    Raises:
        Ended: the look failed; nothing is known, the intent stays.
        S3Failure: leftover uploads could not be listed or aborted; the intent stays.
    """
    failpoints.reach("recovery.before_head")
    # Not even where nothing is known to be there: a bucket that is gone would hide what was put.
    seen = yield from look_surely(kit, action)
    failpoints.reach("recovery.after_head")
    late = next((one for one in older if _is_work_of(one, seen)), None)
    if late is not None and not _is_work_of(intent, seen):
        # Else it would be taken up over another version.
        yield from _sweep_parts(kit, action, intent, keep=None)
        action, intent = action_of(late, action.baseline), late
    if action.kind is Kind.UPLOAD:
        return (yield from _judge_upload(kit, action, intent, seen))
    if action.kind is Kind.RECLASS and seen is not None and has_made(seen, intent.op_id):
        return _reclassed(kit, action, seen)
    if action.kind is Kind.DELETE_REMOTE and seen is None:
        return Outcome(action, Result.DONE, "deleted", local_state="absent")
    return _decided_again(kit, action, _judge_before(action, intent, seen), seen)


def confirm(kit: Kit, action: Action, intent: Intent) -> Call:
    """Ask which version a listing will tell of the object that this intent's upload has made.

    Raises:
        Ended: the look failed.
    """
    failpoints.reach("confirmation.before_head")
    seen = yield from look_surely(kit, action)
    failpoints.reach("confirmation.after_head")
    if seen is None or not has_made(seen, intent.op_id):
        return _decided_again(kit, action, superseded(action, "foreign_change"), seen)
    row = _row_of(kit, intent, seen)
    return Outcome(action, Result.DONE, "put", row, is_stale=not _is_there(kit, action, row))


def _decided_again(kit: Kit, action: Action, outcome: Outcome, seen: Reply | None) -> Outcome:
    """Add what follows from both sides as they are now.

    The pass that could tell left the path alone because of its intent, and the next one may be a
    day away.
    """
    if outcome.result is not Result.SUPERSEDED:
        return outcome
    local = kit.look(action)
    if isinstance(local, UnknownMark):
        return outcome
    entry = local if isinstance(local, LocalEntry) else None
    remote = None if seen is None else version_of(action, seen)
    after = decide(action.path, entry, action.baseline, remote, kit.settings.policy)
    return replace(outcome, follow_up=after)


def _judge_before(action: Action, intent: Intent, seen: Reply | None) -> Outcome:
    """The effect did not show: either nothing happened, or somebody else was there."""
    known = {intent.etag_before, action.baseline.etag if action.baseline else intent.etag_before}
    if (seen.etag if seen else None) in known:
        return superseded(action, "not_applied")
    return Outcome(action, Result.DONE, "gone", is_stale=True, reason="foreign_change")


def _reclassed(kit: Kit, action: Action, seen: Reply) -> Outcome:
    base, wanted = action.baseline, kit.storage_class
    if base is None or seen.size_bytes != base.size_bytes:
        return Outcome(action, Result.DONE, "gone", is_stale=True, reason="foreign_change")
    row = base._replace(etag=seen.etag, storage_class=wanted)
    return Outcome(action, Result.DONE, "reclassed", row)


def _judge_upload(kit: Kit, action: Action, intent: Intent, seen: Reply | None) -> Call:
    if seen is not None and _is_work_of(intent, seen):
        yield from _sweep_parts(kit, action, intent, keep=None)
        row = _row_of(kit, intent, seen)
        return Outcome(action, Result.DONE, "put", row, is_stale=not _is_there(kit, action, row))
    outcome = _judge_before(action, intent, seen)
    after = None
    if outcome.result is Result.SUPERSEDED and intent.upload_id is not None:
        after = _upload_again(kit, action, intent, seen)
    if after is None:
        yield from _sweep_parts(kit, action, intent, keep=None)
        return _decided_again(kit, action, outcome, seen)
    yield from _sweep_parts(kit, action, intent, keep=intent.upload_id)
    return superseded(action, "resumable", follow_up=after)


def _upload_again(kit: Kit, action: Action, intent: Intent, seen: Reply | None) -> Action | None:
    """Give the upload that follows, if it is to be one of this very file: it can go on."""
    local = kit.look(action)
    if not isinstance(local, LocalEntry) or not is_same_file(intent, local):
        return None
    remote = None if seen is None else version_of(action, seen)
    after = decide(action.path, local, action.baseline, remote, kit.settings.policy)
    return after if after is not None and after.kind is Kind.UPLOAD else None


def _is_work_of(intent: Intent, seen: Reply | None) -> bool:
    """Whether an upload made what is there: by its id, or, where none is kept, by its content."""
    if seen is None or intent.kind != Kind.UPLOAD:
        return False
    holds_content = seen.etag == intent.md5 and seen.size_bytes == intent.size_bytes
    return holds_content or (bool(intent.op_id) and has_made(seen, intent.op_id))


def _sweep_parts(
    kit: Kit, action: Action, intent: Intent, *, keep: str | None
) -> Generator[Start, Any, None]:
    is_large = intent.size_bytes > kit.settings.multipart_threshold_bytes
    if is_large or intent.upload_id is not None or intent.part_size_bytes:
        yield from sweep(kit, action, recorded=intent.upload_id, keep=keep)


def _row_of(kit: Kit, intent: Intent, seen: Reply) -> BaselineRow:
    """Make the row of an upload that was applied.

    The stat is the intent's, from before the content was read: a file changed since then has
    another one, and is compared again. The size is that of the object.
    """
    metadata = seen.metadata
    mode = metadata.get("mode", "")
    return BaselineRow(
        intent.path,
        intent.size_bytes if seen.size_bytes is None else seen.size_bytes,
        intent.mtime_ns,
        intent.ctime_ns,
        intent.inode,
        int(mode) if mode.isascii() and mode.isdigit() else 0,
        metadata.get(MD5_KEY) or intent.md5,
        seen.etag,
        kit.storage_class,
    )


def _is_there(kit: Kit, action: Action, row: BaselineRow) -> bool:
    try:
        look = kit.look(action)
    except (Ended, OSError):
        return False
    return isinstance(look, LocalEntry) and look[:5] == row[:5]
