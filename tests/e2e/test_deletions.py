"""Deletions: only what was asked for, and never many at once."""

from __future__ import annotations

import shutil

import pytest

from tests.e2e.site import fill
from tests.e2e.world import World
from tests.waiting import until

pytestmark = pytest.mark.e2e


def test_without_retire_deleted_objects_stay(world: World) -> None:
    site = world.site()
    names = fill(site)
    daemon = world.daemon().start()
    daemon.in_sync()
    shutil.rmtree(site.root / "d")
    site.write("later")
    until(lambda: "later" in site.names())
    daemon.in_sync()
    assert daemon.run("rescan", "--remote", "--wait").returncode == 0
    daemon.in_sync()
    assert site.names() == {*names, "later"}


def test_with_retire_deleted_the_deleted_files_objects_go(world: World) -> None:
    site = world.site(retire_deleted=True)
    names = fill(site)
    daemon = world.daemon().start()
    daemon.in_sync()
    (site.root / "d/3").unlink()
    until(lambda: site.names() == names - {"d/3"})
    daemon.in_sync()
    gone = daemon.events("object.deleted")
    assert [line["path"] for line in gone] == ["d/3"]


def test_a_mass_deletion_is_held_survives_a_restart_and_goes_when_approved(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=3)
    names = fill(site)
    daemon = world.daemon().start()
    daemon.in_sync()
    shutil.rmtree(site.root / "d")
    site.write("later", "uploads go on")
    status = daemon.wait(lambda s: s["held_deletions"] == 10 and s["files"] == 11)
    assert status["reason"] == "mass_delete"
    assert status["hint"]
    assert not status["in_sync"]
    assert daemon.run("status").returncode == 3
    daemon.stop()
    daemon.start()
    status = daemon.wait(lambda s: s["last_reconcile_at"] and s["held_deletions"])
    assert status["held_deletions"] == 10
    assert site.names() == {*names, "later"}
    wrong = daemon.run("approve", "data", "--list", "0123456789ab")
    assert wrong.returncode == 1
    assert status["held_list"] in wrong.stdout + wrong.stderr
    approved = daemon.run("approve", "data", "--list", status["held_list"])
    assert approved.returncode == 0
    assert "10" in approved.stdout
    until(lambda: site.names() == {"later"})
    daemon.in_sync()
    assert daemon.run("status").returncode == 0


@pytest.mark.parametrize("is_emptied", [True, False], ids=["all files", "many files"])
def test_held_files_that_come_back_are_no_longer_held(world: World, is_emptied: bool) -> None:
    site = world.site(retire_deleted=True, max_delete=3)
    names = fill(site)
    if not is_emptied:
        names |= {site.write("stays").name}
    daemon = world.daemon().start()
    daemon.in_sync()
    (site.root / "d").rename(world.folder / "away")
    status = daemon.wait(lambda s: s["held_deletions"] == 10)
    assert status["reason"] == ("root_emptied" if is_emptied else "mass_delete")
    (world.folder / "away").rename(site.root / "d")
    daemon.wait(lambda s: s["held_deletions"] == 0)
    daemon.in_sync()
    assert site.names() == names
    assert not daemon.events("object.deleted")


def test_a_root_that_was_emptied_keeps_its_objects_until_a_person_approves(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    names = fill(site)
    daemon = world.daemon().start()
    daemon.in_sync()
    shutil.rmtree(site.root / "d")
    status = daemon.wait(lambda s: s["held_deletions"] == 10)
    assert status["reason"] == "root_emptied"
    assert site.names() == names
    assert daemon.run("approve", "data").returncode == 0
    until(lambda: site.names() == set())
    daemon.in_sync()


def test_what_is_excluded_later_stays_in_the_bucket(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    for name in ("a.txt", "b.tmp", "c.tmp"):
        site.write(name, name)
    daemon = world.daemon().start()
    daemon.in_sync()
    daemon.stop()
    site.options["exclusions"] = [r"\.tmp$"]
    daemon.write_config({**daemon.document, "sites": [world.entry(site)]})
    (site.root / "b.tmp").unlink()
    daemon.start().in_sync()
    assert site.names() == {"a.txt", "b.tmp", "c.tmp"}
    assert daemon.site()["files"] == 1


def test_a_file_that_became_a_link_keeps_its_object(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    path = site.write("file", "content")
    site.write("other")
    daemon = world.daemon().start()
    daemon.in_sync()
    path.rename(world.folder / "moved")
    path.symlink_to(world.folder / "moved")
    site.write("later")
    until(lambda: "later" in site.names())
    assert daemon.run("rescan", "--wait").returncode in {0, 4}
    daemon.in_sync()
    assert site.names() == {"file", "other", "later"}
