"""Bring one object into a directory: whole and proved before it has its name there."""

from __future__ import annotations

import errno
from collections.abc import Generator
from functools import partial
from typing import Any, Final

from s3syncd.core.entry import LocalEntry
from s3syncd.core.messages import Look
from s3syncd.core.restored import Restored
from s3syncd.local.drafts import Draft
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import Reply
from s3syncd.transfer.asking import Changed, FetchEnded, FetchKit, Wanted, asked
from s3syncd.transfer.comparing import Verdict
from s3syncd.transfer.digests import md5_of
from s3syncd.transfer.proving import Content, verdict_of
from s3syncd.transfer.receiving import SPAN_BYTES, receive
from s3syncd.transfer.stamps import mode_of, mtime_ns_of

__all__ = ["FetchKit", "Wanted", "bytes_for", "fetch", "is_fatal"]

_TRIES: Final = 3  # of an object that others replace meanwhile
_DAMAGED_TRIES: Final = 2  # what breaks on its way breaks once

# What fails one file for these reasons fails all of them.
_FATAL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE, errno.EMFILE})


def is_fatal(error: BaseException) -> bool:
    """Tell whether no other file can be brought either."""
    return isinstance(error, OSError) and error.errno in _FATAL


def bytes_for(wanted: Wanted) -> int:
    """Give the bytes that the call will hold; ranges are admitted one by one, but for the first."""
    return min(wanted.size_bytes, SPAN_BYTES)


def fetch(kit: FetchKit, wanted: Wanted) -> Call:
    """Bring the object, unless it is there; gives a `Restored`.

    Raises:
        OSError: no file can be brought any more (`is_fatal`).
        S3Failure: nothing can be had of this bucket.
    """
    try:
        return (yield from _fetched(kit, wanted))
    except FetchEnded as ended:
        return ended.restored
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        return _ended(wanted, "name_clash", error)
    except OSError as error:
        if is_fatal(error):
            raise
        return _ended(wanted, "unwritable", error)


def _ended(wanted: Wanted, word: str, error: OSError) -> Restored:
    said = error.strerror or repr(error)
    return Restored(wanted.path, word, wanted.size_bytes, detail=said)


def _fetched(kit: FetchKit, wanted: Wanted) -> Generator[Start, Any, Restored]:
    for _ in range(_TRIES):
        try:
            return (yield from _brought(kit, wanted))
        except Changed:
            if wanted.version_id is not None:
                break  # a version never changes: this store does not keep its word
            seen = yield from asked(kit, wanted, partial(kit.look, wanted))
            size_bytes = -1 if seen.size_bytes is None else seen.size_bytes
            wanted = wanted._replace(etag=seen.etag, size_bytes=size_bytes)
    return Restored(wanted.path, "changing", wanted.size_bytes)


def _brought(kit: FetchKit, wanted: Wanted) -> Generator[Start, Any, Restored]:
    look = kit.destination.look(wanted.path)
    is_there = isinstance(look, LocalEntry)
    if is_there:
        there = yield from _compared(kit, wanted)
        if there is Verdict.EQUAL:
            return Restored(wanted.path, "present", wanted.size_bytes)
        if there is Verdict.DIFFERENT and not kit.may_replace:
            return Restored(wanted.path, "differs", wanted.size_bytes)
    elif look != "absent":
        return Restored(wanted.path, "name_clash", wanted.size_bytes, detail=_what(look))
    tries = 0
    while tries < _DAMAGED_TRIES:
        draft = _begun(kit, wanted)
        tries += not draft.spans  # what an earlier run left is not held against this one
        is_unfinished = True
        try:
            content, answer, verdict = yield from _proved(kit, wanted, draft)
            is_unfinished = False
            if verdict is Verdict.EQUAL or (verdict is Verdict.UNPROVED and not draft.spans):
                if is_there and (yield from _is_same(kit, wanted, content)):
                    return Restored(wanted.path, "present", wanted.size_bytes, is_proved=False)
                return _placed(kit, wanted, draft, answer, verdict, is_there=is_there)
        except Changed:
            is_unfinished = False
            raise
        finally:
            draft.close(is_unfinished=is_unfinished)
    return Restored(wanted.path, "damaged", wanted.size_bytes)


def _begun(kit: FetchKit, wanted: Wanted) -> Draft:
    """Begin the file, or go on with it where it is brought in spans of a known version."""
    if wanted.size_bytes <= SPAN_BYTES or not wanted.etag:
        return kit.destination.begin()
    return kit.destination.resume(wanted.path, f"{SPAN_BYTES} {wanted!r}")


def _proved(
    kit: FetchKit, wanted: Wanted, draft: Draft
) -> Generator[Start, Any, tuple[Content, Reply, Verdict]]:
    """Bring the content; give it, an answer about it, and whether it is what was wanted."""
    answer, is_whole, growing = yield from receive(kit, wanted, draft)
    content = Content(draft.fd, wanted.path)
    seen = answer if is_whole else None
    return content, answer, (yield from verdict_of(kit, wanted, content, seen, growing))


def _compared(kit: FetchKit, wanted: Wanted) -> Generator[Start, Any, Verdict]:
    """Compare what stands there with the object, by digest: nothing is fetched."""
    try:
        content = Content(kit.destination.open_regular(wanted.path), wanted.path)
    except OSError as error:
        raise FetchEnded(_ended(wanted, "unreadable", error)) from error
    try:
        return (yield from verdict_of(kit, wanted, content, None))
    finally:
        content.close()


def _is_same(kit: FetchKit, wanted: Wanted, content: Content) -> Generator[Start, Any, bool]:
    """Compare what stands there, and was not proved, with what was fetched."""
    there = Content(kit.destination.open_regular(wanted.path), wanted.path)
    try:
        if there.entry.size_bytes != content.entry.size_bytes:
            return False
        return (yield from md5_of(there)) == (yield from md5_of(content))
    finally:
        there.close()


def _placed(
    kit: FetchKit, wanted: Wanted, draft: Draft, answer: Reply, verdict: Verdict, *, is_there: bool
) -> Restored:
    size_bytes, is_proved = wanted.size_bytes, verdict is Verdict.EQUAL
    if is_there and not kit.may_replace:
        return Restored(wanted.path, "differs", size_bytes)
    draft.finish(mtime_ns=mtime_ns_of(answer), mode=mode_of(answer))
    kit.destination.place(draft, wanted.path, may_replace=is_there)
    word = "replaced" if is_there else "restored"
    return Restored(wanted.path, word, size_bytes, is_proved)


def _what(look: Look) -> str:
    return look if isinstance(look, str) else getattr(look, "reason", "")
