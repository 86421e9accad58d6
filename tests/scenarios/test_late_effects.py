"""Of several effects on one path that no answer came for, each may be carried out late.

A server that hung up may still do what it was asked for, for a minute; the path does not wait for
it. The end is the same, whichever comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.core.entry import Kind
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.troubles import HUNG_UP
from tests.scenarios.world import MULTIPART_BYTES, World


def lose(world: World, operation: str) -> None:
    """The next request of a kind is not answered, and not carried out."""
    world.store.fail(operation, HUNG_UP)


def carry_out(world: World, put: dict[str, Any]) -> None:
    """Carry out an upload late."""
    world.store.store(
        put["key"], put["body"], metadata=put["metadata"], content_type=put["content_type"]
    )


def upload_lost(world: World, text: str = "late content", path: str = "f000") -> dict[str, Any]:
    """An upload that got no answer and was not carried out: give its request."""
    lose(world, "put")
    before = world.store.count("put")
    world.write(path, text, hint=True)
    world.run(0.5)
    return [told for name, told in world.store.requests if name == "put"][before]


def deletion_lost(world: World, *, is_applied: bool) -> None:
    """A deletion that got no answer."""
    world.store.fail("delete", HUNG_UP, is_applied=is_applied)
    world.remove("f000", hint=True)
    before = world.store.count("delete")
    for _ in range(30):
        world.run(1)
        if world.store.count("delete") > before:
            return
    raise AssertionError("nothing was deleted")


def stay(world: World) -> None:
    """The same process goes on."""


def restart(world: World) -> None:
    world.restart()


@pytest.mark.parametrize("is_applied", [True, False], ids=["deleted", "not deleted"])
@pytest.mark.parametrize("go_on", [stay, restart])
def test_an_upload_that_comes_after_a_lost_deletion_is_deleted_too(
    settled: World, go_on: Callable[[World], None], is_applied: bool
) -> None:
    late = upload_lost(settled)
    deletion_lost(settled, is_applied=is_applied)
    settled.run(2)
    go_on(settled)
    settled.run(3)
    carry_out(settled, late)
    settled.run(200)
    settled.settle()
    assert settled.objects == settled.files
    assert settled.ledger.intents() + settled.ledger.lates() == []


def test_of_two_lost_uploads_the_first_may_come_last(settled: World) -> None:
    first = upload_lost(settled, "first content")
    settled.run(0.2)
    second = upload_lost(settled, "second")
    carry_out(settled, second)
    settled.run(5)
    carry_out(settled, first)
    settled.run(200)
    settled.settle()
    assert settled.objects == settled.files


def test_an_upload_answered_since_does_not_end_the_wait_for_the_first(settled: World) -> None:
    first = upload_lost(settled, "first content")
    settled.write("f000", "newest", hint=True)
    settled.run(5)
    assert settled.objects["f000"] == b"newest"
    settled.restart()
    settled.run(5)
    assert [each.op_id for each in settled.ledger.lates()] == [first["metadata"]["s3syncd-op"]]
    carry_out(settled, first)
    settled.run(200)
    settled.settle()
    assert settled.objects == settled.files
    assert settled.ledger.lates() == []


def test_what_a_listing_tells_of_a_path_that_waits_is_looked_into_at_once(settled: World) -> None:
    upload_lost(settled)
    settled.run(10)
    assert settled.objects == settled.files
    settled.store.store("p/f000", b"somebody else's")
    settled.command("rescan", remote=True)
    for _ in range(40):
        settled.run(0.1)
        assert not settled.status["in_sync"] or settled.objects == settled.files
    assert settled.objects == settled.files


def test_an_object_that_others_took_away_does_not_end_the_wait(settled: World) -> None:
    """It is neither what was nor what should be: that says nothing of what is still to come."""
    settled.store.on("put", lambda: settled.store.objects.pop("p/f000"))
    late = upload_lost(settled)
    settled.remove("f000", hint=True)
    settled.run(20)
    carry_out(settled, late)
    settled.run(120)
    settled.settle()
    assert settled.objects == settled.files


def test_the_minute_begins_when_it_is_known_that_no_answer_comes(settled: World) -> None:
    """A request may have waited for its turn for minutes before it was sent."""
    settled.lane.is_held = True
    settled.write("f000", "late content", hint=True)
    settled.run(300)
    lose(settled, "put")
    settled.lane.is_held = False
    settled.run(0.5)
    late = settled.store.last("put")
    settled.remove("f000", hint=True)
    settled.run(30)
    assert "f000" not in settled.objects
    carry_out(settled, late)
    settled.run(120)
    settled.settle()
    assert settled.objects == settled.files


def test_after_a_kill_the_minute_begins_anew(settled: World) -> None:
    late = upload_lost(settled)
    settled.kill()
    settled.now += 3600
    settled.start()
    settled.remove("f000", hint=True)
    settled.run(30)
    carry_out(settled, late)
    settled.run(120)
    settled.settle()
    assert settled.objects == settled.files


def test_a_clock_that_leaps_does_not_end_the_minute(settled: World) -> None:
    late = upload_lost(settled)
    settled._wall_from += 86_400
    settled.remove("f000", hint=True)
    settled.run(30)
    carry_out(settled, late)
    settled.run(120)
    settled.settle()
    assert settled.objects == settled.files


def test_what_is_remembered_of_a_path_is_bounded_by_time(settled: World) -> None:
    settled.store.fail("put", HUNG_UP, times=9)
    settled.write("f000", "newer", hint=True)
    most = 0
    for _ in range(400):
        settled.run(5)
        most = max(most, len(settled.ledger.lates()))
        if settled.objects == settled.files:
            break
    assert 1 <= most <= 8  # as many as fit into a minute, at growing distances
    settled.run(200)
    settled.settle()
    assert settled.ledger.lates() == []


def test_a_plan_given_up_leaves_no_intent_behind_an_open_one(settled: World) -> None:
    upload_lost(settled, path="new")
    settled.lane.limit = 0
    settled.run(3)
    assert len(settled.ledger.intents()) == len(settled.ledger.lates()) == 1
    settled.remove("new", hint=True)
    settled.run(1)
    settled.lane.limit = 64
    settled.run(200)
    settled.settle()
    assert settled.ledger.intents() + settled.ledger.lates() == []
    assert settled.objects == settled.files


def test_the_version_of_a_published_upload_does_not_end_the_wait_for_the_one_before(
    settled: World,
) -> None:
    settled.store.lists_md5_of_parts = True
    late = upload_lost(settled)
    settled.write("f000", "x" * (MULTIPART_BYTES + 1), hint=True)
    settled.run(5)
    assert settled.store.count("complete") == 1
    settled.command("rescan", remote=True)  # it hurries the question for the version
    settled.run(5)
    assert settled.ledger.intents() == []
    carry_out(settled, late)
    settled.run(120)
    settled.settle()
    assert settled.objects == settled.files


def test_parts_left_by_the_last_upload_are_ended_while_an_older_one_may_come(world: World) -> None:
    world.settle()
    late = upload_lost(world, "small")
    broken = failure(FailureKind.TRANSIENT, "InternalError", 500)
    world.store.fail("complete", broken, times=600)
    world.write("f000", "x" * (MULTIPART_BYTES + 1), hint=True)
    world.run(10)
    assert world.store.uploads
    world.remove("f000", hint=True)
    carry_out(world, late)
    world.run(200)
    world.settle()
    assert not world.store.uploads
    assert world.objects == world.files
    assert world.ledger.intents() + world.ledger.lates() == []


def test_without_intents_the_end_is_the_same(make_world: Callable[..., World]) -> None:
    world = make_world(retire_deleted=False)
    world.fill(2)
    world.settle()
    first = upload_lost(world, "first content")
    second = upload_lost(world, "second")
    carry_out(world, second)
    world.run(3)
    carry_out(world, first)
    world.run(200)
    world.settle()
    assert world.objects == world.files
    assert Kind.DELETE_REMOTE not in {action.kind for action in world.carried}
