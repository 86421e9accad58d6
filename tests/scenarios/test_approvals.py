"""Who approves one thing approves no other: what was not looked at waits on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.safety import RootIdentity
from s3syncd.core.standing import APPROVALS
from s3syncd.local.messages import MountSeen
from tests.scenarios.world import World

DISK = RootIdentity(2, 77)


@pytest.fixture
def both(make_world: Callable[..., World]) -> World:
    """25 deletions are held, one object was changed by somebody else."""
    world = make_world(on_drift="hold")
    paths = world.fill(40)
    world.settle()
    for path in paths[:25]:
        world.remove(path, hint=True)
    world.store.store("p/f030", b"theirs")
    world.run(40)
    world.command("rescan", remote=True)
    world.run(30)
    assert _waiting(world) == (25, ["drift"])
    return world


def _waiting(world: World) -> tuple[int, list[str]]:
    status = world.status
    return status["held_deletions"], [problem["reason"] for problem in status["problems"]]


def test_an_approval_of_drift_alone_deletes_nothing(both: World) -> None:
    listed = both.status["held_list"]
    answer = both.command("approve", only="drift")
    assert (answer["ok"], answer["drift"], answer["count"], answer["list"]) == (True, 1, 0, None)
    assert (answer["waits"], answer["held_list"]) == ({"deletions": 25}, listed)
    both.run(120)
    assert both.objects["f030"] == both.files["f030"]
    assert both.deleted() == []
    assert _waiting(both) == (25, [])
    told = both.log.of("site.approved")[-1]
    assert (told["only"], told["deletions"], told["list"]) == ("drift", 0, None)


@pytest.mark.parametrize("is_listed", [False, True])
def test_an_approval_of_deletions_alone_overwrites_nothing(both: World, is_listed: bool) -> None:
    listed = both.status["held_list"]
    seen = {"list": listed} if is_listed else {}
    answer = both.command("approve", only="deletions", **seen)
    assert (answer["count"], answer["list"], answer["drift"]) == (25, listed, 0)
    assert (answer["waits"], answer["held_list"]) == ({"drift": 1}, None)
    both.run(120)
    assert len(both.deleted()) == 25
    assert both.objects["f030"] == b"theirs"


def test_an_approval_of_the_list_that_is_held_approves_no_drift(both: World) -> None:
    answer = both.command("approve", list=both.status["held_list"])
    assert (answer["count"], answer["drift"], answer["waits"]) == (25, 0, {"drift": 1})
    both.run(60)
    assert both.objects["f030"] == b"theirs"


@pytest.mark.parametrize("only", sorted(set(APPROVALS) - {"drift", "deletions"}))
def test_an_approval_of_what_does_not_wait_approves_nothing(both: World, only: str) -> None:
    answer = both.command("approve", only=only)
    assert answer["ok"]
    assert answer["waits"] == {"deletions": 25, "drift": 1}
    both.run(60)
    assert _waiting(both) == (25, ["drift"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"only": "mass_delete"}, "nothing is approved by the name 'mass_delete'"),
        ({"only": "drift", "list": None}, "a list is of deletions"),
        ({"only": "deletions", "list": "0123456789ab"}, "the held list is"),
    ],
)
def test_what_cannot_be_meant_is_refused(both: World, asked: dict[str, str], said: str) -> None:
    if "list" in asked:
        asked = {**asked, "list": asked["list"] or both.status["held_list"]}
    answer = both.command("approve", **asked)
    assert not answer["ok"]
    assert said in str(answer["error"])
    both.run(60)
    assert _waiting(both) == (25, ["drift"])


def test_an_approval_of_everything_is_one_still(both: World) -> None:
    answer = both.command("approve")
    assert (answer["count"], answer["drift"], answer["waits"]) == (25, 1, {})
    both.settle()
    assert both.objects == both.files


def test_an_approval_of_another_root_lets_no_held_deletion_go(both: World) -> None:
    old = both.root.with_name("old")
    both.root.rename(old)
    both.root.mkdir()
    both.run(60)
    assert both.status["state"] == "halted"
    both.command("approve", only="deletions")
    both.command("approve", only="drift")
    both.run(20)
    assert both.status["state"] == "halted"


def test_another_root_alone_is_accepted(world: World) -> None:
    paths = world.fill(40)
    world.settle()
    for path in paths[:25]:
        world.remove(path, hint=True)
    world.run(40)
    world.root.rename(world.root.with_name("old"))
    world.root.mkdir()
    world.write("f039", "another")
    world.run(60)
    assert world.status["state"] == "halted"
    answer = world.command("approve", only="root_replaced")
    assert (answer["root"], answer["count"], answer["waits"]) == (True, 0, {"deletions": 25})
    world.run(60)
    assert world.status["state"] != "halted"
    assert world.deleted() == []
    assert world.status["held_deletions"] >= 25


def test_a_mount_alone_is_accepted(world: World) -> None:
    world.fill(5, "m/")
    world.settle()
    world.inbox.put(MountSeen("m/", DISK))
    world.run(1)
    asked = list(world.scanner.asked_mounts)
    for word in sorted(set(APPROVALS) - {"mount_new"}):
        assert world.command("approve", only=word)["mounts"] == 0
    assert world.scanner.asked_mounts == asked
    assert world.command("approve", only="mount_new")["mounts"] == 1
    assert world.scanner.asked_mounts[-1] == ("m/", DISK, [])


@pytest.mark.parametrize("only", [None, "drift", "deletions"])
def test_an_approval_before_anything_is_held_says_nothing_of_an_emptied_root(
    world: World, only: str | None
) -> None:
    """Ten files are too few for `mass_delete`: only the guard of the emptied root keeps them."""
    paths = world.fill(10)
    world.settle_and_rest()
    for path in paths:
        world.remove(path, hint=True)
    while world.ledger.count_deletions("waiting") < 10:
        world.run(0.1)
    world.now += 0.1  # a rescan that begins before them would be made once more
    world.command("rescan")
    while not world.site.decisions.is_emptied:
        world.run(0.1)
    assert world.status["held_deletions"] == 0
    world.command("approve", **({"only": only} if only else {}))
    world.run(60)
    assert world.deleted() == []
    assert world.status["reason"] == "root_emptied"
