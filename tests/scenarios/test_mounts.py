"""How a site judges what is mounted inside its root."""

from __future__ import annotations

from s3syncd.core.safety import RootIdentity
from s3syncd.core.standing import is_left_to_person
from s3syncd.local.messages import MountAccepted, MountSeen
from s3syncd.site.mounted import stored_mounts
from tests.scenarios.world import World

DISK = RootIdentity(2, 77)


def test_a_mount_is_judged_by_the_files_known_below(world: World) -> None:
    world.fill(3)
    below = world.fill(5, "m/")
    world.settle()
    world.inbox.put(MountSeen("m/", DISK))
    world.run(1)
    assert world.scanner.asked_mounts == [("m/", DISK, below)]
    assert stored_mounts(world.ledger) == {}


def test_a_mount_where_nothing_is_known_is_accepted_as_it_is(world: World) -> None:
    world.fill(3)
    world.settle()
    world.inbox.put(MountSeen("m/", DISK))
    world.run(1)
    assert world.scanner.asked_mounts == [("m/", DISK, [])]
    assert world.command("approve")["mounts"] == 0


def test_what_was_left_out_is_compared_when_accepted(world: World) -> None:
    world.fill(3)
    world.settle_and_rest()
    lists = world.store.count("list")
    world.inbox.put(MountAccepted("m/", DISK, was_left_out=False))
    world.settle()
    assert world.store.count("list") == lists
    world.inbox.put(MountAccepted("n/", DISK, was_left_out=True))
    world.run(60)
    assert world.store.count("list") > lists
    assert stored_mounts(world.ledger) == {"m/": DISK, "n/": DISK}


def test_a_person_accepts_what_is_mounted_over_files(world: World) -> None:
    world.fill(5, "m/")
    world.settle()
    world.inbox.put(MountSeen("m/", DISK))
    world.run(1)
    assert world.command("approve", list="0123456789ab")["ok"] is False
    assert world.command("approve")["mounts"] == 1
    assert world.scanner.asked_mounts[-1] == ("m/", DISK, [])
    assert world.command("approve")["mounts"] == 0


def test_a_person_says_that_a_mount_is_gone_for_good(world: World) -> None:
    world.fill(3)
    world.settle_and_rest()
    for path in ("m/", "n/", "m2/"):
        world.inbox.put(MountAccepted(path, DISK, was_left_out=False))
    world.run(1)
    assert world.command("approve", only="mount_missing")["gone_mounts"] == 0
    world.site.problems.note("m/d/file", "mount_missing")
    world.run(1)
    assert is_left_to_person(world.status)
    assert world.command("approve", list="0123456789ab")["ok"] is False
    assert world.command("approve")["gone_mounts"] == 0  # it may be away for an hour
    assert world.scanner.asked_mounts == []
    assert world.command("approve", only="mount_missing")["gone_mounts"] == 1
    assert world.scanner.asked_mounts == [("m/", None, [])]
    lists = world.store.count("list")
    world.inbox.put(MountAccepted("m/", None, was_left_out=True))
    world.run(60)
    assert stored_mounts(world.ledger) == {"m2/": DISK, "n/": DISK}
    assert world.store.count("list") > lists
