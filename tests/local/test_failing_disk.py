"""A disk, or a network below it, that answers with errors: nothing there counts as absent."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.paths import Scope
from s3syncd.local.files import lstat_path
from s3syncd.local.identity import RootError, identity_of, open_root
from s3syncd.local.inner import InnerMounts
from s3syncd.local.mounts import Mounts
from s3syncd.local.walk import Walk
from tests.faults.hanging import FAILURES, HangingFiles, hanging_files, needs_fuse

pytestmark = needs_fuse

_NAMES = ["one", "three", "two"]
_ERRORS = [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A directory in which the file system is mounted as `disk`."""
    (tmp_path / "disk").mkdir()
    yield tmp_path


@pytest.fixture
def disk(root: Path) -> Iterator[HangingFiles]:
    with hanging_files(root / "disk", dict.fromkeys(_NAMES, b"content")) as files:
        yield files


def _walked(root: Path) -> list[LocalEntry | UnknownMark]:
    """Scan the root as the scanner does, from the beginning to the end."""
    scope = Scope(prefix="", exclusions=[], inclusions=[])
    mounts = InnerMounts(Mounts(root), {}, on_new=lambda *_: None)
    walk = Walk(scope, prefix="", is_recursive=True, watch=None, mounts=mounts)
    walk.root_fd = open_root(root)
    try:
        return [entry for entries, _ in walk.steps() for entry in entries]
    finally:
        os.close(walk.root_fd)


def _looked_at(root: Path) -> list[object]:
    fd = open_root(root)
    try:
        return [lstat_path(fd, f"disk/{name}") for name in _NAMES]
    finally:
        os.close(fd)


def _is_covered(path: str, marks: list[str]) -> bool:
    return any(path == mark or (mark.endswith("/") and path.startswith(mark)) for mark in marks)


@pytest.mark.parametrize("error", _ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("what", ["lookup", "stat", "opening", "listing"])
def test_a_scan_that_meets_errors_knows_nothing_and_no_absence(
    root: Path, disk: HangingFiles, what: str, error: int
) -> None:
    assert [entry.path for entry in _walked(root)] == [f"disk/{name}" for name in _NAMES]
    disk.fail(what, error)
    found = _walked(root)
    marks = [entry.path for entry in found if isinstance(entry, UnknownMark)]
    seen = [entry.path for entry in found if isinstance(entry, LocalEntry)]
    for name in _NAMES:
        assert _is_covered(f"disk/{name}", marks) or f"disk/{name}" in seen
    disk.heal()
    assert [entry.path for entry in _walked(root)] == [f"disk/{name}" for name in _NAMES]


@pytest.mark.parametrize("error", _ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("what", ["lookup", "stat"])
def test_a_look_that_meets_errors_is_no_absence(
    root: Path, disk: HangingFiles, what: str, error: int
) -> None:
    assert all(isinstance(seen, LocalEntry) for seen in _looked_at(root))
    disk.fail(what, error)
    for seen in _looked_at(root):
        assert isinstance(seen, UnknownMark | LocalEntry)
        assert what == "stat" or isinstance(seen, UnknownMark)


@pytest.mark.parametrize("what", ["stat", "statfs"])
def test_a_root_on_such_a_disk_is_missing_and_not_empty(
    root: Path, disk: HangingFiles, what: str
) -> None:
    fd = open_root(root / "disk")
    known = identity_of(fd)
    os.close(fd)
    assert what in FAILURES
    disk.fail(what, errno.EIO)
    with pytest.raises(RootError):
        open_root(root / "disk", expected=known)
