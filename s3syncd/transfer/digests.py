"""Hashing a file of any size a stretch at a time, and comparing with what a store tells of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple, Protocol

from s3syncd.core.digest import multipart_etag
from s3syncd.core.entry import LocalEntry
from s3syncd.pool import Start
from s3syncd.transfer.headers import MD5_KEY

__all__ = [
    "Hash",
    "Proof",
    "Readable",
    "hash_range",
    "is_proved",
    "md5_of",
    "multipart_etag_of",
    "new_md5",
    "proof_in",
]

# Read at a time: large enough that the calls cost nothing, small enough to stay out of the budget.
_STRETCH_BYTES = 1024 * 1024

# After so many the worker is given to others: 32 MiB are about 50 ms of hashing.
_TURN_STRETCHES = 32


class Hash(Protocol):
    """What hashlib's digests and `Crc32` have in common."""

    def update(self, data: memoryview, /) -> None:
        """Take in more."""

    def digest(self) -> bytes:
        """Give the result so far."""


class Readable(Protocol):
    """An open file that is hashed; see `transfer.source.Source`."""

    entry: LocalEntry

    def read_through(self, view: memoryview, offset: int) -> int:
        """Fill `view` from `offset`; give the bytes read, fewer only where the file ends."""

    def turn(self) -> Start | None:
        """Give a Start that lets others have the worker; None: nobody waits for it."""


class Crc32:
    """CRC-32 with the face of a hashlib digest; four bytes, big-endian, as S3 writes it."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: memoryview, /) -> None:
        """Take in more."""
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        """Give the result so far."""
        return self._value.to_bytes(4, "big")


class Crc64Nvme:
    """CRC-64/NVME with the face of a hashlib digest; eight bytes, big-endian, as S3 writes it."""

    def __init__(self) -> None:
        from s3syncd.s3.crt import crc64nvme  # noqa: PLC0415 - awscrt takes time to import

        self._add = crc64nvme
        self._value = 0

    def update(self, data: memoryview, /) -> None:
        """Take in more."""
        self._value = self._add(data, self._value)

    def digest(self) -> bytes:
        """Give the result so far."""
        return self._value.to_bytes(8, "big")


class Proof(NamedTuple):
    """What a store tells of an object's content: a way to hash, and the digest that came out."""

    make: Callable[[], Hash]
    digest: bytes


def new_md5() -> Hash:
    """Begin an MD5; a checksum here, no signature."""
    return hashlib.md5(usedforsecurity=False)


# The checksums of S3, strongest first. CRC64NVME is what it makes of objects sent without one.
_CHECKSUMS: dict[str, Callable[[], Hash]] = {
    "x-amz-checksum-sha512": hashlib.sha512,
    "x-amz-checksum-sha256": hashlib.sha256,
    "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "x-amz-checksum-md5": new_md5,
    "x-amz-checksum-crc64nvme": Crc64Nvme,
    "x-amz-checksum-crc32": Crc32,
}


def proof_in(headers: Mapping[str, str]) -> Proof | None:
    """Find in a HEAD's answer something that proves the content of the whole object, or None.

    Checksums of checksums of parts (`COMPOSITE`, or with a count behind a dash) are none.
    """
    if headers.get("x-amz-checksum-type", "").upper() != "COMPOSITE":
        for name, make in _CHECKSUMS.items():
            text = headers.get(name, "")
            if text and "-" not in text and (digest := _bytes_of(text)):
                return Proof(make, digest)
    own = headers.get(f"x-amz-meta-{MD5_KEY}", "")
    try:
        return Proof(new_md5, bytes.fromhex(own)) if own else None
    except ValueError:
        return None


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def is_proved(source: Readable, proof: Proof) -> Generator[Start, Any, bool]:
    """Hash the file and tell whether it is the content the proof speaks of."""
    hash_ = proof.make()
    yield from hash_range(source, 0, source.entry.size_bytes, hash_)
    return hash_.digest() == proof.digest


def md5_of(source: Readable) -> Generator[Start, Any, str]:
    """Give the hex MD5 of the file."""
    hash_ = new_md5()
    yield from hash_range(source, 0, source.entry.size_bytes, hash_)
    return hash_.digest().hex()


def multipart_etag_of(source: Readable, part_size_bytes: int) -> Generator[Start, Any, str]:
    """Give the ETag that the file has where it is put in parts of this size."""
    size_bytes = source.entry.size_bytes
    digests = []
    for offset in range(0, max(1, size_bytes), part_size_bytes):
        hash_ = new_md5()
        yield from hash_range(source, offset, min(part_size_bytes, size_bytes - offset), hash_)
        digests.append(hash_.digest())
        if (turn := source.turn()) is not None:
            yield turn  # a part may be shorter than what a turn is given after
    return multipart_etag(digests)


def hash_range(
    source: Readable, offset: int, size_bytes: int, hash_: Hash
) -> Generator[Start, Any, None]:
    """Take a stretch of the file into a digest."""
    end = offset + size_bytes
    stretches = 0
    view = memoryview(bytearray(min(_STRETCH_BYTES, size_bytes)))
    while offset < end:
        count = source.read_through(view[: end - offset], offset)
        if not count:
            return  # it shrank; the stat after reading tells
        hash_.update(view[:count])
        offset += count
        stretches += 1
        if stretches % _TURN_STRETCHES == 0 and (turn := source.turn()) is not None:
            yield turn
