"""Single files below a root: opened and looked at without following anything."""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.safety import RootIdentity
from s3syncd.local import files
from s3syncd.local.identity import RootError, open_root
from tests.descriptors import held_below


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a/file").write_bytes(b"0123456789")
    return root


@pytest.fixture
def root_fd(root: Path) -> Iterator[int]:
    fd = open_root(root)
    yield fd
    os.close(fd)


def test_no_descriptor_is_left_open(root: Path, root_fd: int) -> None:
    os.mkfifo(root / "pipe")
    before = held_below(Path("/"))
    for path in ("none", "none/f", "a", "a/none", "a/file/below", "pipe", "pipe/f", "../x"):
        with pytest.raises(OSError):
            files.open_regular(root_fd, path)
        files.lstat_path(root_fd, path)
    with pytest.raises(RootError):
        open_root(root / "a/file")
    with pytest.raises(RootError):
        open_root(root, expected=RootIdentity(1, 1))
    assert held_below(Path("/")) == before


def test_a_file_is_read_whole_and_at_offsets(root_fd: int) -> None:
    fd = files.open_regular(root_fd, "a/file")
    try:
        assert files.read_whole(fd, 10) == b"0123456789"
        assert files.read_whole(fd, 4) == b"0123"
        assert files.read_whole(fd, 99) == b"0123456789"
        assert files.read_at(fd, 6, 3) == b"678"
        assert files.read_at(fd, 8, 5) == b"89"
        assert files.stat_of(fd, "a/file") == files.lstat_path(root_fd, "a/file")
    finally:
        os.close(fd)


@pytest.mark.parametrize("swap", ["symlink", "fifo", "directory"])
def test_what_took_the_place_of_a_file_is_not_opened(root: Path, root_fd: int, swap: str) -> None:
    (root / "a/file").unlink()
    {
        "symlink": lambda: (root / "a/file").symlink_to("/etc/passwd"),
        "fifo": lambda: os.mkfifo(root / "a/file"),  # opening it would wait for a writer
        "directory": (root / "a/file").mkdir,
    }[swap]()
    with pytest.raises(OSError):
        files.open_regular(root_fd, "a/file")


def test_a_parent_that_became_a_link_is_not_followed(root: Path, root_fd: int) -> None:
    (root / "a").rename(root.parent / "elsewhere")
    (root / "a").symlink_to("../elsewhere")
    assert (root / "a/file").read_bytes() == b"0123456789"
    with pytest.raises(OSError):
        files.open_regular(root_fd, "a/file")
    assert files.lstat_path(root_fd, "a/file") == UnknownMark("a/file", "symlink")


@pytest.mark.parametrize(
    "path", ["../x", "a/../a/file", "/etc/passwd", "a//file", "a/", "", "a/\0"]
)
def test_a_path_that_leaves_the_root_is_neither_opened_nor_absent(root_fd: int, path: str) -> None:
    with pytest.raises(OSError):
        files.open_regular(root_fd, path)
    assert isinstance(files.lstat_path(root_fd, path), UnknownMark)


def test_only_a_missing_name_or_a_file_above_is_absent(root: Path, root_fd: int) -> None:
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("a")
    assert files.lstat_path(root_fd, "a/none") == "absent"
    assert files.lstat_path(root_fd, "none/at/all") == "absent"
    assert files.lstat_path(root_fd, "a/file/below") == "absent"
    assert files.lstat_path(root_fd, "a/file/below/it") == "absent"
    assert files.lstat_path(root_fd, "a") == "directory"
    assert isinstance(files.lstat_path(root_fd, "a/file"), LocalEntry)
    assert files.lstat_path(root_fd, "pipe") == UnknownMark("pipe", "special_file")
    assert files.lstat_path(root_fd, "pipe/below") == UnknownMark("pipe/below", "special_file")
    assert files.lstat_path(root_fd, "link") == UnknownMark("link", "symlink")
    too_long = "n" * 300
    assert files.lstat_path(root_fd, too_long) == UnknownMark(too_long, "io_error")


def test_a_lease_is_had_only_while_nobody_writes(root: Path, root_fd: int) -> None:
    fd = files.open_regular(root_fd, "a/file")
    try:
        assert files.try_read_lease(fd)
        with (root / "a/file").open("rb"):
            assert files.try_read_lease(fd), "another reader is no writer"
        with (root / "a/file").open("r+b") as writer:
            assert files.try_read_lease(fd) is False
            mapped = mmap.mmap(writer.fileno(), 10)
        assert files.try_read_lease(fd) is False, "closed, but still mapped for writing"
        mapped.close()
        assert files.try_read_lease(fd)
    finally:
        os.close(fd)


def test_lease_that_cannot_be_asked_for_tells_nothing() -> None:
    ends = os.pipe()
    try:
        assert files.try_read_lease(ends[0]) is None
    finally:
        for end in ends:
            os.close(end)


@pytest.fixture
def _sigio_ignored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGIO)
    files.ignore_sigio()
    yield
    signal.signal(signal.SIGIO, before)


@pytest.mark.usefixtures("_sigio_ignored")
def test_a_lease_is_given_back_at_once(root: Path, root_fd: int) -> None:
    fd = files.open_regular(root_fd, "a/file")
    try:
        assert files.try_read_lease(fd)
        # With the lease still held this open would fail: it may not wait for its holder.
        os.close(os.open(root / "a/file", os.O_WRONLY | os.O_NONBLOCK))
    finally:
        os.close(fd)


_LEASE_BROKEN = """
import fcntl, os, signal, sys
from s3syncd.local import files
signal.signal(signal.SIGIO, signal.SIG_DFL)  # what a parent ignores, a child inherits
files.ignore_sigio()
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
try:
    os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
except BlockingIOError:
    print("alive")
"""


def test_a_broken_lease_does_not_end_the_process(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LEASE_BROKEN, root / "a/file"], capture_output=True, check=False
    )
    assert done.stdout.strip() == b"alive", f"ended by {done.returncode}"


def test_opening_a_fifo_never_waits(root: Path, root_fd: int) -> None:
    os.mkfifo(root / "pipe")
    done = threading.Event()

    def open_it() -> None:
        with pytest.raises(OSError):
            files.open_regular(root_fd, "pipe")
        done.set()

    thread = threading.Thread(target=open_it, daemon=True)
    thread.start()
    is_done = done.wait(5)
    if not is_done:  # let it go, so that the failure is the assertion
        os.close(os.open(root / "pipe", os.O_RDWR))
    assert is_done
    thread.join()
