"""The old name of a renamed file stays until the new one is there, whatever was not heard."""

from __future__ import annotations

import pytest

from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.site.inodes import Inodes
from tests.scenarios.world import World

NEW_BEFORE_OLD = [("put", "p/new"), ("delete", "p/old")]


@pytest.fixture
def settled(world: World) -> World:
    """A few files in sync, one of which is `old`."""
    world.fill(9)
    world.write("old", "content")
    world.settle()
    world.store.requests.clear()
    return world


def not_yet(action: Action) -> Outcome:
    return Outcome(action, Result.SUPERSEDED, due_in_seconds=30.0)


def unstable(action: Action) -> Outcome:
    return Outcome(action, Result.SUPERSEDED, reason="unstable", due_in_seconds=60.0)


def test_an_old_name_waits_until_a_scan_that_broke_off_was_made_up_for(settled: World) -> None:
    settled.scanner.is_broken = True
    settled.rename("old", "d/new")
    settled.hint("d")
    settled.run(1)
    settled.hint("old")
    settled.run(40)
    assert settled.store.effects() == []
    settled.scanner.is_broken = False
    settled.settle()
    assert settled.store.effects() == [("put", "p/d/new"), ("delete", "p/old")]


def test_an_old_name_waits_for_a_scan_after_lost_events_and_a_failed_listing(
    settled: World,
) -> None:
    settled.store.order = lambda keys: sorted(keys, reverse=True)
    settled.command("sync")
    settled.hints.doubt("overflow")
    settled.scanner.breaks_after = 0
    settled.rename("old", "new")
    settled.hint("old")
    settled.run(4.5)
    assert settled.deleted() == []
    settled.settle()
    assert settled.store.effects() == NEW_BEFORE_OLD


def test_an_old_name_waits_for_a_file_that_took_the_place_of_one_that_waits(
    settled: World,
) -> None:
    """Nothing was heard of the new name's new file, but a pass has met it."""
    settled.scripts["new"] = [not_yet]
    settled.write("new", "it is written", hint=True)
    settled.run(1)
    settled.rename("old", "new")
    settled.hint("old")
    settled.command("rescan")
    settled.run(20)
    assert settled.store.effects() == []
    settled.run(30)
    assert settled.store.effects() == NEW_BEFORE_OLD


def test_an_old_name_waits_for_a_file_that_took_the_place_of_one_on_its_way(
    settled: World,
) -> None:
    """The answer about the file that was there before comes later than the pass."""
    settled.scripts["new"] = [not_yet]
    settled.lane.is_held = True
    settled.write("new", "it is written", hint=True)
    settled.run(1)
    settled.rename("old", "new")
    settled.hint("old")
    settled.command("rescan")
    settled.run(1)
    settled.lane.is_held = False
    settled.run(20)
    assert settled.store.effects() == NEW_BEFORE_OLD


def test_a_late_answer_does_not_bring_back_which_file_is_awaited(settled: World) -> None:
    before, inodes = settled.entry("f000"), Inodes()
    inodes.set("f000", before.inode + 1)
    inodes.keep(Action(Kind.UPLOAD, "f000", before, None, None, 2, "new"))
    assert (before.inode in inodes, before.inode + 1 in inodes) == (False, True)


def test_an_old_name_waits_for_a_new_one_that_is_rewritten_all_the_time(settled: World) -> None:
    settled.scripts["new"] = [unstable]
    settled.rename("old", "new")
    settled.hint("old")
    settled.command("rescan")
    settled.run(50)
    assert settled.store.effects() == []
    settled.run(30)
    assert settled.store.effects() == NEW_BEFORE_OLD
