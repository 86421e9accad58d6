"""Nothing but a close of its writer, or its own times, makes a file one that may be sent."""

from __future__ import annotations

import pytest

from tests.scenarios.troubles import HUNG_UP
from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """Four files, uploaded and in sync."""
    world.fill(4)
    world.settle_and_rest()
    return world


def truncated(world: World, *, is_heard: bool) -> None:
    """A writer empties a file and rests before it writes."""
    world.settles.clear()
    (world.root / "f000").write_text("")
    if is_heard:
        world.hint("f000", is_closed=False)
    world.run(3)
    told = [settle.is_closed for path, settle in world.settles if path == "f000"]
    assert told, "nobody looked at it"
    assert not any(told)


@pytest.mark.parametrize("is_heard", [True, False], ids=["heard of", "found"])
def test_what_a_kill_left_open_is_no_news_of_a_writer(settled: World, is_heard: bool) -> None:
    """The file was closed in the life before, and opened again since."""
    before = settled.store.count("put")
    settled.write("f000", "newer", hint=True)
    for _ in range(100):
        settled.turn()
        settled.now += 0.01
        if settled.store.count("put") > before:
            break
    assert settled.ledger.intent("f000") is not None, "the outcome was not taken yet"
    settled.restart()
    truncated(settled, is_heard=is_heard)


def test_a_lost_answer_is_no_news_of_a_writer(settled: World) -> None:
    settled.store.fail("put", HUNG_UP)
    settled.store.on("put", lambda: settled.write("f000", ""))
    settled.write("f000", "newer", hint=True)
    settled.run(0.15)
    truncated(settled, is_heard=False)


def test_a_late_effect_is_no_news_of_a_writer(settled: World) -> None:
    settled.store.fail("put", HUNG_UP)
    settled.write("f000", "older", hint=True)
    settled.run(0.5)
    late = settled.store.last("put")
    settled.write("f000", "newest", hint=True)
    settled.run(50)
    settled.store.store("p/f000", late["body"], metadata=late["metadata"])
    settled.run(9)
    truncated(settled, is_heard=False)


def test_a_worker_knows_how_long_ago_was_decided_whatever_the_clock_says(world: World) -> None:
    world.settle()
    world.write("f000", "content", hint=True)
    world.lane.limit = 0
    world.run(3)
    world.lane.limit = 64
    world.settle()
    told = [settle.decided_seconds_ago for path, settle in world.settles if path == "f000"]
    assert 2 < told[0] < 4
