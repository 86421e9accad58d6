"""Other writers of the bucket, and renames: what is ours, what is not, and what is held."""

from __future__ import annotations

import pytest

from tests.e2e.world import World
from tests.waiting import until

pytestmark = pytest.mark.e2e


def test_an_object_that_somebody_else_changed_is_not_deleted(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=100)
    site.write("stays")
    path = site.write("file", "ours")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.put("file", b"theirs")
    path.unlink()
    site.write("later")
    until(lambda: "later" in site.names())
    assert daemon.run("rescan", "--wait").returncode in {0, 4}
    daemon.in_sync()
    assert site.content("file") == b"theirs"
    assert not daemon.events("object.deleted")


@pytest.mark.parametrize("is_running", [True, False], ids=["while it runs", "while it was off"])
def test_a_renamed_directory_is_no_mass_deletion(world: World, is_running: bool) -> None:
    site = world.site(retire_deleted=True, max_delete=3)
    for number in range(20):
        site.write(f"old/{number}", f"content {number}")
    daemon = world.daemon().start()
    daemon.in_sync()
    if not is_running:
        daemon.stop()
    (site.root / "old").rename(site.root / "new")
    if not is_running:
        daemon.start()
    until(site.is_equal, 20, f"both sides are equal\n{daemon.tail()}")
    daemon.in_sync()
    site.assert_equal()
    assert not daemon.events("deletions.held")


def test_the_old_key_of_a_renamed_file_goes_after_the_new_one_is_there(world: World) -> None:
    site = world.site(retire_deleted=True)
    site.write("stays")
    path = site.write("old", "content")
    daemon = world.daemon().start()
    daemon.in_sync()
    path.rename(site.root / "new")
    seen: list[set[str]] = []

    def is_moved() -> bool:
        seen.append(site.names())
        return seen[-1] == {"stays", "new"}

    until(is_moved, 15)
    assert all(names & {"old", "new"} for names in seen)


def test_drift_can_be_held_until_a_person_approves(world: World) -> None:
    site = world.site(on_drift="hold")
    site.write("file", "ours")
    site.write("other", "ours")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.put("file", b"theirs")
    site.write("file", "ours, edited")
    site.write("other", "edited")
    until(lambda: site.content("other") == b"edited")
    daemon.run("rescan", "--remote", "--wait")
    status = daemon.wait(lambda s: s["problems"])
    assert [(p["path"], p["reason"]) for p in status["problems"]] == [("file", "drift")]
    assert site.content("file") == b"theirs"
    assert not status["in_sync"]
    told = daemon.run("approve", "data", "--only", "mount_new")
    assert told.stdout.startswith("nothing of mount_new waits for approval at data\n")
    assert f"approve data --only {status['problems'][0]['reason']}" in told.stdout
    assert daemon.run("approve", "data", "--only", "drift").returncode == 0
    until(lambda: site.content("file") == b"ours, edited", 15)
    daemon.in_sync()


def test_foreign_objects_go_only_when_asked_for_and_approved(world: World) -> None:
    site = world.site(retire_deleted=True, retire_foreign=True, max_delete=100)
    site.write("file")
    site.put("foreign", b"theirs")
    daemon = world.daemon().start()
    status = daemon.wait(lambda s: s["held_deletions"] == 1)
    until(lambda: site.names() == {"file", "foreign"})
    assert daemon.run("status").returncode == 3
    approved = daemon.run("approve", "data", "--list", status["held_list"])
    assert approved.returncode == 0
    until(lambda: site.names() == {"file"}, 15)
    daemon.in_sync()


def test_one_directory_fills_two_buckets(world: World) -> None:
    first, second = world.site("first", retire_deleted=True), world.site("second")
    second.root = first.root
    first.write("file")
    first.write("goes")
    daemon = world.daemon().start()
    daemon.in_sync("first", "second")
    (first.root / "goes").unlink()
    first.write("later")
    until(lambda: first.names() == {"file", "later"})
    until(lambda: second.names() == {"file", "goes", "later"})
    daemon.in_sync("first", "second")


def test_a_held_deletion_of_a_file_that_is_made_again_is_forgotten(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1)
    for number in range(5):
        site.write(f"d/{number}", "old")
    site.write("stays")
    daemon = world.daemon().start()
    daemon.in_sync()
    for number in range(5):
        (site.root / f"d/{number}").unlink()
    daemon.wait(lambda s: s["held_deletions"] == 5)
    site.write("d/0", "made again")
    daemon.wait(lambda s: s["held_deletions"] == 4)
    assert daemon.run("approve", "data").returncode == 0
    until(lambda: site.names() == {"stays", "d/0"})
    assert site.content("d/0") == b"made again"
    daemon.in_sync()
