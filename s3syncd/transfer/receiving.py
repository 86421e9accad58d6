"""The content of one object into a draft: at once, or in ranges of which several are under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from functools import partial
from typing import Any, Final, NamedTuple

from s3syncd.core.restored import Restored
from s3syncd.local.drafts import Draft
from s3syncd.pool import CallFailed, Handle, Start, first_of
from s3syncd.s3.reply import Reply
from s3syncd.transfer.asking import Changed, FetchEnded, FetchKit, Wanted, asked
from s3syncd.transfer.growing import GrowingEtag
from s3syncd.transfer.proving import Content

__all__ = ["SPAN_BYTES", "Received", "receive"]

SPAN_BYTES: Final = 8 * 1024 * 1024
"""Fetched at a time: an answer is held whole in memory."""

_IN_FLIGHT: Final = 8  # ranges of one object, as many as parts of an upload


_HASHED_AT_ONCE: Final = 2 * SPAN_BYTES
"""After each span that came: what is behind is caught up with, and the next is soon asked for."""


class Received(NamedTuple):
    """`answer` is one of those that brought the content, without it.

    `is_whole`: the only one, so that it tells the checksums of the object. `growing`: its ETag, as
    far as it was hashed on the way; None where nothing was.
    """

    answer: Reply
    is_whole: bool
    growing: GrowingEtag | None = None


def receive(kit: FetchKit, wanted: Wanted, draft: Draft) -> Generator[Start, Any, Received]:
    """Fetch the content and write it; all children have ended when this returns or raises.

    Spans that the draft has from an earlier run are not fetched, but for one: an answer says what
    the object is like.

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
    every = range(0, wanted.size_bytes, SPAN_BYTES)
    missing = [offset for offset in every if offset not in draft.spans] or [0]
    kit.received_bytes += (len(every) - len(missing)) * SPAN_BYTES
    # Alone: what it tells of the object, a refusal too, is told once.
    first = yield from _span(kit, wanted, draft, missing[0])
    growing = GrowingEtag(Content(draft.fd, wanted.path), wanted.size_bytes, wanted.etag)
    yield from _rest(kit, wanted, draft, missing[1:], growing)
    return Received(first, is_whole=False, growing=growing)


def _rest(
    kit: FetchKit,
    wanted: Wanted,
    draft: Draft,
    missing: list[int],
    growing: GrowingEtag,
) -> Generator[Start, Any, None]:
    """Fetch the spans that are missing, and hash the file behind them as far as it has no gap."""
    front = _Front(set(range(0, wanted.size_bytes, SPAN_BYTES)) - set(missing))
    under_way: dict[Handle, int] = {}
    end: BaseException | None = None
    left = deque(missing)
    while under_way or (left and end is None):
        if left and end is None and len(under_way) < _IN_FLIGHT:
            offset = left.popleft()
            under_way[_spawned(kit, wanted, draft, offset)] = offset
            continue
        handle: Handle = yield first_of(list(under_way))
        front.came(under_way.pop(handle))
        if isinstance(handle.result, CallFailed):
            end = end or handle.result.exception
        if end is None:
            try:
                yield from growing.advance(min(front.end, growing.at + _HASHED_AT_ONCE))
            except OSError as error:  # the others that are under way write to this file
                end = error
    if end is not None:
        try:
            raise end
        finally:
            del end  # else it and this frame, with the draft, hold each other


class _Front:
    """How far a file is there without a gap."""

    def __init__(self, there: set[int]) -> None:
        self._there = there
        self.end = 0
        self._go_on()

    def came(self, offset: int) -> None:
        """Note a span that is there now."""
        self._there.add(offset)
        self._go_on()

    def _go_on(self) -> None:
        while self.end in self._there:
            self._there.discard(self.end)
            self.end += SPAN_BYTES


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
