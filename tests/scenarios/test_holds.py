"""Too many deletions are held, every one of them, until a person approves exactly the list."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.scenarios.world import World


@pytest.fixture
def held(world: World) -> World:
    """25 of 60 files are gone, and held."""
    paths = world.fill(60)
    world.settle()
    for path in paths[:25]:
        world.remove(path, hint=True)
    world.run(40)
    return world


def test_every_waiting_deletion_is_held_and_uploads_go_on(held: World) -> None:
    assert held.deleted() == []
    assert held.status["held_deletions"] == 25
    assert held.status["reason"] == "mass_delete"
    assert held.status["hint"]
    held.write("new", hint=True)
    held.run(5)
    assert "new" in held.objects
    assert held.deleted() == []
    assert not held.status["in_sync"]


def test_one_deletion_more_is_held_too(held: World) -> None:
    held.remove("f050", hint=True)
    held.run(60)
    assert held.deleted() == []
    assert held.status["held_deletions"] == 26


def test_a_hold_survives_a_kill(held: World) -> None:
    before = held.status["held_list"]
    held.ledger.commit()
    held.restart()
    held.run(60)
    assert held.deleted() == []
    assert (held.status["held_deletions"], held.status["held_list"]) == (25, before)
    assert held.status["reason"] == "mass_delete"


def test_the_list_that_was_shown_is_approved_and_no_other(held: World) -> None:
    refused = held.command("approve", list="0123456789ab")
    assert not refused["ok"]
    held.run(20)
    assert held.deleted() == []
    answer = held.command("approve", list=held.status["held_list"])
    assert (answer["ok"], answer["count"]) == (True, 25)
    held.settle()
    assert held.objects == held.files


def test_approved_deletions_do_not_count_for_the_next_ones(held: World) -> None:
    held.command("approve")
    held.settle()
    held.remove("f050", hint=True)
    held.run(30)
    assert "f050" not in held.objects


def test_an_approval_survives_a_kill(held: World) -> None:
    held.lane.limit = 0
    held.command("approve")
    held.run(5)
    held.restart()
    held.settle()
    assert held.objects == held.files


def test_a_held_file_that_comes_back_leaves_the_list(held: World) -> None:
    before = held.status["held_list"]
    held.write("f000", hint=True)
    held.run(5)
    assert held.status["held_deletions"] == 24
    assert held.status["held_list"] != before
    held.command("approve")
    held.settle()
    assert held.objects == held.files
    assert "f000" in held.objects


def test_when_all_come_back_nothing_is_held(held: World) -> None:
    held.fill(25)
    held.command("rescan")
    held.settle()
    assert held.status["held_deletions"] == 0
    assert held.status["held_list"] is None
    assert held.status["reason"] is None
    assert held.objects == held.files
    assert held.deleted() == []


def test_planned_deletions_are_called_back_by_a_hold(world: World) -> None:
    paths = world.fill(60)
    world.settle()
    world.lane.limit = 0
    world.remove(paths[0], hint=True)
    world.run(10)
    assert world.site.backlog.deletions == 1
    for path in paths[1:25]:
        world.remove(path, hint=True)
    world.run(40)
    world.lane.limit = 64
    world.run(60)
    assert world.deleted() == []
    assert world.status["held_deletions"] == 25


def test_a_slow_removal_does_not_slip_through_in_batches(make_world: Callable[..., World]) -> None:
    """At 50 files a second a candidate comes within every grace; judged 30 s after the first."""
    world = make_world(max_delete=1_000)
    paths = world.fill(1_700)
    world.settle()
    began = world.now
    for number, path in enumerate(paths):
        world.remove(path, hint=True)
        if number % 10 == 9:
            world.run(0.2)
    assert world.deleted() == []
    lines = world.log.of("deletions.held")
    assert len(lines) >= 1
    assert world.status["held_deletions"] >= 1_001
    assert world.now - began < 40


def test_a_few_deletions_day_after_day_are_not_held(make_world: Callable[..., World]) -> None:
    world = make_world(max_delete=3)
    paths = world.fill(12)
    world.settle()
    for day in range(4):
        for path in paths[day * 3 : day * 3 + 3]:
            world.remove(path, hint=True)
        if day == 3:
            break
        world.run(60)
        world.leap(90_000)
        assert world.status["held_deletions"] == 0
        assert world.objects == world.files


def test_what_went_unapproved_within_a_day_counts(make_world: Callable[..., World]) -> None:
    world = make_world(max_delete=3)
    paths = world.fill(12)
    world.settle()
    for path in paths[:3]:
        world.remove(path, hint=True)
        world.run(60)
        world.leap(3600)
    assert len(world.deleted()) == 3
    world.remove(paths[3], hint=True)
    world.run(60)
    world.leap(3600)
    assert len(world.deleted()) == 3
    assert world.status["held_deletions"] == 1


def test_a_filter_that_changed_forgets_and_holds_nothing(world: World) -> None:
    world.fill(30, "cache/")
    world.fill(10)
    world.settle()
    world.restart(exclusions=["^cache/"])
    world.settle()
    assert world.deleted() == []
    assert world.status["held_deletions"] == 0
    assert world.status["files"] == 10
    assert len(world.objects) == 40


def test_a_filter_that_changed_empties_the_held_list(held: World) -> None:
    held.ledger.commit()
    held.restart(exclusions=["^f0[012]"])
    held.settle()
    assert held.status["held_deletions"] == 0
    assert held.deleted() == []


# --- the emptied root -----------------------------------------------------------------------------


@pytest.fixture
def emptied(world: World) -> World:
    """All of ten files are gone: too few for mass_delete."""
    for path in world.fill(10):
        world.write(path)
    world.settle()
    for path in list(world.files):
        world.remove(path, hint=True)
    world.run(60)
    return world


def test_an_emptied_root_deletes_nothing(emptied: World) -> None:
    assert emptied.deleted() == []
    assert emptied.status["reason"] == "root_emptied"
    assert emptied.status["held_deletions"] == 10


def test_when_some_come_back_the_rest_is_judged_anew(emptied: World) -> None:
    emptied.fill(4)
    emptied.command("rescan")
    emptied.settle()
    assert emptied.objects == emptied.files
    assert len(emptied.objects) == 4


def test_an_emptied_root_ends_by_itself_after_a_restart_too(emptied: World) -> None:
    emptied.ledger.commit()
    emptied.restart()
    emptied.run(30)
    assert emptied.status["reason"] == "root_emptied"
    emptied.fill(4)
    emptied.command("rescan")
    emptied.settle()
    assert emptied.objects == emptied.files


def test_an_emptied_root_can_be_approved(emptied: World) -> None:
    emptied.command("approve")
    emptied.settle()
    assert emptied.objects == {}


def test_an_emptied_root_releases_no_foreign_objects(make_world: Callable[..., World]) -> None:
    world = make_world(retire_foreign=True)
    world.store.store("p/theirs", b"x")
    world.fill(10)
    world.run(60)
    assert world.status["held_deletions"] == 1
    for path in list(world.files):
        world.remove(path, hint=True)
    world.run(60)
    assert world.status["reason"] == "root_emptied"
    world.fill(9)
    world.command("rescan")
    world.run(60)
    assert "theirs" in world.objects
    assert world.status["held_deletions"] == 1
    assert "f009" not in world.objects
