"""The status is complete and true, and a site that has nothing to do does nothing."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.retry import FailureKind
from s3syncd.core.safety import REASONS
from tests.fakes_bucket import failure
from tests.scenarios.world import World

FIELDS = {
    "name", "state", "reason", "hint", "mode", "in_sync", "in_sync_since", "last_in_sync_at",
    "pending", "oldest_pending_seconds", "held_deletions", "held_list", "foreign_objects",
    "problems", "problems_total", "last_rescan_at", "last_reconcile_at", "watcher", "files",
    "bytes", "in_flight_window", "last_scrub_at", "scrubbed_files", "capabilities",
    "paused_at", "problems_skipped", "pending_known",
}  # fmt: skip
STATES = {"starting", "scanning", "syncing", "idle", "paused", "halted", "unavailable"}


def _check(world: World) -> None:
    status = world.status
    assert set(status) == FIELDS
    assert status["state"] in STATES
    assert status["reason"] is None or status["reason"] in REASONS
    assert set(status["pending"]) == {"actions", "bytes", "failed"}
    assert len(status["problems"]) <= 100
    for problem in status["problems"]:
        assert set(problem) == {"path", "reason", "hint", "since"}


def test_the_status_has_its_fields_from_the_first_moment_on(world: World) -> None:
    assert world.status["state"] == "starting"
    assert not world.status["in_sync"]
    _check(world)
    world.fill(40)
    states = set()
    for _ in range(60):
        world.turn()
        _check(world)
        states.add(world.status["state"])
        world.now += 0.05
    assert {"starting", "syncing", "idle"} <= states
    assert world.status["in_sync"]
    assert world.status["last_in_sync_at"].endswith("Z")
    assert world.status["files"] == 40
    assert world.status["bytes"] == sum(map(len, world.files.values()))


def test_a_site_is_in_sync_only_after_a_whole_reconcile(world: World) -> None:
    world.store.page_fails[1] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    world.run(300)
    assert not world.status["in_sync"]
    assert world.status["reason"] == "listing_incomplete"
    world.store.page_fails.clear()
    world.settle()
    assert world.status["last_reconcile_at"] is not None


def test_it_is_not_in_sync_from_a_hint_until_the_record(world: World) -> None:
    world.fill(3)
    world.settle()
    world.write("new", hint=True, text="12345")
    world.lane.is_held = True
    for _ in range(40):
        world.turn()
        world.now += 0.05
        assert not world.status["in_sync"]
    assert world.status["pending"] == {"actions": 1, "bytes": 5, "failed": 0}
    assert world.status["oldest_pending_seconds"] > 1.5
    world.lane.is_held = False
    world.settle()
    assert world.status["pending"] == {"actions": 0, "bytes": 0, "failed": 0}
    assert world.status["oldest_pending_seconds"] == 0


def test_it_tells_since_when_it_has_been_in_sync_without_a_break(world: World) -> None:
    world.fill(3)
    world.settle()
    began = world.status["in_sync_since"]
    world.run(60)
    assert world.status["in_sync_since"] == began < world.status["last_in_sync_at"]
    world.lane.is_held = True
    world.write("new", hint=True)
    world.run(1)
    assert (world.status["in_sync"], world.status["in_sync_since"]) == (False, None)
    world.lane.is_held = False
    world.settle()
    assert world.status["in_sync_since"] > began


def test_the_last_writes_are_known_and_are_few(world: World) -> None:
    world.fill(3)
    world.settle()
    world.write("new", hint=True, text="12345")
    world.settle()
    world.remove("f000", hint=True)
    world.run(60)
    figures = world.site.board.figures
    assert figures is not None
    *_, put, deleted = figures.recent
    assert (put.effect, put.path, put.size_bytes) == ("put", "new", 5)
    assert (deleted.effect, deleted.path) == ("deleted", "f000")
    assert put.at_wall < deleted.at_wall
    world.fill(60, "more/")
    world.command("rescan")
    world.settle()
    recent = world.site.board.figures.recent if world.site.board.figures else ()
    assert len(recent) == 20


def test_it_is_not_in_sync_from_a_deletion_until_the_object_is_gone(world: World) -> None:
    world.fill(30)
    world.settle()
    world.remove("f000", hint=True)
    for _ in range(200):
        world.turn()
        assert (
            world.status["in_sync"] == ("f000" not in world.objects) or not world.status["in_sync"]
        )
        world.now += 0.05
    assert world.status["in_sync"]


def test_what_waits_in_the_plan_has_an_age_too(world: World) -> None:
    world.settle()
    world.lane.limit = 0
    world.fill(3)
    world.command("rescan")
    world.run(100)
    assert world.status["oldest_pending_seconds"] > 90


def test_a_dead_watcher_is_shown(world: World) -> None:
    world.watcher.kind = "down"
    world.run(1)
    assert world.status["watcher"] == "down"


def test_unwatched_directories_are_shown_and_go(world: World) -> None:
    world.watcher.unwatched_sample = ("d/",)
    world.settle()
    assert [p["reason"] for p in world.status["problems"]] == ["unwatched"]
    world.watcher.unwatched_sample = ()
    world.run(10)
    assert world.status["problems"] == []


# --- no busy loop ---------------------------------------------------------------------------------


def _turns(world: World, seconds: float) -> int:
    """Count the turns in a stretch of time."""
    world.waits.clear()
    world.run(seconds)
    return len(world.waits)


def test_an_idle_site_turns_every_5_s(world: World) -> None:
    world.fill(10)
    world.settle()
    assert _turns(world, 600) <= 400


def test_a_full_pool_is_no_busy_loop(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.fill(100)
    world.lane.limit = 0
    assert _turns(world, 60) < 150, "the bucket cannot be contacted"
    world.lane.limit = 64
    world.run(0.2)
    world.lane.limit = 0
    assert _turns(world, 60) < 250, "no upload can begin"


def test_a_listing_that_is_ahead_of_the_scan_is_no_busy_loop(world: World) -> None:
    for number in range(100):
        world.store.store(f"p/o{number:03}", b"x")
    world.fill(100)
    world.scanner.is_held = True
    assert _turns(world, 60) < 100
    world.scanner.is_held = False
    world.settle()


def test_a_full_backlog_is_no_busy_loop(world: World) -> None:
    world.settle()
    world.fill(2_100)
    world.lane.limit = 0
    world.command("rescan")
    world.run(2)
    assert _turns(world, 60) < 250


def test_a_lost_answer_without_room_to_look_is_no_busy_loop(world: World) -> None:
    world.settle()
    world.store.fail("put", failure(FailureKind.TRANSIENT, "timeout", is_unknown=True))
    world.write("a", hint=True)
    world.run(0.15)
    world.lane.limit = 0
    assert _turns(world, 60) < 250
    world.lane.limit = 64
    world.settle()


def test_deletions_that_wait_are_no_busy_loop(world: World) -> None:
    paths = world.fill(60)
    world.settle()
    for path in paths[:25]:
        world.remove(path, hint=True)
    world.run(40)
    assert _turns(world, 600) <= 400, "held"
    world.lane.limit = 0
    world.command("approve")
    assert _turns(world, 60) < 250, "approved, and the pool is full"


def test_a_deletion_that_waits_for_a_rename_is_no_busy_loop(world: World) -> None:
    world.write("old")
    world.settle()
    world.lane.is_held = True
    world.rename("old", "new", hint=True)
    world.run(10)
    assert _turns(world, 60) < 250
    world.lane.is_held = False
    world.settle()


def test_a_refused_path_is_no_busy_loop(world: World) -> None:
    world.settle()
    world.store.fail("put", failure(FailureKind.REFUSED, "AccessDenied", 403), times=100)
    world.write("a", hint=True)
    world.run(10)
    assert _turns(world, 600) <= 400


def test_a_gate_that_stays_closed_is_no_busy_loop(world: World) -> None:
    world.gate.is_open = False
    assert _turns(world, 60) < 150
    world.gate.is_open = True
    world.settle()
