"""The parts of one upload: each a child of its call, admitted one by one, several at a time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from s3syncd import failpoints
from s3syncd.core.entry import Action, Outcome
from s3syncd.core.retry import FailureKind
from s3syncd.pool import Call, CallFailed, Handle, Start, first_of
from s3syncd.s3.multipart import Part
from s3syncd.s3.reply import Reply
from s3syncd.transfer.bodies import read_body
from s3syncd.transfer.buffers import Buffers
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.notes import PartDone
from s3syncd.transfer.outcomes import (
    Ended,
    from_failure,
    from_os_error,
    superseded,
)
from s3syncd.transfer.source import Source

__all__ = ["Parts", "send_parts"]

# As many as one connection each needs to fill a fast line; 8 of 8 MiB measured at 195-270 MiB/s.
_IN_FLIGHT = 8


class PartSent(NamedTuple):
    """A part that the bucket holds; `sent_bytes` 0 where it was there already."""

    number: int
    etag: str
    sent_bytes: int


@dataclass(slots=True)
class Parts:
    """The parts of one upload; filled in by its call.

    `held` are those that the bucket listed at the beginning, not yet trusted; `done` maps the
    number of each part proved or sent to its ETag. `buffers` is where the parts are read into.
    """

    action: Action
    upload_id: str
    part_size_bytes: int
    held: dict[int, Part]
    buffers: Buffers
    done: dict[int, str] = field(default_factory=dict)
    sent_bytes: int = 0

    def etags(self) -> list[tuple[int, str]]:
        """Give (number, ETag), ascending, as Complete wants them."""
        return sorted(self.done.items())


def send_parts(kit: Kit, source: Source, parts: Parts) -> Generator[Start, Any, None]:
    """Send all parts that the bucket does not hold; a failure stops new ones, and is raised last.

    All children have ended when this returns or raises: nobody reads the file any more.

    Raises:
        Ended: the first part's end that was no success, or the file changed meanwhile.
    """
    last = max(1, -(-source.entry.size_bytes // parts.part_size_bytes))
    under_way: list[Handle] = []
    end: BaseException | None = None
    number = 0
    while under_way or (number < last and end is None):
        if number < last and end is None and len(under_way) < _IN_FLIGHT:
            number += 1
            under_way.append(_spawn(kit, source, parts, number))
            continue
        handle: Handle = yield first_of(under_way)
        under_way.remove(handle)
        end = end or _take(parts, handle.result) or _change_in(source)
    if end is not None:
        try:
            raise end
        finally:
            del end  # else it and this frame, with the memory of parts, hold each other


def _spawn(kit: Kit, source: Source, parts: Parts, number: int) -> Handle:
    left = source.entry.size_bytes - (number - 1) * parts.part_size_bytes
    size_bytes = min(parts.part_size_bytes, left)
    return kit.lane.spawn(
        lambda: _send_part(kit, source, parts, number, size_bytes), size_bytes=size_bytes
    )


def _take(parts: Parts, result: object) -> BaseException | None:
    """Note a part that is done; give what ended one that is not."""
    if isinstance(result, PartSent):
        parts.done[result.number] = result.etag
        parts.sent_bytes += result.sent_bytes
        return None
    if isinstance(result, CallFailed):
        return result.exception
    return Ended(result) if isinstance(result, Outcome) else TypeError(repr(result))


def _change_in(source: Source) -> Ended | None:
    """See early that the file changed, before more is sent that cannot be used."""
    try:
        source.check_unchanged()
    except Ended as end:
        return end
    return None


def _send_part(kit: Kit, source: Source, parts: Parts, number: int, size_bytes: int) -> Call:
    """Send one part, unless the bucket holds exactly these bytes; `PartSent` or an `Outcome`."""
    try:
        return (yield from _put_part(kit, source, parts, number, size_bytes))
    except Ended as end:
        return end.outcome
    except OSError as error:
        return from_os_error(parts.action, error)


def _put_part(kit: Kit, source: Source, parts: Parts, number: int, size_bytes: int) -> Call:
    """Read, hash and send; for each attempt anew, so that nothing is held during a pause."""
    action, first_md5 = parts.action, None
    for attempt in count(1):
        offset = (number - 1) * parts.part_size_bytes
        body, md5 = read_body(parts.buffers, source, offset, size_bytes)
        if len(body) < size_bytes:
            raise _changed(action)
        if first_md5 is None and parts.held.get(number) == Part(number, md5.hex(), size_bytes):
            return PartSent(number, md5.hex(), 0)
        if first_md5 not in {None, md5}:
            raise _changed(action)
        first_md5 = md5
        failpoints.reach("upload.before_part")
        sending = kit.bucket.upload_part(kit.key(action), parts.upload_id, number, body, md5=md5)
        del body  # given back when the kernel has it: the answer may be long in coming
        reply: Reply = yield sending
        failure = reply.failure
        if failure is None:
            failpoints.reach("upload.after_part")
            kit.report(PartDone(action.path, parts.upload_id, number, reply.etag, size_bytes))
            break
        if failure.kind is not FailureKind.TRANSIENT or attempt > kit.settings.ops_retries:
            # Whether the part was stored is no matter: the upload has not been published.
            return from_failure(action, failure._replace(is_unknown=False))
        # A reset connection must not cost reading the whole file again; the worker is let go.
        yield kit.bucket.back_off(attempt)
    return PartSent(number, reply.etag, size_bytes)


def _changed(action: Action) -> Ended:
    return Ended(superseded(action, "changed_while_reading", due_in_seconds=0.0))
