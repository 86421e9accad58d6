"""What the kernel tells of changes, what it does not, and what is found all the same."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.e2e.world import World
from tests.waiting import until

pytestmark = pytest.mark.e2e


def can_limit_watches() -> bool:
    """Whether a user namespace with its own limit of watches can be made."""
    made = subprocess.run(
        ["unshare", "-U", "-r", "sh", "-c", "echo 9 > /proc/sys/user/max_inotify_watches"],
        capture_output=True,
        check=False,
    )
    return made.returncode == 0


def test_an_overflow_of_the_kernels_queue_loses_nothing(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=10**6)
    old = site.write("old")
    for number in range(40):
        site.write(f"d{number}/keep")
    daemon = world.daemon().start()
    daemon.in_sync()
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGSTOP)
    for number in range(7_000):  # three events each: more than the 16,384 of the queue
        path = site.root / f"d{number % 40}/short-lived-{number}"
        path.touch()
        path.unlink()
    old.unlink()
    site.write("d1/new directory/new", "new")
    daemon.process.send_signal(signal.SIGCONT)
    until(lambda: "d1/new directory/new" in site.names() and "old" not in site.names(), 20)
    daemon.in_sync()
    site.assert_equal()
    assert [e for e in daemon.events("watch.doubt") if e["reason"] == "overflow"]


def test_twenty_thousand_short_lived_files_leave_nothing(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=10**6)
    site.write("old")
    site.write("stays")
    daemon = world.daemon().start()
    daemon.in_sync()
    for number in range(20_000):
        path = site.root / f"short-lived-{number}"
        path.touch()
        path.unlink()
    (site.root / "old").unlink()
    site.write("new")
    until(lambda: site.names() == {"stays", "new"}, 20)
    daemon.in_sync()
    assert site.names() == {"stays", "new"}


@pytest.mark.skipif(not can_limit_watches(), reason="no user namespaces here")
def test_directories_above_the_limit_of_watches_are_scanned_instead(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=10**6)
    for number in range(20):
        site.write(f"d{number:02}/file")
    limited = 'echo 9 > /proc/sys/user/max_inotify_watches; exec "$@"'
    daemon = world.daemon(
        wrapper=["unshare", "-U", "-r", "sh", "-c", limited, "sh"],
        rescan_interval=1,
    ).start()
    daemon.in_sync()
    for number in range(20):
        site.write(f"d{number:02}/later", str(number))
    until(site.is_equal, 20, "every directory's file arrives")
    daemon.wait(lambda s: {p["reason"] for p in s["problems"]} == {"unwatched"})
    daemon.in_sync()


def test_a_polling_watcher_finds_every_kind_of_change(world: World) -> None:
    site = world.site(retire_deleted=True, watcher="polling", watch_interval=300)
    for name in ("edited", "deleted", "renamed"):
        site.write(f"d/{name}", name)
    daemon = world.daemon().start()
    daemon.in_sync()
    assert daemon.site()["watcher"] == "polling"
    site.write("d/edited", "EDITED")
    (site.root / "d/deleted").unlink()
    (site.root / "d/renamed").rename(site.root / "d/new name")
    site.write("e/f/g/made", "made")
    until(site.is_equal, 15)
    daemon.in_sync()
    site.assert_equal()


def test_a_change_through_a_name_outside_the_root_is_found_by_a_rescan(world: World) -> None:
    site = world.site()
    path = site.write("file", "old content")
    os.link(path, world.folder / "outside")
    daemon = world.daemon().start()
    daemon.in_sync()
    (world.folder / "outside").write_text("new content")  # the kernel tells nobody
    assert daemon.run("rescan", "--wait").returncode in {0, 4}
    until(lambda: site.content("file") == b"new content")
    daemon.in_sync()


def test_the_hundredth_directory_made_at_once_is_watched_too(world: World) -> None:
    site = world.site()
    daemon = world.daemon().start()
    daemon.in_sync()
    for number in range(100):
        (site.root / f"a{number}/b/c").mkdir(parents=True)
    for number in range(100):
        site.write(f"a{number}/b/c/file", str(number))
    until(site.is_equal, 20)
    for number in range(0, 100, 9):
        site.write(f"a{number}/b/c/later", "later")
    until(site.is_equal, 20)
    daemon.in_sync()
