"""Read files again that no stat calls changed: do they still hold what was sent?

A stretch at a time: the site decides when the next is read. Nothing is asked of the store but, of
a file put in parts whose hash differs, the size of the first.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from enum import Enum
from typing import Any, NamedTuple

from s3syncd.core.digest import is_md5_etag, multipart_etag, part_count_of, part_size_for
from s3syncd.core.entry import Action, BaselineRow, Kind, LocalEntry, Settle
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import S3Failure, has_own_key
from s3syncd.transfer.digests import new_md5
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.looks import look_at
from s3syncd.transfer.outcomes import Ended
from s3syncd.transfer.source import Source, open_source

__all__ = ["Reading", "Scrubbed", "State", "scrub"]

_READ_BYTES = 1024 * 1024  # at once: the calls cost nothing, and it stays out of the budget


class State(Enum):
    """What is known of a file that was read again, or of as much of it as was read."""

    GOING_ON = "going_on"
    EQUAL = "equal"
    SILENT = "silent"
    SKIPPED = "skipped"


class Scrubbed(NamedTuple):
    """What came of one file in one call."""

    reading: Reading
    state: State


class Reading:
    """One file on its way through several calls. Used by one call at a time.

    Attributes:
        row: the baseline that it is held against.
        offset: bytes read so far.
    """

    def __init__(self, row: BaselineRow, *, is_etag_md5: bool) -> None:
        self.row = row
        self.offset = 0
        self._part_bytes = max(1, row.size_bytes)
        self._hash = new_md5()
        self._digests: list[bytes] = []
        self._wanted = row.md5
        if row.md5 is None and is_etag_md5:
            size_bytes = part_size_for(row.size_bytes)
            if is_md5_etag(row.etag):
                self._wanted = row.etag
            elif part_count_of(row.etag) == -(-row.size_bytes // size_bytes):
                self._wanted, self._part_bytes = row.etag, size_bytes

    @property
    def can_tell(self) -> bool:
        """Whether anything is known of the content that was sent."""
        return self._wanted is not None and self.row.size_bytes > 0

    @property
    def is_in_parts(self) -> bool:
        """Whether the size of the parts is only what we would have chosen."""
        return self._part_bytes < self.row.size_bytes

    @property
    def part_bytes(self) -> int:
        """The size of the parts, in bytes."""
        return self._part_bytes

    @property
    def is_equal(self) -> bool:
        """After the last byte: whether the content is the one that was sent."""
        if not self.is_in_parts and self._wanted is not None and is_md5_etag(self._wanted):
            return self._hash.digest().hex() == self._wanted
        digests = [*self._digests, self._hash.digest()] if self._is_in_part else self._digests
        return multipart_etag(digests) == self._wanted

    def read(self, source: Source, view: memoryview) -> int:
        """Read on, at most to the end of the part; give the bytes read."""
        left = self._part_bytes - self.offset % self._part_bytes
        count = source.read_through(view[: min(left, len(view))], self.offset)
        self._hash.update(view[:count])
        self.offset += count
        if self.is_in_parts and self.offset % self._part_bytes == 0:
            self._digests.append(self._hash.digest())
            self._hash = new_md5()
        return count

    @property
    def _is_in_part(self) -> bool:
        return self.offset % self._part_bytes != 0


def scrub(kit: Kit, readings: Sequence[Reading], *, limit_bytes: int) -> Call:
    """Read on, up to `limit_bytes` in all; give a `Scrubbed` for each that was come to.

    Never raises for expected trouble: a file that changed, or cannot be read, is skipped; looks
    and scans see to it.
    """
    done: list[Scrubbed] = []
    for reading in readings:
        if limit_bytes <= 0:
            break
        before = reading.offset
        try:
            state = yield from _read_on(kit, reading, limit_bytes)
        except (Ended, OSError, S3Failure):
            state = State.SKIPPED
        limit_bytes -= reading.offset - before
        done.append(Scrubbed(reading, state))
    return done


def _read_on(kit: Kit, reading: Reading, limit_bytes: int) -> Generator[Start, Any, State]:
    row = reading.row
    action = Action(Kind.ADOPT, row.path, LocalEntry(*row[:6]), row, None, 6, "scrub")
    if not reading.can_tell:
        return State.SKIPPED
    with open_source(kit, action, Settle(), is_adopting=True) as source:
        if source.entry[1:5] != row[1:5]:
            return State.SKIPPED
        view = memoryview(bytearray(min(_READ_BYTES, limit_bytes, row.size_bytes)))
        end = min(row.size_bytes, reading.offset + limit_bytes)
        while reading.offset < end:
            if not reading.read(source, view[: end - reading.offset]):
                return State.SKIPPED
        source.check_settled()
    if reading.offset < row.size_bytes:
        return State.GOING_ON
    if reading.is_equal:
        return State.EQUAL
    return State.SILENT if (yield from _is_layout_sure(kit, action, reading)) else State.SKIPPED


def _is_layout_sure(kit: Kit, action: Action, reading: Reading) -> Generator[Start, Any, bool]:
    """Whether the object was put in the parts that we took it to be: others choose others."""
    if not reading.is_in_parts:
        return True
    seen = yield from look_at(kit, action, part_number=1)
    return seen is not None and seen.size_bytes == reading.part_bytes and not has_own_key(seen)
