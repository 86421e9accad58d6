"""What a site publishes for health and metrics is true: progress, counts, refusals."""

from __future__ import annotations

from s3syncd.core.figures import SiteFigures
from s3syncd.core.health import DEAF_SECONDS, STILL_SECONDS, failing
from s3syncd.core.retry import FailureKind
from s3syncd.local.room import DiskRoom
from tests.fakes_bucket import failure
from tests.scenarios.world import World


def figures(world: World) -> SiteFigures:
    found = world.site.board.figures
    assert found is not None
    return found


def checks(world: World) -> list[str]:
    return [one.check for one in failing(world.status, figures(world), world.now)]


def test_what_was_done_is_counted(world: World) -> None:
    world.fill(5)
    world.settle()
    world.remove("f000", hint=True)
    world.settle()
    world.command("rescan")
    world.settle()
    read = figures(world)
    assert read.effects["put"] == 5
    assert read.effects["deleted"] == 1
    assert read.sent_bytes > 0
    assert read.reconciles == 1
    assert read.rescans >= 1
    assert read.last_reconcile_wall <= read.last_rescan_wall
    assert read.reconciled_at is not None
    assert checks(world) == []


def test_a_site_whose_work_stands_still_is_unhealthy_until_it_comes_forward(world: World) -> None:
    world.fill(3)
    world.settle()
    world.lane.is_held = True
    world.write("new", hint=True)
    world.run(STILL_SECONDS - 60)
    assert checks(world) == []
    world.run(120)
    assert "no_progress" in checks(world)
    world.lane.is_held = False
    world.settle()
    assert checks(world) == []


def test_a_site_with_nothing_to_do_is_healthy_for_ever(world: World) -> None:
    world.settle()
    world.run(3 * STILL_SECONDS)
    assert checks(world) == []


def test_events_that_the_kernel_dropped_and_unwatched_directories_are_counted(
    world: World,
) -> None:
    world.watcher.overflows = 3
    world.watcher.unwatched = 2
    world.settle()
    world.run(10)
    assert (figures(world).overflows, figures(world).unwatched) == (3, 2)


def test_a_bucket_that_refuses_a_write_is_unhealthy_until_it_takes_one(world: World) -> None:
    world.settle()
    world.store.fail("put", failure(FailureKind.REFUSED, "AccessDenied", 403))
    world.write("new", hint=True)
    world.run(10)
    assert checks(world) == ["access_denied"]
    assert figures(world).failures == {"access_denied": 1}
    world.write("other", hint=True)
    world.run(10)
    assert "access_denied" not in checks(world)


def test_a_state_directory_that_was_mounted_read_only_is_unhealthy(world: World) -> None:
    world.settle()
    world.room = DiskRoom(2**40, 2**41, is_read_only=True)
    world.run(10)
    assert checks(world) == ["ledger_read_only"]
    world.room = DiskRoom(2**40, 2**41)
    world.run(10)
    assert checks(world) == []


def test_a_watcher_that_proves_nothing_any_more_turns_it_red(world: World) -> None:
    world.watcher.proved_at = world.now
    world.settle()
    assert checks(world) == []
    world.run(DEAF_SECONDS + 10)
    assert checks(world) == ["watcher_deaf"]
    world.watcher.proved_at = world.now
    world.run(10)
    assert checks(world) == []


def test_a_directory_that_hangs_turns_it_red_and_is_named(world: World) -> None:
    world.settle()
    world.scanner.is_hung, world.scanner.busy = True, 30.0
    world.run(30)
    assert checks(world) == []
    assert "may hang" in world.status["hint"]
    world.scanner.busy = 150.0
    world.run(30)
    assert checks(world) == ["root_silent"]
    world.scanner.is_hung, world.scanner.busy = False, 0.0
    world.run(30)
    assert checks(world) == []
    assert world.status["hint"] is None
