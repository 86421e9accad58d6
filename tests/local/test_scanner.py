"""The scan thread: what goes first, what it waits for, and which root it believes."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Looked, RootSeen
from s3syncd.local.messages import MountSeen
from tests.local.follower import Follower, files_below, following, make_tree
from tests.waiting import until

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def exchange(one: Path, other: Path) -> None:
    """Swap two names in one step, as deploy programs do."""
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    assert failed == 0, os.strerror(ctypes.get_errno())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def mounted() -> Iterator[object]:
    """Mounts a fresh tmpfs on a directory; skipped where that is not allowed."""
    points: list[Path] = []

    def mount(point: Path) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=32m", "none", point],
            check=False,
            capture_output=True,
        )
        if done.returncode:
            pytest.skip(f"mounting is not possible here: {done.stderr.decode()}")
        points.append(point)

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "-l", point], check=False, capture_output=True)


def fill(root: Path, count: int) -> None:
    (root / "d").mkdir()
    for number in range(count):
        os.close(os.open(root / f"d/{number:05}", os.O_CREAT | os.O_WRONLY))


def test_a_scan_that_nobody_takes_from_pauses_and_the_rest_goes_on(root: Path) -> None:
    fill(root, 512 * 5 + 9)
    make_tree(root, "e/f")
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        assert follower.look("e/f").root_ok
        assert [entry.path for entry in follower.directory("e/", is_recursive=True)] == ["e/f"]
        assert follower.check_root().reason == ""
        assert len(follower.batches[number]) == 4, "no fifth batch before one was taken"
        follower.scanner.taken(number)
        until(lambda: len(follower.batches[number]) == 5)
        follower.look("e/f")
        assert len(follower.batches[number]) == 5
        assert follower.unblock(number).is_complete
        assert {entry.path for entry in follower.entries(number)} == files_below(root)


def test_looks_go_before_directories_and_those_before_a_full_scan(root: Path) -> None:
    fill(root, 600)
    make_tree(root, "e/f")
    follower = Follower(root, is_watching=False)
    follower.scanner.full(1)
    follower.scanner.directory(2, "e/", is_recursive=True)
    follower.scanner.look(["e/f"])
    follower.scanner.start()
    try:
        follower.wait_for(1)
        kinds = [
            "look" if isinstance(message, Looked) else getattr(message, "pass_id", 0)
            for message in follower.messages
        ]
        assert kinds[:3] == ["look", 2, 1]
    finally:
        follower.stop()


def test_a_canceled_scan_ends_and_is_not_complete(root: Path) -> None:
    fill(root, 512 * 5 + 9)
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        follower.scanner.cancel(number)
        assert not follower.wait_for(number).is_complete
        follower.scanner.taken(number)
        follower.is_taking = True
        follower.full()


def test_a_missing_root_is_told_as_missing_and_nothing_as_absent(root: Path) -> None:
    make_tree(root, "a")
    with following(root) as follower:
        root.rename(root.parent / "moved")
        seen = follower.check_root()
        assert (seen.identity, seen.reason) == (None, "root_missing")
        assert "No such file" in seen.detail
        assert follower.look("a") == Looked({}, root_ok=False)
        assert follower.full() == []
        assert not follower.batches[2][-1].is_complete
        make_tree(root.parent, "root")  # a file in its place
        assert follower.check_root().reason == "root_missing"
        (root.parent / "root").unlink()
        (root.parent / "root").symlink_to("moved")
        assert follower.check_root().reason == "root_missing"


def test_another_root_in_its_place_is_neither_scanned_nor_looked_at(root: Path) -> None:
    make_tree(root, "a")
    with following(root) as follower:
        accepted = follower.check_root().identity
        follower.scanner.expect_root(accepted)
        assert isinstance(follower.look("a").results["a"], LocalEntry)
        make_tree(root.parent, "other/b")
        exchange(root, root.parent / "other")
        assert follower.look("a") == Looked({}, root_ok=False)
        assert follower.full() == []
        assert not follower.batches[2][-1].is_complete
        told = [message for message in follower.messages if isinstance(message, RootSeen)]
        assert told[-1].identity not in {None, accepted}, "the site can judge the other one"
        exchange(root, root.parent / "other")
        assert follower.look("a").root_ok


def test_a_look_asked_for_under_the_old_root_is_not_answered_by_the_new(root: Path) -> None:
    make_tree(root, "a")
    follower = Follower(root, is_watching=False)
    follower.watcher.start()
    with following(root, is_watching=False) as other:
        accepted = other.check_root().identity
        root.rename(root.parent / "old")
        root.mkdir()
        newer = other.check_root().identity
    follower.scanner.expect_root(accepted)
    follower.scanner.look(["a"])
    follower.scanner.expect_root(newer)
    follower.scanner.look(["a"])
    follower.scanner.start()
    try:
        until(lambda: len([m for m in follower.messages if isinstance(m, Looked)]) == 2)
        looks = [message for message in follower.messages if isinstance(message, Looked)]
        assert looks == [Looked({}, root_ok=False), Looked({"a": "absent"}, root_ok=True)]
    finally:
        follower.stop()


def test_a_root_swapped_during_a_scan_makes_it_incomplete(root: Path) -> None:
    fill(root, 512 * 5 + 9)
    (root / "z").mkdir()
    (root.parent / "other").mkdir()
    fill(root.parent / "other", 600)
    (root.parent / "other/d").rename(root.parent / "other/z")
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        exchange(root, root.parent / "other")
        assert not follower.unblock(number).is_complete
        told = {entry.path for entry in follower.entries(number)}
    assert told
    assert all(path.startswith("d/") for path in told), "files of the other root were told"


class _Calls:
    """A watcher that does something when a directory is about to be listed."""

    def __init__(self, call: Callable[[str], object]) -> None:
        self.call = call

    def watch(self, path: str, fd: int) -> bool:
        self.call(path)
        return True

    def meet(self, path: str) -> None: ...
    def begin_scan(self) -> None: ...
    def end_scan(self) -> None: ...


def test_a_root_swapped_after_the_last_step_makes_the_scan_incomplete(root: Path) -> None:
    make_tree(root, "a/f")
    (root.parent / "other").mkdir()

    def swap(path: str) -> None:
        if path == "a/":
            exchange(root, root.parent / "other")

    with following(root, is_started=False) as follower:
        follower.scanner._watcher = _Calls(swap)
        follower.full()
        assert not follower.batches[1][-1].is_complete
        exchange(root, root.parent / "other")
        follower.scanner._watcher = None
        follower.full()
        assert follower.batches[2][-1].is_complete


def test_a_paused_scan_holds_no_descriptor_that_pins_the_root(root: Path, mounted) -> None:
    mounted(root)
    fill(root, 512 * 5)
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        follower.look("x")
        subprocess.run(["umount", root], check=True)  # busy while anything below is open
        assert not list(root.iterdir())
        assert not follower.unblock(number).is_complete


def test_an_unmounted_root_is_another_root(root: Path, mounted) -> None:
    mounted(root)
    make_tree(root, "a")
    with following(root) as follower:
        accepted = follower.check_root().identity
        follower.scanner.expect_root(accepted)
        subprocess.run(["umount", root], check=True)
        assert follower.check_root().identity != accepted
        assert follower.look("a") == Looked({}, root_ok=False)


def test_a_mount_inside_the_root_that_is_gone_is_unknown(root: Path, mounted) -> None:
    make_tree(root, "a/m/", "a/z", "b")
    mounted(root / "a/m")
    make_tree(root, "a/m/f", "a/m/d/g")
    with following(root) as follower:
        (seen,) = [m for m in follower.messages if isinstance(m, MountSeen)]
        assert seen.path == "a/m/"
        assert follower.seen == {"a/m/f", "a/m/d/g", "a/z", "b"}
        subprocess.run(["umount", root / "a/m"], check=True)
        lost = UnknownMark("a/m/", "mount_missing")
        for _ in ("empty directory", "no directory", "no parent"):
            assert lost in follower.full()
            results = follower.look("a/m/f", "a/m", "b").results
            assert results["a/m/f"] == UnknownMark("a/m/f", "mount_missing")
            assert results["a/m"] == UnknownMark("a/m", "mount_missing")
            assert isinstance(results["b"], LocalEntry)
            assert follower.directory("a/m/d/", is_recursive=True) == [
                UnknownMark("a/m/d/", "mount_missing")
            ]
            assert follower.directory("a/", is_recursive=True)[0] == lost
            if (root / "a/m").exists():
                (root / "a/m").rmdir()
            elif (root / "a").exists():
                shutil.rmtree(root / "a")
        entries = follower.full()
        assert [entry.path for entry in entries] == ["a/m/", "b"]


def test_a_mount_remembered_from_an_earlier_life_is_missed(root: Path, mounted) -> None:
    make_tree(root, "m/under")
    mounted(root / "m")
    with following(root) as follower:
        (seen,) = [m for m in follower.messages if isinstance(m, MountSeen)]
    subprocess.run(["umount", root / "m"], check=True)
    with following(root, mounts={seen.path: seen.identity}) as follower:
        assert follower.full() == [UnknownMark("m/", "mount_missing")]
    mounted(root / "m")  # another filesystem on the same point
    with following(root, mounts={seen.path: seen.identity}) as follower:
        assert follower.full() == [UnknownMark("m/", "mount_missing")]


def test_directories_exchanged_during_a_scan_are_not_mixed(root: Path) -> None:
    make_tree(root, *(f"a/{n:04}" for n in range(1_500)), *(f"b/x{n:04}" for n in range(1_500)))
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        exchange(root / "a", root / "b")
        assert follower.unblock(number).is_complete
        found = {entry.path for entry in follower.entries(number)}
    # `a` was read before, `b` after: each is one of the two, whole.
    assert found in (
        {f"a/{n:04}" for n in range(1_500)} | {f"b/{n:04}" for n in range(1_500)},
        {f"a/{n:04}" for n in range(1_500)} | {f"b/x{n:04}" for n in range(1_500)},
    )


def test_a_failure_nobody_foresaw_ends_that_scan_alone(root: Path) -> None:
    make_tree(root, "a")

    def fail(path: str) -> None:
        raise RuntimeError("unforeseen")

    with following(root, is_started=False) as follower:
        follower.scanner._watcher = _Calls(fail)
        assert follower.full() == []
        assert not follower.batches[1][-1].is_complete
        assert "unforeseen" in follower.scanner.last_error
        assert follower.look("a").root_ok


_AS_SOMEBODY_ELSE = """
import json, os, sys
from pathlib import Path
from tests.local.follower import following
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)  # of all threads, those to come included
with following(root, is_started=False) as follower:
    follower.full()
    entries = [list(entry[:2]) for entry in follower.entries(1)]
    looks = {path: str(look) for path, look in follower.look(*sys.argv[2:]).results.items()}
    is_complete = follower.batches[1][-1].is_complete
    print(json.dumps([entries, looks, is_complete, follower.check_root().reason]))
