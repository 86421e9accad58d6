"""An upload in parts that was interrupted is finished or aborted, whatever becomes of its file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.entry import Action, Outcome, Result
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.troubles import REFUSED
from tests.scenarios.world import MULTIPART_BYTES, World

BEFORE = "x" * (MULTIPART_BYTES + 1)
AFTER = "y" * (MULTIPART_BYTES + 1)
BUSY = failure(FailureKind.THROTTLED, "SlowDown", 503)


@pytest.fixture
def interrupted(world: World) -> World:
    """A rewritten large file whose upload was begun, and waits to be taken up again."""
    world.settle()
    world.write("big", BEFORE, hint=True)
    world.settle()
    world.run(70)
    world.write("big", AFTER, hint=True)
    world.store.fail("upload_part", BUSY)
    world.run(0.5)
    assert len(world.store.uploads) == 1
    return world


def vanished(action: Action) -> Outcome:
    return Outcome(action, Result.SUPERSEDED, local_state="absent", reason="vanished")


def unreadable(action: Action) -> Outcome:
    return Outcome(action, Result.REFUSED, local_state="unknown", reason="unreadable")


def unsettled(action: Action) -> Outcome:
    return Outcome(action, Result.SUPERSEDED, reason="unsettled", due_in_seconds=5.0)


def assert_nothing_is_left(world: World) -> None:
    assert world.store.uploads == {}
    assert world.ledger.intents() == []


def test_it_is_taken_up_where_the_file_is_the_same(interrupted: World) -> None:
    interrupted.settle()
    assert interrupted.store.count("create") == 2
    assert interrupted.objects["big"] == AFTER.encode()


def test_it_is_not_asked_about_where_the_file_only_has_to_rest(interrupted: World) -> None:
    interrupted.scripts["big"] = [unsettled, unsettled]
    interrupted.settle()
    assert interrupted.scripts["big"] == []
    assert (interrupted.store.count("create"), interrupted.store.count("list_uploads")) == (2, 1)
    assert interrupted.objects["big"] == AFTER.encode()


@pytest.mark.parametrize("end", [vanished, unreadable])
def test_it_is_aborted_where_its_file_is_not_to_be_had_any_more(
    interrupted: World, end: Callable[[Action], Outcome]
) -> None:
    def went(action: Action) -> Outcome:
        interrupted.remove("big")
        return end(action)

    interrupted.scripts["big"] = [went]
    interrupted.run(90)
    assert interrupted.scripts["big"] == []
    assert_nothing_is_left(interrupted)


def test_it_is_aborted_where_the_file_became_small_before_it_was_taken_up(
    interrupted: World,
) -> None:
    """What was to go on in parts went in one request."""
    interrupted.lane.limit = 0
    interrupted.run(10)
    assert "big" in interrupted.site.backlog
    interrupted.write("big", "small")
    interrupted.run(10)
    interrupted.lane.limit = 64
    interrupted.settle()
    interrupted.run(70)
    assert interrupted.objects["big"] == b"small"
    assert_nothing_is_left(interrupted)


def test_it_is_aborted_where_the_file_is_again_what_was_sent_before(interrupted: World) -> None:
    interrupted.write("big", BEFORE, hint=True)
    interrupted.settle()
    interrupted.run(70)
    assert_nothing_is_left(interrupted)
    assert interrupted.store.count("complete") == 1


def test_it_is_begun_anew_where_its_parts_may_not_be_listed(interrupted: World) -> None:
    interrupted.store.fail("list_parts", REFUSED)
    interrupted.settle()
    assert interrupted.objects["big"] == AFTER.encode()
    interrupted.run(70)
    assert_nothing_is_left(interrupted)


def test_a_file_is_sent_though_what_was_left_of_it_may_not_be_aborted(interrupted: World) -> None:
    interrupted.store.fail("abort", REFUSED, times=1_000)
    interrupted.write("big", BEFORE + AFTER, hint=True)
    interrupted.restart()
    interrupted.settle()
    assert interrupted.objects["big"] == (BEFORE + AFTER).encode()


def test_it_is_aborted_where_its_file_could_not_be_judged_before_it_went(world: World) -> None:
    """Nothing failed that would be tried again, and nothing is known that could be missed."""
    world.settle()
    world.store.on("upload_part", lambda: setattr(world.lane, "is_held", True))
    world.write("d/big", BEFORE, hint=True)
    world.run(1)
    assert len(world.store.uploads) == 1
    world.restart()
    world.scripts["d/big"] = [unsettled]
    world.run(1)
    assert (world.scripts["d/big"], world.ledger.retries()[0]) == ([], 0)
    world.scanner.unknown["d/"] = "unreadable"
    world.run(10)
    world.remove("d")
    world.scanner.unknown.clear()
    world.command("rescan")
    world.run(90)
    assert_nothing_is_left(world)
