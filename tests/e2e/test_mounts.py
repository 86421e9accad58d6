"""What is mounted over synced files hides them: nobody deleted those."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site, tree
from tests.e2e.world import World, needs_root
from tests.waiting import until

pytestmark = [pytest.mark.e2e, needs_root]

FILES = {f"m/{number}" for number in range(3)}


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    """A site whose directory `m` may have something mounted over it."""
    made = world.site(retire_deleted=True, max_delete=1000)
    for path in FILES | {"stays"}:
        made.write(path, f"content of {path}")
    place = made.root / "m"
    yield made
    if place.is_mount():
        subprocess.run(["umount", "-l", str(place)], check=True)


def cover(place: Path) -> None:
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not possible here: {done.stderr}")


def is_covered(daemon: Daemon) -> bool:
    status = daemon.site()
    return status["reason"] == "mount_new" and not status["in_sync"]


def test_what_a_new_mount_hides_is_neither_deleted_nor_given_up(world: World, site: Site) -> None:
    daemon = world.daemon().start()
    daemon.in_sync()
    cover(site.root / "m")
    site.write("m/1", "another file system's")
    assert daemon.run("rescan", "--wait").returncode == 4
    assert is_covered(daemon)
    daemon.kill()
    daemon.start()
    daemon.wait(lambda s: s["reason"] == "mount_new", what="it is told after a start, too")
    site.write("stays", "and the rest goes on")
    until(lambda: site.content("stays") == b"and the rest goes on", 15)
    assert site.names() == FILES | {"stays"}
    assert site.content("m/1") == b"content of m/1"
    subprocess.run(["umount", str(site.root / "m")], check=True)
    site.write("m/2", "changed when it was seen again")
    assert daemon.run("rescan", "--wait").returncode in {0, 4}
    daemon.in_sync()
    site.assert_equal()
    assert not daemon.events("object.deleted")


def test_a_mount_that_a_person_accepts_is_the_truth(world: World, site: Site) -> None:
    daemon = world.daemon().start()
    daemon.in_sync()
    cover(site.root / "m")
    site.write("m/1", "another file system's")
    daemon.run("rescan", "--wait")
    assert is_covered(daemon)
    told = daemon.run("approve", "data")
    assert (told.returncode, told.stdout) == (0, "approved 1 file system mounted inside data\n")
    until(lambda: site.names() == {"m/1", "stays"}, 20, "what it hid is gone")
    daemon.in_sync()
    assert site.objects() == tree(site.root)


def test_a_mount_that_is_gone_for_good_is_done_without(world: World, site: Site) -> None:
    daemon = world.daemon().start()
    daemon.in_sync()
    cover(site.root / "m")
    site.write("m/1", "another file system's")
    daemon.run("rescan", "--wait")
    daemon.run("approve", "data")
    until(lambda: site.names() == {"m/1", "stays"}, 20, "what it hid is gone")
    subprocess.run(["umount", str(site.root / "m")], check=True)
    daemon.wait(lambda s: s["reason"] == "mount_missing", what="the mount is missed")
    told = daemon.run("explain", "data", "m/2").stdout
    assert "nothing (row 0): Nothing is sent or deleted there while mount_missing stands." in told
    (site.root / "m" / "0").unlink()
    assert "approved" not in daemon.run("approve", "data").stdout  # that is asked for by its name
    told = daemon.run("approve", "data", "--only", "mount_missing")
    expected = "approved to do without 1 file system once inside data\n"
    assert (told.returncode, told.stdout) == (0, expected)
    until(lambda: site.names() == {"m/1", "m/2", "stays"}, 20, "what it hid is back")
    daemon.in_sync()
    assert site.objects() == tree(site.root)
