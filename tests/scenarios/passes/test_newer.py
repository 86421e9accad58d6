"""A pass decides nothing about a path of which something newer is known."""

from __future__ import annotations

from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


def _pass_with_news(world: World) -> None:
    """Let a reconcile scan everything and stop short of its end."""
    world.store.page_fails[1] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    world.jitter = 0.99
    world.command("sync")
    world.run(0.1)
    assert world.site.schedule.whole is not None


def test_a_path_recorded_while_a_pass_runs_is_not_decided_by_it(settled: World) -> None:
    settled.scanner.is_held = True
    settled.command("sync")
    settled.run(0.1)
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    assert settled.puts().count("f000") == 2
    settled.carried.clear()
    settled.scanner.is_held = False
    settled.run(1)
    assert settled.carried == []
    assert settled.objects == settled.files


def test_a_path_forgotten_while_a_pass_runs_is_not_decided_by_it(settled: World) -> None:
    _pass_with_news(settled)
    settled.remove("f000", hint=True)
    settled.run(0.3)
    settled.ledger.forget("f000")
    settled.site.retirement.unwant("f000")
    settled.write("f000", "back", hint=True)
    settled.store.page_fails.clear()
    settled.settle()
    assert settled.deleted() == []
    assert settled.objects == settled.files


def test_a_path_with_an_open_intent_is_not_decided_by_a_pass(settled: World) -> None:
    settled.store.fail(
        "put", failure(FailureKind.TRANSIENT, "timeout", is_unknown=True), is_applied=True
    )
    settled.store.fail("head", failure(FailureKind.TRANSIENT, "timeout"), times=100)
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    settled.carried.clear()
    settled.command("sync")
    settled.run(30)
    assert settled.carried == []
    assert not settled.status["in_sync"]


def test_a_path_whose_lost_answer_waits_for_its_second_look_is_not_decided(
    settled: World,
) -> None:
    settled.store.fail("put", failure(FailureKind.TRANSIENT, "timeout", is_unknown=True))
    settled.write("f000", "older", hint=True)
    settled.run(1)
    late = settled.store.last("put")
    settled.write("f000", "newest", hint=True)
    settled.run(10)
    settled.store.store("p/f000", late["body"], metadata=late["metadata"])
    settled.carried.clear()
    settled.command("sync")
    settled.run(10)
    assert "drift" not in [action.reason for action in settled.carried]
    assert settled.objects == settled.files, "it was looked at because of the listing"
    settled.run(60)
    assert settled.objects == settled.files


def test_a_dirty_path_is_not_decided_by_a_pass(settled: World) -> None:
    settled.remove("f000")
    settled.hint("f000", is_closed=False)
    settled.command("rescan")
    settled.run(1)
    assert settled.ledger.count_deletions("waiting") == 0
    settled.settle()
    assert settled.objects == settled.files


def test_a_held_path_is_not_decided_by_a_pass(world: World) -> None:
    paths = world.fill(60)
    world.settle()
    for path in paths[:25]:
        world.remove(path, hint=True)
    world.run(40)
    before = world.status["held_list"]
    world.store.store("p/f000", b"theirs")
    world.command("sync")
    world.run(60)
    assert world.status["held_list"] == before
    world.command("approve")
    world.settle()
    assert world.objects["f000"] == b"theirs"
