"""What is not in the bucket yet is pending, and as old as the change: whatever has been tried."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.health import STILL_SECONDS, WAITING_SECONDS, failing
from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from tests.fakes_bucket import failure
from tests.scenarios.test_clock import set_clock
from tests.scenarios.troubles import BROKEN, REFUSED
from tests.scenarios.world import World

SILENT = failure(FailureKind.TRANSIENT, "DeadlineExceeded", is_unknown=True)
_DAY = 86_400.0


@pytest.fixture
def settled(world: World) -> World:
    """Two files in sync."""
    world.fill(2)
    world.settle()
    return world


def checks(world: World) -> list[str]:
    return [one.check for one in failing(world.status, world.site.board.figures, world.now)]


def is_known(world: World) -> bool:
    return bool(world.status["pending_known"])


def test_what_failed_and_waits_to_be_tried_again_is_pending(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=1000)
    for number in range(3):
        settled.write(f"new{number}", "12345", hint=True)
    settled.run(200)
    assert settled.ledger.retries()[0] == 3
    assert settled.status["pending"] == {"actions": 3, "bytes": 15, "failed": 3}
    settled.store.heal()
    settled.settle()
    assert settled.status["pending"] == {"actions": 0, "bytes": 0, "failed": 0}


def test_each_path_counts_once_however_it_waits(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=1000)
    settled.write("new", "12345", hint=True)
    settled.run(200)
    settled.write("new", "1234567", hint=True)
    settled.lane.is_held = True
    for _ in range(40):
        settled.run(0.1)
        assert settled.status["pending"]["actions"] == 1
    assert settled.status["pending"] == {"actions": 1, "bytes": 7, "failed": 0}


def test_a_change_is_as_old_as_its_first_sight_not_as_its_first_failure(settled: World) -> None:
    settled.lane.is_held = True
    settled.store.fail("put", BROKEN, times=1000)
    settled.write("new", hint=True)
    settled.run(300)
    settled.lane.is_held = False
    settled.run(10)
    assert settled.ledger.retries()[0] == 1
    assert 305 < settled.status["oldest_pending_seconds"] < 315


def test_an_attempt_makes_a_change_no_younger(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=1000)
    settled.write("new", hint=True)
    began, last = settled.now, 0.0
    while settled.now - began < 400:
        settled.run(7)
        age = settled.status["oldest_pending_seconds"]
        assert age >= last
        last = age
    assert last > 390


@pytest.mark.parametrize("seconds", [-2 * _DAY, -60.0, 60.0, 2 * _DAY])
def test_the_age_of_a_change_is_not_told_by_a_clock_that_leaps(
    settled: World, seconds: float
) -> None:
    settled.store.fail("put", BROKEN, times=1000)
    settled.write("new", hint=True)
    settled.run(100)
    set_clock(settled, seconds)
    settled.run(100)
    assert 190 < settled.status["oldest_pending_seconds"] < 210


def test_the_age_of_a_change_outlives_a_restart(settled: World) -> None:
    settled.store.fail("put", REFUSED, times=1000)
    settled.write("new", "12345", hint=True)
    settled.run(1000)
    settled.ledger.commit()
    settled.restart()
    settled.run(10)
    assert settled.status["oldest_pending_seconds"] > 1000
    assert settled.status["pending"]["actions"] == 1


def test_changes_during_a_pause_are_pending(settled: World) -> None:
    settled.command("pause")
    settled.write("new", hint=True)
    settled.run(100)
    assert settled.status["pending"]["actions"] == 1
    assert settled.status["oldest_pending_seconds"] > 90
    assert "new" not in settled.objects
    settled.command("resume")
    settled.settle()
    assert "new" in settled.objects


def test_a_paused_site_with_changes_is_no_busy_loop(settled: World) -> None:
    settled.command("pause")
    settled.write("new", hint=True)
    settled.run(10)
    settled.waits.clear()
    settled.run(600)
    assert len(settled.waits) <= 400


def test_an_effect_without_an_answer_is_under_way_until_it_is_known(settled: World) -> None:
    settled.store.fail("put", SILENT)
    settled.store.fail("head", SILENT, times=1000)
    settled.write("new", hint=True)
    states = set()
    for _ in range(60):
        settled.run(1)
        states.add((settled.status["state"], settled.status["pending"]["actions"]))
    assert states == {("syncing", 1)}


def test_a_change_that_fails_for_an_hour_is_lag_for_health(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=10_000)
    settled.write("new", hint=True)
    settled.run(10)
    settled.leap(WAITING_SECONDS)
    assert "oldest_pending" in checks(settled)


def test_a_file_that_the_server_never_answers_is_no_progress(settled: World) -> None:
    settled.store.fail("put", SILENT, times=10_000)
    settled.write("f000", "newer", hint=True)  # asked for by HEAD, each answer of which succeeds
    settled.run(STILL_SECONDS - 60)
    assert "no_progress" not in checks(settled)
    settled.run(120)
    assert "no_progress" in checks(settled)
    settled.store.heal()
    settled.run(400)
    assert checks(settled) == []


def test_a_file_that_cannot_be_read_is_a_problem_and_no_standstill(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.settle()
    world.store.fail("put", REFUSED, times=1000)
    world.write("refused", hint=True)
    world.run(2 * STILL_SECONDS)
    assert checks(world) == ["access_denied"]


def test_a_site_that_was_away_for_long_is_not_told_to_stand_still_when_it_is_back(
    settled: World,
) -> None:
    settled.store.is_gone = True
    settled.write("new", hint=True)
    settled.run(3 * STILL_SECONDS)
    assert settled.status["state"] == "unavailable"
    settled.store.is_gone = False
    seen = set()
    for _ in range(200):
        settled.run(1)
        seen.update(checks(settled))
    assert settled.status["in_sync"]
    assert "no_progress" not in seen


def test_what_waits_at_a_start_is_not_known_before_the_directory_was_looked_at(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.store.outage = SiteUnavailable("bucket_unavailable", "no answer", hint="look")
    world.fill(3)
    world.run(100)
    assert world.status["state"] == "unavailable"
    assert not is_known(world)
    assert 90 < world.status["oldest_pending_seconds"] <= 100
    world.store.outage = None
    world.settle()
    assert is_known(world)
    assert world.status["oldest_pending_seconds"] == 0


def test_a_pause_over_a_start_does_not_look_as_if_nothing_waited(settled: World) -> None:
    settled.command("pause")
    settled.ledger.commit()
    settled.restart()
    settled.run(60)
    assert not is_known(settled)
    assert settled.status["oldest_pending_seconds"] > 50


def test_what_waits_is_not_known_where_the_root_is_missing(settled: World) -> None:
    assert is_known(settled)
    away = settled.root.with_name("away")
    settled.root.rename(away)
    settled.run(60)
    assert settled.status["state"] == "unavailable"
    assert not is_known(settled)
    assert settled.status["oldest_pending_seconds"] > 40
    away.rename(settled.root)
    settled.settle()
    assert is_known(settled)


def test_the_age_of_a_change_is_told_soon_in_a_pause(settled: World) -> None:
    settled.command("pause")
    settled.write("new", hint=True)
    for _ in range(4):
        settled.run(0.5)
    assert settled.status["oldest_pending_seconds"] >= 1
