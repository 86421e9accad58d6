"""An old name is kept while the file of the new one waits for a person."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import LocalEntry
from s3syncd.site.withheld import Withheld
from tests.scenarios.world import PREFIX, World

MakeWorld = Callable[..., World]


def renamed_to_drift(make_world: MakeWorld, **settings: object) -> World:
    """A file renamed to where somebody else has put an object: its upload waits for a person."""
    world = make_world(on_drift="hold", retire_deleted=True, **settings)
    world.fill(3)
    world.write("old", "mine")
    world.settle()
    world.store.store(PREFIX + "new", b"and theirs")
    world.rename("old", "new", hint=True)
    world.run(60)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    return world


def test_an_old_name_stays_while_the_new_one_waits_for_a_person(make_world: MakeWorld) -> None:
    world = renamed_to_drift(make_world)
    world.hint("new")
    world.command("rescan", remote=True)
    world.run(60)
    assert world.objects["old"] == b"mine"
    assert world.status["pending"]["actions"] == 0
    assert world.command("explain", path="old")["facts"]["kept_for"] == "new"
    world.restart()
    world.run(60)
    assert world.objects["old"] == b"mine"


def test_an_old_name_goes_when_the_new_one_that_was_approved_is_there(
    make_world: MakeWorld,
) -> None:
    world = renamed_to_drift(make_world)
    world.scanner.is_held = True  # a pass of a large tree takes its time
    world.command("approve")
    world.run(10)
    assert world.objects["old"] == b"mine"
    world.scanner.is_held = False
    world.settle()
    assert world.objects == world.files
    assert [name for name, _ in world.store.requests if name in {"put", "delete"}][-2:] == [
        "put", "delete",
    ]  # fmt: skip


def test_an_old_name_stays_while_nobody_can_tell_whether_the_new_one_is_there(
    make_world: MakeWorld,
) -> None:
    """Its directory is unreadable for a while, or another file system is mounted over it."""
    world = renamed_to_drift(make_world)
    world.scanner.unknown["new"] = "unreadable"
    for _ in range(3):
        world.command("rescan")
        world.hint("new")
        world.run(60)
    assert world.objects["old"] == b"mine"
    world.scanner.unknown.clear()
    world.remove("new", hint=True)
    world.run(60)
    assert "old" not in world.objects


def test_an_old_name_waits_no_longer_when_the_new_one_went_unheard(make_world: MakeWorld) -> None:
    world = renamed_to_drift(make_world)
    world.remove("new")
    world.command("rescan")
    world.run(60)
    assert "old" not in world.objects
    assert not world.status["problems"]
    assert world.objects["new"] == b"and theirs"


def test_beyond_what_is_remembered_every_old_name_waits_until_a_pass() -> None:
    withheld = Withheld()
    for number in range(10_001):
        withheld.hold(LocalEntry(f"f{number:05}", 1, 1, 1, number, 0o100644), 5.0)
    assert withheld.is_awaited(10_000), "it is not known one by one"
    assert not withheld.unmet(5.0)
    assert withheld.is_awaited(10_000), "the pass met it again"
    assert len(withheld.unmet(6.0)) == 10_000
    assert not withheld.is_awaited(10_000)
    assert withheld.is_awaited(9_999)
    withheld.end("f09999")
    assert not withheld.is_awaited(9_999)
