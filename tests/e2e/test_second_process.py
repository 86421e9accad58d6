"""Many small files: the daemon begins a second process, and loses nothing when that is lost."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site, write
from tests.e2e.world import World
from tests.waiting import until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
        reason="a second process is of use on a second core",
    ),
]

FILES = 700


def children(pid: int) -> list[int]:
    """Give the processes that a process has begun."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            facts = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(facts[1]) == pid and facts[0] != "Z":
                found.append(int(entry.name))
    return found


def fill(site: Site, folder: str) -> None:
    """Write many small files at once: they are moved in when all are there."""
    new = site.root.parent / f"new-{folder}"
    for number in range(FILES):
        write(new / f"{number // 100}/{number}", f"{folder} {number}")
    new.rename(site.root / folder)


def has_arrived(daemon: Daemon, site: Site) -> None:
    """Wait until everything is in the bucket, and the daemon says so."""
    until(site.is_equal, timeout=30)
    daemon.in_sync()


def has_ended(pid: int) -> bool:
    """Whether a process is gone; as a child that was left to us it waits to be asked."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return not Path(f"/proc/{pid}").exists()


def second_of(daemon: Daemon) -> int:
    """Wait for the second process; gives its number."""
    until(lambda: bool(daemon.events("sender.started")), timeout=30)
    assert daemon.process is not None
    pid = daemon.process.pid
    [second] = until(lambda: children(pid))
    return second


def test_many_files_are_uploaded_with_a_second_process_that_ends_with_the_daemon(
    rclone_world: World,
) -> None:
    site = rclone_world.site()
    daemon = rclone_world.daemon(upload_processes=2).start()
    daemon.in_sync()
    fill(site, "a")
    second = second_of(daemon)
    has_arrived(daemon, site)
    assert daemon.stop() == 0
    assert has_ended(second)
    assert daemon.events("sender.ended")


def test_nothing_is_lost_when_the_second_process_is_killed(rclone_world: World) -> None:
    site = rclone_world.site(retire_deleted=True)
    daemon = rclone_world.daemon(upload_processes=2).start()
    daemon.in_sync()
    fill(site, "a")
    os.kill(second_of(daemon), signal.SIGKILL)
    fill(site, "b")
    has_arrived(daemon, site)
    [failed] = daemon.events("sender.failed")
    assert failed["exit_code"] == -signal.SIGKILL
    assert daemon.site()["problems"] == []


def test_a_killed_daemon_takes_its_second_process_along(rclone_world: World) -> None:
    site = rclone_world.site()
    daemon = rclone_world.daemon(upload_processes=2).start()
    daemon.in_sync()
    fill(site, "a")
    second = second_of(daemon)
    daemon.kill()
    until(lambda: has_ended(second))
    daemon.start()
    has_arrived(daemon, site)


def test_one_process_is_all_there_is_where_that_is_wanted(rclone_world: World) -> None:
    site = rclone_world.site()
    daemon = rclone_world.daemon(upload_processes=1).start()
    daemon.in_sync()
    fill(site, "a")
    has_arrived(daemon, site)
    assert not daemon.events("sender.started")


def test_a_signal_to_the_whole_group_ends_both_in_good_order(rclone_world: World) -> None:
    site = rclone_world.site()
    daemon = rclone_world.daemon(upload_processes=2).start()
    daemon.in_sync()
    fill(site, "a")
    os.kill(second_of(daemon), signal.SIGTERM)
    assert daemon.stop() in {0, 4}
    assert not daemon.events("sender.failed")
