"""What we read does not drive out of the page cache what was there, nor stays there itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.local import pagecache

SIZE = 4 * 1024 * 1024


def make_cold(fd: int) -> None:
    """Take it out of the cache; read first, so that nothing is on its way into it."""
    os.pread(fd, SIZE, 0)
    pagecache.drop_read(fd, 0, SIZE)


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    """A file on a disk, nothing of it in the cache."""
    path = tmp_path / "f"
    path.write_bytes(os.urandom(SIZE))
    fd = os.open(path, os.O_RDWR)
    os.fsync(fd)
    make_cold(fd)
    can_tell = pagecache.is_cold(fd, SIZE)
    make_cold(fd)  # a look may bring in the pages that it looked at
    yield fd if can_tell else pytest.skip("this file system's page cache cannot be looked into")
    os.close(fd)


def test_file_that_was_read_is_not_cold(fd: int) -> None:
    os.pread(fd, SIZE, 0)
    assert not pagecache.is_cold(fd, SIZE)


def test_file_of_which_a_part_was_read_is_not_cold(fd: int) -> None:
    os.pread(fd, SIZE // 2, 0)
    assert not pagecache.is_cold(fd, SIZE)


def test_what_was_dropped_is_cold_again(fd: int) -> None:
    make_cold(fd)
    assert pagecache.is_cold(fd, SIZE)


def test_changes_not_on_the_disk_yet_are_not_lost(fd: int) -> None:
    os.pwrite(fd, b"changed", 0)
    pagecache.drop_read(fd, 0, SIZE)
    assert os.pread(fd, 7, 0) == b"changed"


def test_empty_file_and_file_that_cannot_be_told_are_not_cold(fd: int) -> None:
    assert not pagecache.is_cold(fd, 0)
    reading, writing = os.pipe()
    try:
        assert not pagecache.is_cold(reading, SIZE)
    finally:
        os.close(reading)
        os.close(writing)
