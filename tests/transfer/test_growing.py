"""The ETag of a file is the same however it was hashed, and no byte is hashed twice."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest

from s3syncd.core.digest import multipart_etag
from s3syncd.core.entry import LocalEntry
from s3syncd.transfer.growing import GrowingEtag

MIB = 2**20
BODY = random.Random(1).randbytes(9 * MIB + 7)


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


WHOLE = md5(BODY).hex()
IN_PARTS = multipart_etag([md5(BODY[: 8 * MIB]), md5(BODY[8 * MIB :])])


class Growing:
    """A file of which only the beginning is there."""

    entry: LocalEntry

    def __init__(self) -> None:
        self.there = 0
        self.read_bytes = 0

    def read_through(self, view: memoryview, offset: int) -> int:
        piece = BODY[offset : min(offset + len(view), self.there)]
        view[: len(piece)] = piece
        self.read_bytes += len(piece)
        return len(piece)

    def turn(self) -> None:
        return None


def ended(steps: Any) -> Any:
    with pytest.raises(StopIteration) as caught:
        next(steps)
    return caught.value.value


@pytest.mark.parametrize("expected", [WHOLE, IN_PARTS], ids=["whole", "in parts"])
@pytest.mark.parametrize("ends", [[], [3], [MIB, 8 * MIB - 1, 8 * MIB], [8 * MIB + 1, 99 * MIB]])
def test_the_etag_is_the_same_however_the_file_grew(expected: str, ends: list[int]) -> None:
    file = Growing()
    growing = GrowingEtag(file, len(BODY), expected)
    for end in ends:
        file.there = min(end, len(BODY))
        ended(growing.advance(end))
        assert growing.at == file.there
    file.there = len(BODY)
    assert ended(growing.finish()) == expected
    assert file.read_bytes == len(BODY)
