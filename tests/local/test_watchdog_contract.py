"""What is relied upon of watchdog's lower layer, which is new and not documented."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.local.watches import parse_fdinfo
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")

inotify_c = pytest.importorskip("watchdog.observers.inotify_c")
_MASK = inotify_c.InotifyConstants.IN_CREATE | inotify_c.InotifyConstants.IN_ONLYDIR


class _Callback:
    def __init__(self) -> None:
        self.events: list = []
        self.deleted: list[int] = []
        self.overflows = 0

    def on_event(self, event: object) -> None:
        self.events.append(event)

    def on_watch_deleted(self, wd: int) -> None:
        self.deleted.append(wd)

    def on_queue_overflow(self) -> None:
        self.overflows += 1


@pytest.fixture
def reader() -> Iterator[object]:
    reader = inotify_c.InotifyFD()
    reader.start()
    yield reader
    reader.stop()
    reader.join(10)
    assert not reader.is_alive()


def test_events_come_with_descriptor_bits_and_name(reader, tmp_path: Path) -> None:
    callback = _Callback()
    wd = reader.add_callback(os.fsencode(tmp_path), _MASK, callback, 0)
    (tmp_path / os.fsdecode(b"f\xff")).touch()
    until(lambda: callback.events)
    (event,) = callback.events
    assert (event.wd, event.mask, event.name) == (wd, 0x100, b"f\xff")


def test_the_same_directory_keeps_its_descriptor_after_a_rename(reader, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    first = reader.add_callback(os.fsencode(tmp_path / "d"), _MASK, _Callback(), 0)
    (tmp_path / "d").rename(tmp_path / "e")
    assert reader.add_callback(os.fsencode(tmp_path / "e"), _MASK, _Callback(), 1) == first


def test_an_open_directory_can_be_watched_through_its_descriptor(reader, tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    callback = _Callback()
    through = reader.add_callback(b"/proc/self/fd/%d/." % fd, _MASK, callback, 0)
    os.close(fd)
    assert through == reader.add_callback(os.fsencode(tmp_path), _MASK, callback, 1)


def test_a_removed_directory_is_told(reader, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    callback = _Callback()
    wd = reader.add_callback(os.fsencode(tmp_path / "d"), _MASK, callback, 0)
    (tmp_path / "d").rmdir()
    until(lambda: callback.deleted == [wd])


def test_an_overflow_is_told_to_each_callback_once(reader, tmp_path: Path, caplog) -> None:
    callback = _Callback()
    reader.add_callback(os.fsencode(tmp_path), _MASK, callback, 0)
    reader.handle_event(inotify_c.InotifyEvent(-1, 0x4000, 0, b""))
    assert callback.overflows == 1
    assert "overflow" in caplog.text


def test_the_parts_that_are_used_of_a_reader_exist(reader) -> None:
    assert reader.stopped_event.is_set() is False
    assert reader.should_keep_running() is True
    assert reader._closed is False
    assert reader._watch_for_wd == {}
    with reader._lock:
        assert reader._inotify_fd >= 0


def test_the_kernels_list_of_watches_is_read_in_its_number_base(reader, tmp_path: Path) -> None:
    inodes = {}
    for number in range(20):
        (tmp_path / f"{number}").mkdir()
        path = tmp_path / f"{number}"
        inodes[reader.add_callback(os.fsencode(path), _MASK, _Callback(), 0)] = path.stat().st_ino
    listed = parse_fdinfo(Path(f"/proc/self/fdinfo/{reader._inotify_fd}").read_text())
    assert listed == inodes


_NOT_READABLE = """
import os, sys
from watchdog.observers.inotify_c import InotifyFD
if os.geteuid() == 0:
    os.seteuid(65534)
reader = InotifyFD()
reader.start()
print(reader.add_callback(os.fsencode(sys.argv[1]), 0x100, object(), 0))
os._exit(0 if list(reader._watch_for_wd) == [-1] else 1)
"""


def test_a_directory_that_may_not_be_read_gives_minus_one(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o000)
    done = subprocess.run(
        [sys.executable, "-c", _NOT_READABLE, tmp_path / "d"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "-1", "no exception: watchdog's way of saying EACCES"


def test_a_missing_directory_raises(reader, tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised:
        reader.add_callback(os.fsencode(tmp_path / "none"), _MASK, _Callback(), 0)
    assert raised.value.errno == errno.ENOENT
