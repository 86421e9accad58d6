"""Watches and what they stand on: roots, mounts and directories that come, go and move."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.follower import Follower, following, make_tree
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


def test_a_renamed_root_is_lost(follower: Follower, root: Path) -> None:
    root.rename(root.parent / "moved")
    until(lambda: follower.lost == ["moved"])


def test_a_deleted_root_is_lost(follower: Follower, root: Path) -> None:
    root.rmdir()
    until(lambda: follower.lost == ["deleted"])


def test_an_unmounted_root_is_lost_and_heard_again_after_the_next_scan(root: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", root]
    if (done := subprocess.run(mount, check=False, capture_output=True)).returncode:
        pytest.skip(f"mounting is not possible here: {done.stderr.decode()}")
    try:
        make_tree(root, "a/f")
        with following(root) as follower:
            follower.scanner.expect_root(follower.check_root().identity)
            subprocess.run(["umount", root], check=True)
            until(lambda: follower.take() or follower.lost == ["unmounted"])
            subprocess.run(mount, check=True)
            follower.scanner.expect_root(None)
            follower.full()
            (root / "g").touch()
            until(lambda: follower.take() or "g" in follower.heard)
    finally:
        subprocess.run(["umount", "-l", root], check=False, capture_output=True)


def test_a_mount_that_comes_or_goes_below_the_root_is_doubt(root: Path) -> None:
    (root / "m").mkdir()
    with following(root) as follower:
        follower.watcher.beat(0.0)
        follower.take()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", root / "m"]
        if (done := subprocess.run(mount, check=False, capture_output=True)).returncode:
            pytest.skip(f"mounting is not possible here: {done.stderr.decode()}")
        try:
            follower.watcher.beat(1.0)
            follower.take()
            assert follower.doubts == ["mounts"]
        finally:
            subprocess.run(["umount", "-l", root / "m"], check=True)


def test_watches_that_lead_out_of_the_tree_are_dropped(root: Path) -> None:
    make_tree(root, "a/b/c/f", "z/f")
    with following(root) as follower:
        assert follower.watcher.status().watched == 5
        (root / "a").rename(root.parent / "out/a")
        follower.full()
        assert follower.watcher.status().watched == 2
        follower.watcher.beat(0.0)
        live = follower.watcher._reader.live()
        assert len(live) == 2


def test_a_directory_met_again_under_its_new_path_stays_watched(root: Path) -> None:
    make_tree(root, "a/f", "z/f")
    with following(root) as follower:
        (root / "a").rename(root.parent / "out/a")
        follower.full()
        (root.parent / "out/a").rename(root / "b")
        follower.directory("b/", is_recursive=True)  # the same inode: the same descriptor
        follower.watcher.beat(0.0)
        (root / "b/g").touch()
        until(lambda: follower.take() or "b/g" in follower.heard)
        assert len(follower.watcher._reader.live()) == 3


def test_a_watch_that_the_kernel_lost_is_found_by_the_audit(root: Path) -> None:
    make_tree(root, "a/f")
    with following(root) as follower:
        watches = follower.watcher._watches
        wd = watches._by_path["a/"]
        follower.watcher._reader.drop([wd])  # as if it had vanished: our table still has it
        watches.enter(wd, "a/", 1)
        until(lambda: wd not in follower.watcher._reader.live())
        follower.take()
        # The scan enters `a/` anew under another descriptor; an audit before it must tell.
        watches.begin_scan()
        watches.enter(wd, "a/", 1)
        follower.watcher.end_scan()
        assert follower.hints.take().directories == {"a/": True}


def test_an_event_of_an_unknown_watch_is_doubt(root: Path) -> None:
    make_tree(root, "a/f")
    with following(root) as follower:
        follower.watcher._watches.forget(follower.watcher._watches._by_path["a/"])
        (root / "a/g").touch()
        until(lambda: follower.take() or "unknown_watch" in follower.doubts)
