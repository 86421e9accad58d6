"""Files that cannot be seen are not gone: roots away or others, mounts, and closed directories."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site, fill
from tests.e2e.world import World, needs_root
from tests.waiting import until

pytestmark = pytest.mark.e2e


def test_a_missing_root_deletes_nothing_and_the_site_goes_on_when_it_is_back(
    world: World,
) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    names = fill(site)
    daemon = world.daemon().start()
    daemon.in_sync()
    site.root.rename(world.folder / "away")
    status = daemon.wait(lambda s: s["state"] == "unavailable")
    assert status["reason"] == "root_missing"
    assert status["hint"]
    assert not status["in_sync"]
    assert daemon.run("status").returncode == 4
    (world.folder / "away").rename(site.root)
    site.write("later")
    until(lambda: site.names() == {*names, "later"}, 20)
    daemon.in_sync()
    assert not daemon.events("object.deleted")


def test_a_root_missing_at_the_start_is_waited_for(world: World) -> None:
    site = world.site(retire_deleted=True)
    site.root.rmdir()
    other = world.site("other")
    other.write("file")
    daemon = world.daemon().start()
    daemon.in_sync("other")
    daemon.wait(lambda s: s["reason"] == "root_missing")
    site.write("file")
    daemon.in_sync(timeout=20)
    assert site.names() == {"file"}


def test_a_root_made_anew_and_empty_is_halted_until_a_person_approves(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    names = fill(site)
    daemon = world.daemon().start()
    daemon.in_sync()
    site.root.rename(world.folder / "away")
    site.root.mkdir()
    site.write("other")
    status = daemon.wait(lambda s: s["state"] == "halted")
    assert status["reason"] == "root_replaced"
    assert daemon.run("status").returncode == 3
    assert site.names() == names
    daemon.stop()
    daemon.start()
    daemon.wait(lambda s: s["state"] == "halted")
    assert daemon.run("approve", "data").returncode == 0
    # max_delete allows ten, and the root is accepted as it is now.
    until(lambda: site.names() == {"other"}, 20)
    daemon.in_sync()


@pytest.fixture
def mounted(world: World) -> Iterator[Site]:
    """A site whose root is a mounted file system."""
    site = world.site(retire_deleted=True, max_delete=1000)
    mount(site.root)
    yield site
    unmount = ["umount", "-l", str(site.root)]
    while subprocess.run(unmount, check=False, capture_output=True).returncode == 0:
        pass  # also what was mounted over the first one, a bind of the same file system included
    assert not any(site.root.iterdir())


def mount(path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "none", str(path)], check=True)


def roots_refused(daemon: Daemon) -> list[str]:
    """Give what the log says of each root that was not taken for the site's."""
    words = [event["now"] for event in daemon.events("root.changed")]
    return [each for each in words if each.startswith("root_replaced")]


def restored(site: Site, path: Path) -> Path:
    """Make a copy of what the bucket holds, each file of the age its object tells."""
    for name in site.names():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(site.content(name))
        stamp = site.client.head_object(Bucket=site.bucket, Key=name)["Metadata"]["mtime"]
        seconds, _, rest = stamp.partition(".")
        mtime_ns = int(seconds) * 10**9 + int(rest)
        os.utime(file, ns=(mtime_ns, mtime_ns))
    return path


@needs_root
@pytest.mark.parametrize("is_running", [True, False], ids=["while it runs", "before it starts"])
def test_an_unmounted_root_deletes_nothing(mounted: Site, world: World, is_running: bool) -> None:
    names = fill(mounted)
    daemon = world.daemon().start()
    daemon.in_sync()
    if not is_running:
        daemon.stop()
    subprocess.run(["umount", "-l", str(mounted.root)], check=True)
    if not is_running:
        daemon.start()
    status = daemon.wait(lambda s: s["state"] in {"halted", "unavailable"}, timeout=15)
    assert status["reason"] in {"root_replaced", "root_missing"}
    assert mounted.names() == names
    refusals = len(roots_refused(daemon))
    mount(mounted.root)  # another file system, which is empty
    until(lambda: len(roots_refused(daemon)) > refusals, 15)
    # Whole before it stands in the root's place: one look at a half of it is a root to approve.
    copy = restored(mounted, world.folder / "copy")
    subprocess.run(["mount", "--bind", str(copy), str(mounted.root)], check=True)
    daemon.in_sync(timeout=20)
    assert mounted.names() == names
    assert not daemon.events("object.deleted")


@needs_root
def test_a_file_system_unmounted_inside_the_root_deletes_nothing_below(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    inner = site.root / "inner"
    inner.mkdir()
    mount(inner)
    try:
        site.write("inner/file", "on the other file system")
        site.write("goes")
        site.write("stays")
        daemon = world.daemon().start()
        daemon.in_sync()
        subprocess.run(["umount", "-l", str(inner)], check=True)
        (site.root / "goes").unlink()
        assert daemon.run("rescan", "--wait").returncode == 4
        until(lambda: site.names() == {"inner/file", "stays"}, 15)
        status = daemon.wait(lambda s: s["problems"])
        assert [p["reason"] for p in status["problems"]] == ["mount_missing"]
        assert site.names() == {"inner/file", "stays"}
    finally:
        if inner.is_mount():
            subprocess.run(["umount", "-l", str(inner)], check=True)


@needs_root
def test_an_unreadable_directory_deletes_nothing_below_and_stops_nothing_else(
    open_world: World,
) -> None:
    world = open_world
    site = world.site(retire_deleted=True, max_delete=1000)
    for name in ("closed/file", "closed/sub/file", "open/file", "goes"):
        site.write(name, name)
    daemon = world.daemon_of_nobody()
    daemon.start().in_sync()
    (site.root / "closed").chmod(0)
    (site.root / "goes").unlink()
    site.write("later")
    until(lambda: site.names() == {"closed/file", "closed/sub/file", "open/file", "later"})
    assert daemon.run("rescan", "--wait").returncode in {0, 4}
    status = daemon.wait(lambda s: s["problems"])
    assert {p["path"] for p in status["problems"]} == {"closed/"}
    assert not status["in_sync"]
    (site.root / "closed").chmod(0o755)
    daemon.run("rescan")
    daemon.in_sync()
    assert site.names() == {"closed/file", "closed/sub/file", "open/file", "later"}


@needs_root
def test_an_unreadable_file_is_a_problem_until_it_is_readable(open_world: World) -> None:
    world = open_world
    site = world.site(retire_deleted=True)
    site.write("good")
    secret = site.write("secret", "content")
    secret.chmod(0)
    daemon = world.daemon_of_nobody()
    daemon.start()
    status = daemon.wait(lambda s: s["problems"] and s["files"] == 1)
    assert [(p["path"], p["reason"]) for p in status["problems"]] == [("secret", "unreadable")]
    assert status["problems"][0]["hint"]
    secret.chmod(0o644)
    daemon.in_sync()
    assert site.names() == {"good", "secret"}
