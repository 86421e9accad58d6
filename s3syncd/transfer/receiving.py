"""The content of one object into a draft: at once, or in ranges of which several are under way."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any, Final, NamedTuple

from s3syncd.core.restored import Restored
from s3syncd.local.destination import Draft
from s3syncd.pool import CallFailed, Handle, Start, first_of
from s3syncd.s3.reply import Reply
from s3syncd.transfer.asking import Changed, FetchEnded, FetchKit, Wanted, asked

__all__ = ["SPAN_BYTES", "Received", "receive"]

SPAN_BYTES: Final = 8 * 1024 * 1024
"""Fetched at a time: an answer is held whole in memory."""

_IN_FLIGHT: Final = 8  # ranges of one object, as many as parts of an upload


class Received(NamedTuple):
    """`answer` is one of those that brought the content, without it.

    `is_whole`: the only one, so that it tells the checksums of the object.
    """

    answer: Reply
    is_whole: bool


def receive(kit: FetchKit, wanted: Wanted, draft: Draft) -> Generator[Start, Any, Received]:
    """Fetch the content and write it; all children have ended when this returns or raises.

    Raises:
        Changed: the object is another version by now.
        FetchEnded: it cannot be had.
        OSError: it cannot be written.
        S3Failure: nothing can be had of this bucket.
    """
    if wanted.size_bytes <= SPAN_BYTES:
        answer = yield from asked(kit, wanted, partial(kit.get, wanted))
        answer = _written(kit, wanted, draft, answer, (0, wanted.size_bytes))
        return Received(answer, is_whole=True)
    # Alone: what it tells of the object, a refusal too, is told once.
    first = yield from _span(kit, wanted, draft, 0)
    offsets = range(SPAN_BYTES, wanted.size_bytes, SPAN_BYTES)
    under_way: list[Handle] = []
    end: BaseException | None = None
    position = 0
    while under_way or (position < len(offsets) and end is None):
        if position < len(offsets) and end is None and len(under_way) < _IN_FLIGHT:
            under_way.append(_spawned(kit, wanted, draft, offsets[position]))
            position += 1
            continue
        handle: Handle = yield first_of(under_way)
        under_way.remove(handle)
        if end is None and isinstance(handle.result, CallFailed):
            end = handle.result.exception
    if end is not None:
        raise end
    return Received(first, is_whole=False)


def _spawned(kit: FetchKit, wanted: Wanted, draft: Draft, offset: int) -> Handle:
    size_bytes = min(SPAN_BYTES, wanted.size_bytes - offset)
    return kit.lane.spawn(lambda: _span(kit, wanted, draft, offset), size_bytes=size_bytes)


def _span(kit: FetchKit, wanted: Wanted, draft: Draft, offset: int) -> Generator[Start, Any, Reply]:
    """Fetch one range and write it; gives the answer without its body."""
    size_bytes = min(SPAN_BYTES, wanted.size_bytes - offset)
    span = (offset, size_bytes)
    answer = yield from asked(kit, wanted, partial(kit.get, wanted, span=span))
    return _written(kit, wanted, draft, answer, span)


def _written(
    kit: FetchKit, wanted: Wanted, draft: Draft, answer: Reply, span: tuple[int, int]
) -> Reply:
    """Write what came, once it is sure to be a piece of the version wanted."""
    offset, size_bytes = span
    if answer.etag != wanted.etag and answer.etag and wanted.etag:
        raise Changed
    if len(answer.body) != size_bytes:
        if wanted.size_bytes > SPAN_BYTES:
            detail = "the store does not keep to the range that it is asked for"
            raise FetchEnded(Restored(wanted.path, "no_answer", wanted.size_bytes, detail=detail))
        raise Changed
    draft.write(offset, answer.body)
    kit.received_bytes += size_bytes
    return answer._replace(body=b"")
