"""Sites that fail are started again, in their time; a daemon of nothing but crashes ends."""

from __future__ import annotations

from threading import Event

from s3syncd.errors import LedgerError, SiteError
from s3syncd.supervisor.fleet import Fleet
from tests.clock import Clock
from tests.supervisor.conftest import Configure
from tests.supervisor.fakes import FakeShop
from tests.supervisor.fleets import NewFleet, crash, status
from tests.waiting import until


def test_failed_site_is_unavailable_and_the_others_go_on(fleet: Fleet, shop: FakeShop) -> None:
    crash(fleet, shop, "a", SiteError("root_missing", "disk full", hint="make room"))
    seen = status(fleet, "a")
    assert (seen["in_sync"], seen["watcher"], seen["reason"]) == (False, "down", "root_missing")
    assert "disk full" in seen["hint"]
    assert "make room" in seen["hint"]
    assert status(fleet, "b")["in_sync"]


def test_failed_site_is_started_again_after_a_pause_and_not_before(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    crash(fleet, shop, "a")
    clock.now += 0.9
    fleet.tick()
    assert shop.built("a") == 1
    clock.now += 0.2
    fleet.tick()
    until(lambda: shop.built("a") == 2)
    until(lambda: status(fleet, "a")["in_sync"])
    assert shop.built("b") == 1


def test_site_that_cannot_be_built_is_tried_again(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, clock: Clock
) -> None:
    shop.build_fails["a"] = LedgerError("not ours", hint="look")
    fleet = new_fleet(configure())
    until(lambda: status(fleet, "a")["state"] == "unavailable")
    until(lambda: not fleet._lives["a"].is_alive)
    del shop.build_fails["a"]
    clock.now += 61
    fleet.tick()
    until(lambda: status(fleet, "a")["in_sync"])


def test_restarted_site_does_not_show_what_the_thread_before_it_said(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    crash(fleet, shop, "a")
    shop.build_waits["a"] = Event()
    clock.now += 61
    fleet.tick()
    seen = status(fleet, "a")
    assert (seen["state"], seen["in_sync"]) == ("starting", False)
    shop.build_waits["a"].set()
    until(lambda: status(fleet, "a")["in_sync"])


def test_failed_site_waits_for_the_calls_of_the_thread_before(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    equipment = dict(shop.equipment)["a"]
    equipment.in_flight = 1
    crash(fleet, shop, "a")
    assert equipment.are_lanes_closed
    clock.now += 20
    fleet.tick()
    assert equipment.closed_buckets, "its requests are cancelled"
    assert shop.built("a") == 1, "a call of the old thread still runs"
    equipment.in_flight = 0
    fleet.tick()
    until(lambda: shop.built("a") == 2)


def test_calls_that_never_end_do_not_keep_a_site_down(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    dict(shop.equipment)["a"].in_flight = 1
    crash(fleet, shop, "a")
    clock.now += 36
    fleet.tick()
    until(lambda: shop.built("a") == 2)


def test_daemon_gives_up_after_as_many_crashes_in_a_row_as_it_may(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, clock: Clock
) -> None:
    fleet = new_fleet(configure(max_failures=2))
    crash(fleet, shop, "a")
    assert not fleet.tick()
    clock.now += 61
    assert not fleet.tick()
    until(lambda: shop.built("a") == 2)
    until(lambda: status(fleet, "a")["in_sync"])
    clock.now += 1
    crash(fleet, shop, "a")
    assert fleet.tick()


def test_crashes_far_apart_are_not_in_a_row(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, clock: Clock
) -> None:
    fleet = new_fleet(configure(max_failures=2))
    for number in (1, 2, 3):
        clock.now += 61
        crash(fleet, shop, "a")
        assert not fleet.tick()
        clock.now += 61
        fleet.tick()
        until(lambda number=number: shop.built("a") == number + 1)
        until(lambda: status(fleet, "a")["in_sync"])


def test_bucket_that_cannot_be_reached_never_ends_the_daemon(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure(max_failures=1))
    shop.last("a").access.attempts = 50
    assert not fleet.tick()
    assert fleet.attempts() == {"a": 50, "b": 0}


def test_crashes_never_end_the_daemon_by_default(fleet: Fleet, shop: FakeShop) -> None:
    crash(fleet, shop, "a")
    assert not fleet.tick()
