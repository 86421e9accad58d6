"""Objects that the site did not put stay, unless it may retire them and a person agrees."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.scenarios.world import World


def test_foreign_objects_are_left_alone(world: World) -> None:
    world.store.store("p/theirs", b"x")
    world.filled(30)
    world.run(100)
    assert world.status["foreign_objects"] == 1
    assert world.status["in_sync"]
    assert "theirs" in world.objects


@pytest.fixture
def foreign(make_world: Callable[..., World]) -> World:
    """A site that retires foreign objects, and two of those."""
    world = make_world(retire_foreign=True)
    world.store.store("p/theirs1", b"x")
    world.store.store("p/theirs2", b"y")
    world.fill(30)
    world.run(60)
    return world


def test_retire_foreign_waits_the_first_time(foreign: World) -> None:
    assert foreign.deleted() == []
    assert foreign.status["held_deletions"] == 2
    assert foreign.status["reason"] == "mass_delete"
    assert not foreign.status["in_sync"]
    foreign.command("approve", list=foreign.status["held_list"])
    foreign.settle()
    assert foreign.objects == foreign.files
    foreign.store.store("p/theirs3", b"z")
    foreign.command("sync")
    foreign.run(30)
    assert "theirs3" not in foreign.objects


def test_a_foreign_object_goes_by_the_version_that_was_listed(foreign: World) -> None:
    foreign.command("approve", list=foreign.status["held_list"])
    foreign.store.requests.clear()
    foreign.store.store("p/theirs1", b"changed since")
    foreign.run(4)
    asked = [told for name, told in foreign.store.requests if name == "delete"]
    assert [told["key"] for told in asked] == ["p/theirs2"]
    assert asked[0]["if_match"]
    heads = [told["key"] for name, told in foreign.store.requests if name == "head"]
    assert sorted(heads) == ["p/theirs1", "p/theirs2"]
    foreign.settle()
    assert foreign.store.count("head") <= 4, "one look more for the version that is there now"


def test_a_foreign_hold_keeps_its_words_over_a_restart(foreign: World) -> None:
    held = foreign.status["held_list"]
    foreign.ledger.commit()
    foreign.restart()
    foreign.run(30)
    assert foreign.status["held_list"] == held
    assert "retire_foreign" in foreign.status["hint"]
    foreign.command("approve")
    foreign.settle()
    assert foreign.objects == foreign.files
