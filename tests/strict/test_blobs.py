"""Blobs: each tells what it is, and no piece or mixture of them passes for one."""

from __future__ import annotations

import pytest

from tests.strict.blobs import LEAST_BYTES, FlawError, make_blob, read_blob


@pytest.mark.parametrize("length", [0, LEAST_BYTES, 129, 255, 256, 65_535, 65_536, 100_001])
def test_a_blob_tells_what_it_is(length: int) -> None:
    content = make_blob(7, "a/b", 3, length)
    assert len(content) == length
    blob = read_blob(content)
    if length:
        assert blob is not None
        assert (blob.blob_id, blob.sequence, blob.length) == (7, 3, length)
        assert blob.path != read_blob(make_blob(7, "a/c", 3, length)).path  # type: ignore[union-attr]
    else:
        assert blob is None


@pytest.mark.parametrize("length", [300, 70_000])
def test_no_piece_or_mixture_of_blobs_is_one(length: int) -> None:
    one, other = make_blob(1, "p", 1, length), make_blob(2, "p", 2, length)
    longer = make_blob(1, "p", 1, length + 1)
    block = 128 if length < 65_536 else 4096
    half = length // 2 // block * block
    flawed = [
        one[:-1], one[1:], one[:half], one[half:], one + b"\0", one + one,
        one[:half] + other[half:], bytes(length), one[:-10] + bytes(10),
        one[:half] + longer[half:], one[block:] + one[:block], b"short", b"x" * 128,
        one[: length - 20] + bytes([one[length - 20] ^ 1]) + one[length - 19 :],
    ]  # fmt: skip
    for content in flawed:
        with pytest.raises(FlawError):
            read_blob(content)


def test_every_single_byte_of_a_blob_counts() -> None:
    content = make_blob(1, "p", 1, 257)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x20
        with pytest.raises(FlawError):
            read_blob(bytes(changed))