"""


def scanned_by_somebody_else(root: Path, *paths: str) -> tuple[list, dict, bool, str]:
    done = subprocess.run(
        [sys.executable, "-c", _AS_SOMEBODY_ELSE, root, *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory whose way anybody may pass (pytest's own is private)."""
    folder = Path(tempfile.mkdtemp()).resolve()
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


def test_what_may_not_be_read_is_unknown_and_the_rest_complete(open_folder: Path) -> None:
    make_tree(open_folder, "a/f", "closed/f", "listable/f", "listable/g/h", "z")
    (open_folder / "closed").chmod(0o000)
    (open_folder / "listable").chmod(0o444)  # names, but no looks
    entries, looks, is_complete, _reason = scanned_by_somebody_else(
        open_folder, "closed/f", "closed/none", "listable/f", "a/none"
    )
    assert entries == [
        ["a/f", 3],
        ["closed/", "unreadable"],
        ["listable/f", "unreadable"],
        ["listable/g/", "unreadable"],
        ["z", 1],
    ]
    assert is_complete
    assert looks["closed/f"] == str(UnknownMark("closed/f", "unreadable"))
    assert looks["closed/none"] == str(UnknownMark("closed/none", "unreadable"))
    assert looks["listable/f"] == str(UnknownMark("listable/f", "unreadable"))
    assert looks["a/none"] == "absent"


def test_an_unreadable_root_is_missing_not_empty(open_folder: Path) -> None:
    make_tree(open_folder, "root/f")
    (open_folder / "root").chmod(0o000)
    entries, looks, is_complete, reason = scanned_by_somebody_else(open_folder / "root", "f")
    assert (entries, looks, is_complete, reason) == ([], {}, False, "root_missing")
