"""A file with several names is written through one of them, and the kernel tells of that one."""

from __future__ import annotations

import os

import pytest

from tests.scenarios.world import World


@pytest.fixture
def linked(world: World) -> World:
    """One file with three names, beside another of the same size; in sync."""
    world.write("a", "as it was")
    world.write("other", "as it was")
    for name in ("b", "c"):
        os.link(world.root / "a", world.root / name)
    world.settle()
    world.carried.clear()
    return world


@pytest.mark.parametrize("text", ["longer than it was", "equal len"])
def test_all_names_of_a_rewritten_file_are_sent(linked: World, text: str) -> None:
    linked.write("a", text, hint=True)
    linked.run(2)
    assert linked.objects == linked.files
    assert sorted(action.path for action in linked.carried) == ["a", "b", "c"]
    assert linked.status["in_sync"]


def test_a_name_that_got_another_file_sends_no_other(linked: World) -> None:
    linked.remove("a")
    linked.write("a", "another", hint=True)
    linked.run(2)
    assert linked.objects == linked.files
    assert [action.path for action in linked.carried] == ["a"]


def test_it_is_not_said_to_be_in_sync_between_the_names(linked: World) -> None:
    linked.write("a", "anew, and longer", hint=True)
    claims = []
    for _ in range(200):
        linked.turn()
        linked.now += 0.01
        if linked.objects["a"] == b"anew, and longer" and linked.status["in_sync"]:
            claims.append(linked.objects == linked.files)
    assert claims
    assert all(claims)
