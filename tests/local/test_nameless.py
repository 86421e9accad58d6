"""Names that are not UTF-8: what stands behind them is remembered."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from s3syncd.local import nameless
from s3syncd.local.nameless import Nameless


def _bad(number: int = 0) -> str:
    return os.fsdecode(b"bad\xff%d" % number)


def _met(directory: Path) -> Nameless:
    met = Nameless()
    fd = os.open(directory, os.O_RDONLY)
    try:
        with os.scandir(fd) as entries:
            for entry in entries:
                met.meet(f"d/{entry.name}", fd, entry)
    finally:
        os.close(fd)
    return met


def test_a_file_is_remembered_by_its_inode(tmp_path: Path) -> None:
    file = tmp_path / _bad()
    file.write_text("content")
    met = _met(tmp_path)
    assert (met.count, met.sample, met.inodes) == (1, [r"d/bad\xff0"], {file.stat().st_ino})
    assert not (met.is_full or met.has_directory)


def test_so_are_the_files_in_a_directory_and_below(tmp_path: Path) -> None:
    below = tmp_path / _bad() / "x" / _bad(1)
    below.mkdir(parents=True)
    files = [tmp_path / _bad() / "good", below / "deep"]
    for file in files:
        file.write_text("content")
    met = _met(tmp_path)
    assert met.count == 1
    assert met.inodes == {file.stat().st_ino for file in files}


def test_no_link_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("content")
    inside = tmp_path / "inside"
    (inside / _bad()).mkdir(parents=True)
    (inside / _bad() / "link").symlink_to(outside)
    (inside / _bad(1)).symlink_to(outside)
    (inside / _bad(2)).symlink_to(outside / "file")
    os.mkfifo(inside / _bad(3))
    assert _met(inside).inodes == set()


def test_what_is_very_deep_is_left_out(tmp_path: Path) -> None:
    place = tmp_path / _bad()
    for _ in range(70):
        place /= "d"
    place.mkdir(parents=True)
    (place / "file").write_text("content")
    met = _met(tmp_path)
    assert (met.inodes, met.is_full, met.has_directory) == (set(), True, True)


def test_only_so_many_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nameless, "_REMEMBERED", 5)
    for number in range(9):
        (tmp_path / _bad(number)).write_text("content")
    met = _met(tmp_path)
    assert (met.count, len(met.inodes), met.is_full) == (9, 5, True)


def test_a_directory_that_is_gone_by_now_is_no_error(tmp_path: Path) -> None:
    (tmp_path / _bad()).mkdir()
    met = Nameless()
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        with os.scandir(fd) as entries:
            (entry,) = entries
        (tmp_path / _bad()).rmdir()
        met.meet("x", fd, entry)
    finally:
        os.close(fd)
    assert met.inodes == set()


def test_another_file_system_has_inodes_of_its_own(
    tmp_path: Path, mounted: Callable[[Path], None]
) -> None:
    (tmp_path / _bad()).mkdir()
    mounted(tmp_path / _bad())
    (tmp_path / _bad() / "file").write_text("content")
    assert _met(tmp_path).inodes == set()
