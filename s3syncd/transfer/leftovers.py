"""Multipart uploads that were begun and not finished: taken up again, or aborted.

They are billed until aborted and appear in no listing of objects. Who asks the store about them
waits for its answer on a thread apart.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from s3syncd import failpoints
from s3syncd.core.entry import Action, LocalEntry
from s3syncd.core.retry import FailureKind
from s3syncd.ledger import Intent
from s3syncd.pool import Start, apart
from s3syncd.s3.multipart import Part
from s3syncd.s3.reply import S3Failure
from s3syncd.transfer.kit import Kit

__all__ = ["abort", "is_same_file", "parts_of", "sweep"]


def is_same_file(intent: Intent, entry: LocalEntry) -> bool:
    """Whether the intent is about this file as it is now: path, size, times and inode."""
    known = (intent.path, intent.size_bytes, intent.mtime_ns, intent.ctime_ns, intent.inode)
    return known == entry[:5]


def parts_of(
    kit: Kit, action: Action, upload_id: str
) -> Generator[Start, Any, dict[int, Part] | None]:
    """Give the parts that the bucket holds, by number: the truth.

    None: there is no such upload, or nobody may ask about it: then it is of no use.

    Raises:
        S3Failure: it cannot be told now.
    """
    try:
        parts = yield from apart(lambda: kit.bucket.list_parts(kit.key(action), upload_id))
    except S3Failure as error:
        if error.failure.kind in {FailureKind.MISSING, FailureKind.REFUSED}:
            return None
        raise
    return {part.number: part for part in parts}


def abort(kit: Kit, action: Action, upload_id: str) -> Generator[Start, Any, None]:
    """Abort an unfinished upload; one that is gone already is no failure.

    Raises:
        S3Failure: it may still be there.
    """
    failpoints.reach("upload.before_abort")
    yield from apart(lambda: kit.bucket.abort_multipart(kit.key(action), upload_id))
    failpoints.reach("upload.after_abort")


def sweep(
    kit: Kit, action: Action, *, recorded: str | None, keep: str | None
) -> Generator[Start, Any, None]:
    """Abort every unfinished upload of exactly this key but one; never judged by age.

    What may not be aborted is left: that nobody may do it is no reason to keep the file back.

    Args:
        kit: what the call works with.
        action: names the key.
        recorded: the upload id that the intent knows, aborted also where no listing shows it.
        keep: the one to be taken up again.

    Raises:
        S3Failure: an upload could not be aborted, or the store could not be asked.
    """
    key = kit.key(action)
    listed = yield from _listed(kit, key)
    unfinished = {*listed, *([recorded] if recorded else [])}
    for upload_id in sorted(unfinished - {keep or ""}):
        try:
            yield from abort(kit, action, upload_id)
        except S3Failure as error:
            if error.failure.kind is not FailureKind.REFUSED:
                raise


def _listed(kit: Kit, key: str) -> Generator[Start, Any, list[str]]:
    try:
        return (yield from apart(lambda: kit.bucket.list_uploads(key)))
    except S3Failure as error:
        if error.failure.kind is FailureKind.REFUSED:
            return []  # no such request in this store, or no right to it: the recorded one remains
        raise
