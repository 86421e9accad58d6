"""A request of the last run may be carried out yet; where no intent tells of it, a listing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.scenarios.world import World

_END = {"kill": World.kill, "stop": World.stop}


@pytest.fixture
def unintended(make_world: Callable[..., World]) -> World:
    """A site without deletions, which keeps no intents of small files."""
    return make_world(retire_deleted=False).filled(3)


def _carry_out(world: World, put: dict[str, Any]) -> None:
    world.store.store(put["key"], put["body"], metadata=put["metadata"])


def _older(world: World) -> dict[str, Any]:
    """Give the request that a server carries out when nobody waits for it any more."""
    world.write("f000", "older", hint=True)
    world.run(1)
    return world.store.last("put")


def _end_while_in_flight(world: World, end: str) -> None:
    world.write("f001", "anew", hint=True)
    world.lane.is_held = True
    world.run(1)
    assert world.site.backlog.in_flight
    _END[end](world)


@pytest.mark.parametrize("end", _END)
def test_an_older_content_that_comes_late_is_found_a_minute_after_the_start(
    unintended: World, end: str
) -> None:
    late = _older(unintended)
    _end_while_in_flight(unintended, end)
    unintended.write("f000", "newest")
    unintended.start()
    unintended.settle()
    assert unintended.objects["f000"] == b"newest"
    unintended.run(50)
    _carry_out(unintended, late)
    unintended.run(15)
    assert unintended.objects == unintended.files


def test_after_a_stop_with_all_answers_nothing_is_asked_again(unintended: World) -> None:
    unintended.stop()
    unintended.start()
    unintended.settle()
    unintended.store.requests.clear()
    unintended.run(600)
    assert unintended.store.requests == []


def test_it_is_asked_once(unintended: World) -> None:
    _end_while_in_flight(unintended, "stop")
    unintended.start()
    unintended.settle_and_rest()
    unintended.store.requests.clear()
    unintended.run(600)
    unintended.stop()
    unintended.start()
    unintended.settle()
    unintended.store.requests.clear()
    unintended.run(600)
    assert unintended.store.requests == []


@pytest.mark.parametrize("settings", [{"retire_deleted": True}, {"on_drift": "hold"}], ids=str)
def test_where_intents_tell_of_each_request_nothing_is_asked_again(
    make_world: Callable[..., World], settings: dict[str, Any]
) -> None:
    world = make_world(**{"retire_deleted": False, **settings}).filled(3)
    world.restart()
    world.settle()
    world.store.requests.clear()
    world.run(600)
    assert world.store.count("list") == 0


def test_a_lost_ledger_tells_of_no_request(world: World) -> None:
    world.filled(3)
    late = _older(world)
    world.write("f000", "newest", hint=True)
    world.settle()
    world.kill()
    world._ledger_path.unlink()
    world.start()
    world.settle()
    world.run(50)
    _carry_out(world, late)
    world.run(15)
    assert world.objects == world.files
