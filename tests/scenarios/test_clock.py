"""A clock that is set, by seconds or years, back or ahead: nothing is decided by it."""

from __future__ import annotations

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from tests.fakes_bucket import failure
from tests.scenarios.troubles import BROKEN, REFUSED
from tests.scenarios.world import World

_DAY = 86_400.0
_JUMPS = [-10 * 365 * _DAY, -2 * _DAY, -3600.0, -60.0, 3600.0, 2 * _DAY, 10 * 365 * _DAY]


@pytest.fixture
def settled(world: World) -> World:
    """20 files in sync."""
    return world.filled(20)


def set_clock(world: World, seconds: float) -> None:
    """Set the wall clock ahead (or back, where negative); the monotonic one goes on."""
    world._wall_from += seconds


@pytest.mark.parametrize("seconds", _JUMPS)
def test_a_failed_path_is_tried_again_as_soon_whatever_the_clock_says(
    settled: World, seconds: float
) -> None:
    settled.store.fail("put", BROKEN, times=2)
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    assert settled.ledger.retries()[0] == 1
    set_clock(settled, seconds)
    settled.run(30)
    assert settled.objects == settled.files
    assert settled.ledger.retries()[0] == 0


@pytest.mark.parametrize("seconds", [-10 * 365 * _DAY, -2 * _DAY, 2 * _DAY])
def test_a_failed_deletion_is_tried_again_after_a_start_whatever_the_clock_says(
    settled: World, seconds: float
) -> None:
    settled.store.fail("delete", REFUSED)
    settled.remove("f000", hint=True)
    settled.run(20)
    assert settled.store.count("delete") == 1
    settled.ledger.commit()
    set_clock(settled, seconds)
    settled.restart()
    settled.run(3700)  # of a start nobody knows what the clock was before
    assert settled.objects == settled.files
    assert settled.status["in_sync"]


def test_a_refused_path_is_tried_hourly_by_a_clock_that_is_corrected_bit_by_bit(
    settled: World,
) -> None:
    settled.store.fail("put", REFUSED)
    settled.write("f000", "newer", hint=True)
    settled.run(10)
    settled.store.fail("put", BROKEN, times=1000)
    settled.write("f001", "newer", hint=True)
    for _ in range(30):
        settled.run(20)
        set_clock(settled, -0.05)
    tried = [action.path for action in settled.carried]
    assert tried.count("f001") > 5
    assert tried.count("f000") == 1


@pytest.mark.parametrize("seconds", _JUMPS)
def test_deletions_take_their_grace_and_no_more_whatever_the_clock_says(
    settled: World, seconds: float
) -> None:
    settled.remove("f001", hint=True)
    settled.run(0.5)
    set_clock(settled, seconds)
    settled.run(1.0)
    assert settled.deleted() == []
    settled.run(10)
    assert settled.deleted() == ["f001"]
    assert settled.status["in_sync"]


@pytest.mark.parametrize("seconds", [jump for jump in _JUMPS if jump < _DAY])
def test_a_mass_deletion_is_held_whatever_the_clock_says(settled: World, seconds: float) -> None:
    """Ahead by more than a day is another matter: a machine that slept as long shows the same."""
    settled.restart(max_delete=6)
    settled.settle()
    for number in range(5):
        settled.remove(f"f{number:03}", hint=True)
    settled.run(20)
    assert len(settled.deleted()) == 5
    set_clock(settled, seconds)
    for number in range(5, 10):
        settled.remove(f"f{number:03}", hint=True)
    settled.run(60)
    assert len(settled.deleted()) == 5
    assert settled.status["reason"] == "mass_delete"


def test_a_clock_that_the_store_refuses_is_named_with_its_remedy(settled: World) -> None:
    settled.store.page_fails[1] = failure(FailureKind.CLOCK, "RequestTimeTooSkewed", 403)
    settled.command("rescan", remote=True)
    settled.run(0.5)
    status = settled.status
    assert (status["state"], status["in_sync"]) == ("unavailable", False)
    assert "Set this machine's clock" in status["hint"]


@pytest.mark.parametrize("seconds", _JUMPS)
def test_nothing_is_asked_for_because_the_clock_was_set(settled: World, seconds: float) -> None:
    set_clock(settled, seconds)
    settled.run(60)
    settled.command("rescan")
    settled.run(60)
    assert settled.store.effects() == []
    assert settled.status["in_sync"]


def test_what_failed_while_the_clock_was_ahead_is_tried_once_it_is_right(settled: World) -> None:
    """The store refuses everything meanwhile, so nothing is tried again, either."""
    skewed = failure(FailureKind.CLOCK, "RequestTimeTooSkewed", 403)
    set_clock(settled, _DAY)
    settled.store.fail("put", skewed)
    settled.store.outage = SiteUnavailable("bucket_unavailable", "The clock differs.", hint="NTP")
    settled.write("f000", "newer", hint=True)
    settled.run(5)
    assert settled.status["state"] == "unavailable"
    set_clock(settled, -_DAY)
    settled.store.outage = None
    settled.run(90)
    assert settled.objects == settled.files
    assert settled.status["in_sync"]
