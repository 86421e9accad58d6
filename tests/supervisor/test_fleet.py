"""Sites are asked and told together, and spoken for when they cannot speak."""

from __future__ import annotations

import time
from threading import Event

import pytest

from s3syncd.supervisor.fleet import Fleet
from tests.clock import Clock
from tests.supervisor.conftest import Configure
from tests.supervisor.fakes import FakeShop
from tests.supervisor.fleets import NewFleet, crash, hang, let_stick, status
from tests.waiting import until

# --- failures -------------------------------------------------------------------------------------


def test_sites_are_shown_in_the_order_of_the_configuration(
    configure: Configure, new_fleet: NewFleet
) -> None:
    fleet = new_fleet(configure({"z": {}, "a": {}, "m": {}}))
    assert [each["name"] for each in fleet.snapshots()] == ["z", "a", "m"]
    assert all(each["in_sync"] for each in fleet.snapshots())


# --- stuck ----------------------------------------------------------------------------------------


def test_site_that_does_not_turn_is_stuck_and_says_so(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    let_stick(fleet, shop, clock, "a")
    seen = status(fleet, "a")
    assert (seen["state"], seen["in_sync"]) == ("unavailable", False)
    assert "does not turn" in seen["hint"]
    assert status(fleet, "b")["in_sync"]


def test_failed_site_that_waits_to_be_started_is_not_stuck(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    crash(fleet, shop, "a")
    clock.now += 31
    until(lambda: fleet.stuck() == [])


def test_site_whose_ledger_is_checked_is_not_stuck_for_a_long_time(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, clock: Clock
) -> None:
    shop.build_waits["a"] = Event()
    fleet = new_fleet(configure())
    clock.now += 500
    until(lambda: fleet.stuck() == [])
    assert status(fleet, "a")["state"] == "starting"
    clock.now += 101
    assert "a" in fleet.stuck()


# --- commands -------------------------------------------------------------------------------------


def test_command_goes_to_the_site_it_names(fleet: Fleet, shop: FakeShop) -> None:
    assert fleet.command("pause", {"site": "b"}) == {"ok": True, "site": "b"}
    assert (shop.last("a").commands, shop.last("b").commands) == ([], ["pause"])


def test_command_without_a_site_goes_to_all(fleet: Fleet, shop: FakeShop) -> None:
    assert fleet.command("rescan", {})["ok"]
    assert [site.commands for site in shop.made] == [["rescan"], ["rescan"]]


def test_of_many_sites_some_wait_for_their_turn_and_say_that_they_start(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, clock: Clock
) -> None:
    names = [f"site-{number:02d}" for number in range(40)]
    shop.build_waits.update({name: Event() for name in names})
    fleet = new_fleet(configure({name: {} for name in names}))
    clock.now += 1
    fleet.tick()
    assert not fleet._lives[names[39]].is_alive
    assert status(fleet, names[39])["state"] == "starting"
    refusal = fleet.command("rescan", {"site": names[39]})
    assert (refusal["ok"], refusal["error"]) == (False, f"site {names[39]} is starting")
    for event in shop.build_waits.values():
        event.set()
    until(lambda: all(status(fleet, name)["in_sync"] for name in names[:32]))
    fleet.tick()
    until(lambda: all(status(fleet, name)["in_sync"] for name in names))


@pytest.mark.parametrize(
    ("name", "arguments", "error", "reason"),
    [
        ("pause", {"site": "c"}, "there is no site 'c'", "unknown_site"),
        ("approve", {}, "approve wants a site", None),
    ],
)
def test_command_for_nobody_is_refused_naming_the_sites(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, name: str,
    arguments: dict[str, str], error: str, reason: str | None,
) -> None:  # fmt: skip
    answer = new_fleet(configure()).command(name, arguments)
    assert (answer["ok"], answer["error"], answer.get("reason")) == (False, error, reason)
    assert "a, b" in answer["hint"]
    assert [site.commands for site in shop.made] == [[], []]


def test_sites_that_do_not_answer_are_waited_for_together(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    names = [f"s{number}" for number in range(8)]
    fleet = new_fleet(configure({name: {} for name in names}))
    for name in names[1:]:
        hang(fleet, shop, name)
    began = time.monotonic()
    answer = fleet.command("rescan", {})
    assert time.monotonic() - began < 3 * 0.3, "one wait, not one for each"
    assert not answer["ok"]
    assert "s7 does not answer" in answer["error"]
    assert "1 of 8 sites accepted" in answer["error"]


def test_stuck_site_refuses_at_once_and_is_not_burdened(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    let_stick(fleet, shop, clock, "a")
    assert "stuck" in fleet.command("pause", {"site": "a"})["hint"]
    shop.last("a").hung.set()
    until(lambda: fleet.stuck() == [])
    assert shop.last("a").commands == []


def test_failed_site_refuses_at_once(fleet: Fleet, shop: FakeShop) -> None:
    crash(fleet, shop, "a")
    assert fleet.command("pause", {"site": "a"})["error"] == "site a is not running"


# --- stopping -------------------------------------------------------------------------------------


def test_stop_drains_until_the_deadline(fleet: Fleet, shop: FakeShop, clock: Clock) -> None:
    shop.last("a").is_draining_slowly = True
    fleet.begin_stop(clock.now + 5)
    until(lambda: shop.last("b").is_closed)
    assert not fleet.has_stopped()
    clock.now += 5
    until(fleet.has_stopped)


def test_stuck_sites_do_not_add_up_when_the_fleet_stops(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    names = [f"s{number}" for number in range(8)]
    fleet = new_fleet(configure({name: {} for name in names}))
    for name in names:
        hang(fleet, shop, name)
    began = time.monotonic()
    fleet.end_stop(0.3)
    assert time.monotonic() - began < 3 * 0.3
    assert not shop.is_running


def test_no_site_is_started_again_while_the_fleet_stops(
    fleet: Fleet, shop: FakeShop, clock: Clock
) -> None:
    crash(fleet, shop, "a")
    fleet.begin_stop(clock.now + 1)
    clock.now += 61
    fleet.tick()
    until(fleet.has_stopped)
    assert shop.built("a") == 1
