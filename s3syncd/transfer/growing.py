"""The ETag of a file that is being brought, hashed while the rest of it is on its way."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from s3syncd.core.digest import is_md5_etag, multipart_etag, part_size_for
from s3syncd.pool import Start
from s3syncd.transfer.digests import Hash, Readable, hash_range, new_md5

__all__ = ["GrowingEtag"]


class GrowingEtag:
    """What the ETag of a file would be: put at once or in parts, as an expected one tells.

    In parts: in those that we would make. The file is read again for it, from the memory in which
    the system keeps what was just written: so it is the file that is proved.

    Args:
        source: the file; it may be shorter as yet.
        size_bytes: of the whole file, more than none.
        expected: the ETag that tells how it was put.

    Attributes:
        at: how far it was hashed.
    """

    def __init__(self, source: Readable, size_bytes: int, expected: str) -> None:
        self._source = source
        self._size_bytes = size_bytes
        self._is_whole = is_md5_etag(expected)
        self._part_bytes = size_bytes if self._is_whole else part_size_for(size_bytes)
        self._hash: Hash = new_md5()
        self._parts: list[bytes] = []
        self.at = 0

    def advance(self, end: int) -> Generator[Start, Any, None]:
        """Take in what there is up to an offset."""
        while self.at < min(end, self._size_bytes):
            stop = min(end, self._size_bytes, (self.at // self._part_bytes + 1) * self._part_bytes)
            yield from hash_range(self._source, self.at, stop - self.at, self._hash)
            self.at = stop
            if stop % self._part_bytes == 0 or stop == self._size_bytes:
                self._parts.append(self._hash.digest())
                self._hash = new_md5()

    def finish(self) -> Generator[Start, Any, str]:
        """Take in the rest, and give the ETag."""
        yield from self.advance(self._size_bytes)
        return self._parts[0].hex() if self._is_whole else multipart_etag(self._parts)
