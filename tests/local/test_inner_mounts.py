"""A file system mounted inside the root belongs to the tree only when the site says so."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.paths import Scope
from s3syncd.local.messages import MountAccepted, MountSeen
from tests.local.follower import Follower, following, make_tree
from tests.waiting import until

Mount = Callable[[Path], None]
NEW = UnknownMark("m/", "mount_new")
MISSING = UnknownMark("m/", "mount_missing")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    make_tree(made, "m/known", "m/d/known", "other")
    return made


def entries(follower: Follower) -> list[LocalEntry]:
    return [entry for entry in follower.full() if isinstance(entry, LocalEntry)]


def accepted(follower: Follower) -> list[MountAccepted]:
    return [each for each in follower.messages if isinstance(each, MountAccepted)]


def test_what_is_mounted_over_known_files_is_unknown_until_it_goes(
    root: Path, mounted: Mount
) -> None:
    with following(root) as follower:
        follower.known = [entry for entry in entries(follower) if entry.path.startswith("m/")]
        mounted(root / "m")
        make_tree(root, "m/new")
        assert follower.full() == [NEW, LocalEntry(*follower.look("other").results["other"])]
        results = follower.look("m/known", "m/new", "m", "other").results
        assert results["m/known"] == UnknownMark("m/known", "mount_new")
        assert results["m/new"] == UnknownMark("m/new", "mount_new")
        assert results["m"] == UnknownMark("m", "mount_new")
        assert isinstance(results["other"], LocalEntry)
        assert follower.directory("m/", is_recursive=True) == [NEW]
        below = follower.directory("m/d/", is_recursive=True)
        assert below == [UnknownMark("m/d/", "mount_new")]
        assert not accepted(follower)
        subprocess.run(["umount", root / "m"], check=True)
        assert isinstance(follower.look("m/known").results["m/known"], LocalEntry)
        assert {entry.path for entry in follower.full()} == {"m/known", "m/d/known", "other"}


def test_the_first_look_already_knows_of_a_mount(root: Path, mounted: Mount) -> None:
    """Else two looks at a hidden file would find it gone before any scan came by."""
    with following(root) as follower:
        follower.known = [entry for entry in entries(follower) if entry.path.startswith("m/")]
        mounted(root / "m")
        results = follower.look("m/known").results
        assert results == {"m/known": UnknownMark("m/known", "mount_new")}


def test_a_mount_that_has_the_known_files_is_accepted(root: Path, mounted: Mount) -> None:
    with following(root) as follower:
        follower.known = [entry for entry in entries(follower) if entry.path.startswith("m/")]
        copy = root.parent / "copy"
        subprocess.run(["cp", "-a", root / "m", copy], check=True)
        mounted(root / "m")
        follower.full()
        subprocess.run(["cp", "-a", f"{copy}/.", root / "m"], check=True)
        follower.full()  # it is met again
        until(lambda: accepted(follower))
        assert accepted(follower)[0].was_left_out
        assert {entry.path for entry in follower.full()} == {"m/known", "m/d/known", "other"}
        subprocess.run(["umount", root / "m"], check=True)
        assert UnknownMark("m/", "mount_missing") in follower.full()


def test_a_mount_that_goes_before_it_is_accepted_is_not_missed(root: Path, mounted: Mount) -> None:
    with following(root) as follower:
        follower.is_accepting = False
        mounted(root / "m")
        follower.full()
        seen = next(each for each in follower.messages if isinstance(each, MountSeen))
        subprocess.run(["umount", root / "m"], check=True)
        follower.scanner.accept_mount(seen.path, seen.identity, ())
        assert {entry.path for entry in follower.full()} == {"m/known", "m/d/known", "other"}
        assert not accepted(follower)


def test_a_file_mounted_over_a_file_is_a_file(root: Path, mounted: Mount) -> None:
    mounted(root.parent)  # so that the test may mount: a skip otherwise
    make_tree(root, "other", "bound")
    done = subprocess.run(["mount", "--bind", root / "bound", root / "other"], check=True)
    try:
        with following(root) as follower:
            assert isinstance(follower.look("other").results["other"], LocalEntry)
            assert {entry.path for entry in follower.full()} == {"bound", "other"}
    finally:
        subprocess.run(["umount", "-l", root / "other"], check=True)
    assert done.returncode == 0


def test_what_is_mounted_below_a_pruned_directory_is_no_news(root: Path, mounted: Mount) -> None:
    mounted(root / "m")
    with following(root, scope=Scope(prefix="", exclusions=["^m/"], inclusions=[])) as follower:
        assert not [each for each in follower.messages if isinstance(each, MountSeen)]
        assert [entry.path for entry in follower.full()] == ["other"]


def test_a_mount_that_is_gone_for_good_is_missed_no_more(root: Path, mounted: Mount) -> None:
    mounted(root / "m")
    with following(root) as follower:
        assert accepted(follower)
        subprocess.run(["umount", root / "m"], check=True)
        assert MISSING in follower.full()
        follower.scanner.accept_mount("m/", None, ())
        assert {entry.path for entry in follower.full()} == {"m/known", "m/d/known", "other"}
        assert accepted(follower)[-1] == MountAccepted("m/", None, was_left_out=True)


def test_a_mount_that_is_back_is_not_forgotten(root: Path, mounted: Mount) -> None:
    mounted(root / "m")
    with following(root) as follower:
        follower.scanner.accept_mount("m/", None, ())
        follower.full()  # the scan thread has seen to that while it was there
        subprocess.run(["umount", root / "m"], check=True)
        assert MISSING in follower.full()
        assert [each.identity is None for each in accepted(follower)] == [False]


def test_another_mount_in_the_place_of_one_that_is_gone_is_judged(
    root: Path, mounted: Mount
) -> None:
    mounted(root / "m")
    with following(root) as follower:
        follower.is_accepting = False
        subprocess.run(["umount", root / "m"], check=True)
        mounted(root / "m")
        assert MISSING in follower.full()
        follower.scanner.accept_mount("m/", None, ())
        results = follower.look("m/known").results
        assert results == {"m/known": UnknownMark("m/known", "mount_new")}
        assert NEW in follower.full()
