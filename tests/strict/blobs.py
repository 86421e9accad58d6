"""Contents that describe themselves, so that a torn or mixed one is known without anything else.

A blob is a row of blocks. Each names the blob (id, path, sequence, length), its own place, and ends
in a checksum of itself; the last one is longer, so that every length from one block on is possible.
"""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

__all__ = ["LEAST_BYTES", "Blob", "FlawError", "make_blob", "read_blob"]

LEAST_BYTES: Final = 128
"""The shortest blob that says something; an empty one is whole and says nothing."""

_LARGE_BLOCK_BYTES: Final = 4096
_LARGE_FROM_BYTES: Final = 64 * 1024
_CHECKSUM_BYTES: Final = 9  # eight hexadecimal digits and a line feed
_MAGIC: Final = b"S3SY"


class Blob(NamedTuple):
    """What a blob says about itself; `path` is a checksum of the path it was made for."""

    blob_id: int
    path: int
    sequence: int
    length: int


class FlawError(Exception):
    """The bytes are not those of one blob, whole."""


def make_blob(blob_id: int, path: str, sequence: int, length: int) -> bytes:
    """Make a blob.

    Args:
        blob_id: no other blob has it.
        path: that it is made for.
        sequence: counts the blobs made for that path.
        length: bytes; 0, or LEAST_BYTES at least.
    """
    if 0 < length < LEAST_BYTES:
        raise ValueError(f"a blob has no or at least {LEAST_BYTES} bytes, not {length}")
    size = _block_bytes(length)
    count = length // size
    content = bytearray()
    for place in range(count):
        end = size if place < count - 1 else length - place * size
        text = f"|{blob_id}|{_path(path)}|{sequence}|{length}|{place}|".encode()
        body = (_MAGIC + text).ljust(end - _CHECKSUM_BYTES, b".")
        content += body + b"%08x\n" % zlib.crc32(body)
    return bytes(content)


def read_blob(content: bytes) -> Blob | None:
    """Read a blob; None for an empty one.

    Raises:
        FlawError: torn, truncated, mixed, or not a blob at all.
    """
    if not content:
        return None
    length = len(content)
    if length < LEAST_BYTES:
        raise FlawError(f"{length} bytes are no blob")
    size = _block_bytes(length)
    count = length // size
    first: Blob | None = None
    for place in range(count):
        start = place * size
        end = start + size if place < count - 1 else length
        blob = _read_block(content[start:end], place, start)
        if first is not None and blob != first:
            raise FlawError(f"{blob} at byte {start} of {first}")
        first = blob
    assert first is not None
    if first.length != length:
        raise FlawError(f"{length} bytes of {first}")
    return first


def _read_block(block: bytes, place: int, start: int) -> Blob:
    body, told = block[:-_CHECKSUM_BYTES], block[-_CHECKSUM_BYTES:]
    if told != b"%08x\n" % zlib.crc32(body):
        raise FlawError(f"wrong checksum at byte {start}")
    magic, *fields, _ = body.split(b"|", 6)
    if magic != _MAGIC or len(fields) != 5:
        raise FlawError(f"no blob at byte {start}")
    if not all(field.isdigit() for field in fields):
        raise FlawError(f"no blob at byte {start}")
    blob_id, path, sequence, length, told_place = map(int, fields)
    if told_place != place:
        raise FlawError(f"block {told_place} at byte {start}")
    return Blob(blob_id, path, sequence, length)


def _path(path: str) -> int:
    return zlib.crc32(path.encode())


def _block_bytes(length: int) -> int:
    return _LARGE_BLOCK_BYTES if length >= _LARGE_FROM_BYTES else LEAST_BYTES
