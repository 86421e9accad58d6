"""Which root a scan believes: missing, exchanged, mounted and unmounted, also in its middle."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Looked, RootSeen
from s3syncd.local.messages import MountAccepted
from tests.local.follower import Follower, following, make_tree
from tests.local.listening import Calls
from tests.local.trees import exchange, fill
from tests.waiting import until


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


def test_a_root_swapped_after_the_last_step_makes_the_scan_incomplete(root: Path) -> None:
    make_tree(root, "a/f")
    (root.parent / "other").mkdir()

    def swap(path: str) -> None:
        if path == "a/":
            exchange(root, root.parent / "other")

    with following(root, is_started=False) as follower:
        follower.scanner._watcher = Calls(swap)
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
        (seen,) = [m for m in follower.messages if isinstance(m, MountAccepted)]
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
        (seen,) = [m for m in follower.messages if isinstance(m, MountAccepted)]
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
