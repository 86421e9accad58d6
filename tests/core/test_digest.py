import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3syncd.core.digest import (
    MAX_PARTS,
    MIN_PART_BYTES,
    bare_etag,
    format_mtime,
    is_md5_etag,
    multipart_etag,
    parse_mtime,
    part_count_of,
    part_size_for,
)

MIB = 1024 * 1024
TIB = MIB * MIB


@given(st.integers(min_value=0, max_value=50 * TIB))
@example(MIN_PART_BYTES * MAX_PARTS)
@example(MIN_PART_BYTES * MAX_PARTS + 1)
def test_any_file_fits_in_ten_thousand_parts_of_whole_mebibytes(size_bytes):
    part = part_size_for(size_bytes)
    assert part >= MIN_PART_BYTES
    assert part % MIB == 0
    assert part * MAX_PARTS >= size_bytes
    assert part == MIN_PART_BYTES or (part - MIB) * MAX_PARTS < size_bytes


def test_an_etag_of_parts_is_that_of_s3():
    # Worked by hand from the documented rule: MD5 of the digests, dash, number of parts.
    parts = [hashlib.md5(b"a" * 8).digest(), hashlib.md5(b"b").digest()]
    etag = multipart_etag(parts)
    assert etag == hashlib.md5(parts[0] + parts[1]).hexdigest() + "-2"
    assert part_count_of(etag) == 2
    assert not is_md5_etag(etag)


def test_an_object_in_parts_has_a_part():
    with pytest.raises(ValueError, match="at least one part"):
        multipart_etag([])


@pytest.mark.parametrize(
    ("etag", "is_md5", "parts"),
    [
        ("d41d8cd98f00b204e9800998ecf8427e", True, None),
        ("d41d8cd98f00b204e9800998ecf8427e-1", False, 1),
        ("d41d8cd98f00b204e9800998ecf8427e-10000", False, 10000),
        ("d41d8cd98f00b204e9800998ecf8427e-0", False, None),
        ("D41D8CD98F00B204E9800998ECF8427E", False, None),
        ("d41d8cd98f00b204e9800998ecf8427e\n", False, None),
        ("", False, None),
        ("opaque", False, None),
    ],
)
def test_forms_of_etags(etag, is_md5, parts):
    assert is_md5_etag(etag) is is_md5
    assert part_count_of(etag) == parts


@pytest.mark.parametrize(
    ("mtime_ns", "text"),
    [
        (0, "0.000000000"),
        (1_700_000_000_123_456_789, "1700000000.123456789"),
        (-1, "-0.000000001"),
        (-1_500_000_000, "-1.500000000"),
        (-500_000_000, "-0.500000000"),
    ],
)
def test_times_are_written_exactly(mtime_ns, text):
    assert format_mtime(mtime_ns) == text


@given(st.integers(min_value=-(2**63), max_value=2**63))
def test_times_come_back_exactly(mtime_ns):
    assert parse_mtime(format_mtime(mtime_ns)) == mtime_ns


@pytest.mark.parametrize(
    ("text", "mtime_ns"),
    [
        ("12", 12_000_000_000),
        ("12.", 12_000_000_000),
        ("+1.5", 1_500_000_000),
        ("1.1234567899", 1_123_456_789),
    ],
)
def test_times_of_other_writers_are_read(text, mtime_ns):
    assert parse_mtime(text) == mtime_ns


@pytest.mark.parametrize("text", ["", "x", "1e9", ".5", "1,5", "1.5\n", "٣", "9" * 20])
def test_no_other_text_is_a_time(text):
    with pytest.raises(ValueError, match="not a decimal number of seconds"):
        parse_mtime(text)


@pytest.mark.parametrize(
    ("told", "etag"),
    [('"x"', "x"), ("x", "x"), ('W/"x"', "x"), ("W/x", "W/x"), ('""', ""), ("", "")],
    ids=["quoted", "bare", "weak", "one that looks weak", "empty", "none"],
)
def test_an_etag_is_the_same_however_it_is_told(told: str, etag: str) -> None:
    assert bare_etag(told) == etag
