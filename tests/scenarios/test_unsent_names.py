"""A file renamed to where it can have no object: the one of its old name is the only one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.scenarios.world import World

LONG = "/".join(letter * 250 for letter in "abcde")


@pytest.mark.parametrize("is_heard", [True, False], ids=["heard of", "found"])
def test_the_object_of_the_old_name_stays_until_the_file_has_another_one(
    world: World, is_heard: bool
) -> None:
    world.filled(5)
    content = world.objects["f000"]
    world.rename("f000", LONG, hint=is_heard)
    if not is_heard:
        world.hint("f000")
        world.hints.scan(f"{LONG.split('/')[0]}/", is_recursive=True)
    world.run(120)
    assert world.objects["f000"] == content
    assert [problem["reason"] for problem in world.status["problems"]] == ["key_too_long"]
    assert not world.status["in_sync"]
    world.rename(LONG, "again", hint=True)
    world.run(120)
    assert world.objects == world.files
    assert world.status["in_sync"]


def test_a_file_that_is_deleted_there_takes_the_object_of_its_old_name_along(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.filled(5)
    world.rename("f000", LONG, hint=True)
    world.run(60)
    world.remove(LONG, hint=True)
    world.run(60)
    assert world.objects == world.files
    assert world.status["in_sync"]
