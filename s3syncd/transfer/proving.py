"""Whether a file holds what the store says of an object that was fetched, or may have been."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from typing import Any, Final

from s3syncd.core.digest import is_md5_etag, part_count_of, part_size_for
from s3syncd.local import files
from s3syncd.pool import Start
from s3syncd.s3.reply import Reply, has_own_key
from s3syncd.transfer.asking import Changed, FetchKit, Wanted, asked
from s3syncd.transfer.comparing import Verdict
from s3syncd.transfer.digests import (
    Readable,
    is_proved,
    md5_of,
    multipart_etag_of,
    new_md5,
    proof_in,
)
from s3syncd.transfer.growing import GrowingEtag
from s3syncd.transfer.headers import MD5_KEY

__all__ = ["Content", "verdict_of"]

_OWN_MD5: Final = f"x-amz-meta-{MD5_KEY}"


class Content:
    """An open file of ours as it is hashed."""

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self.entry = files.stat_of(fd, path)

    def read_through(self, view: memoryview, offset: int) -> int:
        """Fill `view` from `offset`; give the bytes read."""
        return files.read_into(self._fd, offset, view)

    def turn(self) -> Start | None:
        """Nobody else waits for the worker: all of them bring files."""
        return None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def verdict_of(
    kit: FetchKit,
    wanted: Wanted,
    content: Readable,
    seen: Reply | None,
    growing: GrowingEtag | None = None,
) -> Generator[Start, Any, Verdict]:
    """Hash the file and judge it by the ETag, else by a checksum that the store or we noted.

    Args:
        kit: of the restore.
        wanted: the object.
        content: the file.
        seen: an answer about this version that tells its checksums; it is asked for when needed.
        growing: what was hashed of the file while it was brought.

    Raises:
        Changed: the object is another version by now.
        FetchEnded: the store did not tell.
        OSError: the file cannot be read.
    """
    if content.entry.size_bytes != wanted.size_bytes:
        return Verdict.DIFFERENT
    md5: str | None = None
    if is_md5_etag(wanted.etag):
        md5 = yield from (growing.finish() if growing else md5_of(content))
        by_etag = Verdict.EQUAL if md5 == wanted.etag else Verdict.DIFFERENT
    else:
        by_etag = yield from _by_parts(kit, wanted, content, growing)
    if by_etag is Verdict.EQUAL:
        return by_etag
    if seen is None:
        seen = yield from asked(kit, wanted, lambda: kit.look(wanted, with_checksum=True))
        if seen.etag != wanted.etag and wanted.etag:
            raise Changed
    return (yield from _by_checksum(kit, content, seen, md5, by_etag))


def _by_parts(
    kit: FetchKit, wanted: Wanted, content: Readable, growing: GrowingEtag | None
) -> Generator[Start, Any, Verdict]:
    """Compute the ETag of an upload in parts; in those that we would make first: no request."""
    count = part_count_of(wanted.etag)
    if count is None:
        return Verdict.UNPROVED
    part_size_bytes = part_size_for(wanted.size_bytes)
    is_likely = -(-wanted.size_bytes // part_size_bytes) == count
    if is_likely:
        etag = growing.finish() if growing else multipart_etag_of(content, part_size_bytes)
        if (yield from etag) == wanted.etag:
            return Verdict.EQUAL
    first = yield from asked(kit, wanted, lambda: kit.look(wanted, part_number=1))
    told = first.size_bytes
    if not told or -(-wanted.size_bytes // told) != count:
        return Verdict.UNPROVED  # a store that knows no parts, or parts of several sizes
    is_equal = (yield from multipart_etag_of(content, told)) == wanted.etag
    return Verdict.EQUAL if is_equal else Verdict.DIFFERENT


def _by_checksum(
    kit: FetchKit, content: Readable, seen: Reply, md5: str | None, by_etag: Verdict
) -> Generator[Start, Any, Verdict]:
    """Judge what the ETag has not proved to be equal."""
    proof = proof_in(seen.headers)
    if proof is not None:
        if proof.make is new_md5 and md5 is not None:
            is_same = proof.digest.hex() == md5
        else:
            is_same = yield from is_proved(content, proof)
        if is_same:
            if md5 is not None and not has_own_key(seen):
                kit.etag_is_md5 = False  # it looks like one, and is none, in this store
            return Verdict.EQUAL
        if _is_stores(seen.headers):
            return Verdict.DIFFERENT
    if has_own_key(seen) or (md5 is not None and kit.etag_is_md5 is False):
        return Verdict.UNPROVED
    return by_etag


def _is_stores(headers: Mapping[str, str]) -> bool:
    """Whether the store vouches; our own note may have been carried over to other content."""
    return proof_in({name: each for name, each in headers.items() if name != _OWN_MD5}) is not None
