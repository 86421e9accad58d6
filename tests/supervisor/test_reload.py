"""A reload exchanges the sites that changed, waits for nobody, and leaves the others alone."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.supervisor.fleet import Fleet
from tests.clock import Clock
from tests.supervisor.conftest import Configure
from tests.supervisor.fakes import FakeShop
from tests.supervisor.fleets import NewFleet, status
from tests.waiting import until


def settled(fleet: Fleet, shop: FakeShop, names: list[str]) -> bool:
    """Carry the reload on until exactly these sites run."""
    fleet.tick()
    running = {site.settings.name for site in shop.made if not site.is_closed}
    return running == set(names) and all(each["in_sync"] for each in fleet.snapshots())


def test_only_what_changed_is_exchanged(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure({"a": {}, "b": {}, "c": {}}))
    before = list(shop.made)
    changed = fleet.reload(configure({"b": {"retire_deleted": True}, "c": {}, "d": {}}))
    assert changed == {
        "stopped": ["a"], "restarted": ["b"], "started": ["d"], "needs_restart": [],
    }  # fmt: skip
    until(lambda: settled(fleet, shop, ["b", "c", "d"]))
    assert [each["name"] for each in fleet.snapshots()] == ["b", "c", "d"]
    assert shop.last("b").settings.retire_deleted
    assert shop.last("c") in before


def test_nothing_is_touched_when_nothing_changed(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure())
    fleet.reload(configure())
    fleet.tick()
    assert [site.settings.name for site in shop.made] == ["a", "b"]
    assert not any(site.stop_deadline for site in shop.made)


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://127.0.0.1:10"},
        {"secret_access_key": "another"},
        {"multipart_threshold": "32MiB"},
        {"s3_ops_retries": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_changed_default_restarts_the_sites_that_it_concerns(
    configure: Configure, new_fleet: NewFleet, change: dict[str, Any]
) -> None:
    own = {
        "endpoint": "http://127.0.0.1:11", "secret_access_key": "mine", "access_key": "mine",
        "s3_ops_retries": 3,
    }  # fmt: skip
    sites: dict[str, dict[str, Any]] = {"a": {}, "b": own}
    fleet = new_fleet(configure(sites))
    restarted = fleet.reload(configure(sites, **change))["restarted"]
    assert restarted == (["a", "b"] if "multipart_threshold" in change else ["a"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("upload_workers", 3),
        ("max_in_flight", 32),
        ("buffer_bytes", "64MiB"),
        ("checksum_workers", 1),
        ("upload_processes", 1),
        ("http", {"listen": "127.0.0.1:9351"}),
    ],
)
def test_change_that_waits_for_a_restart_is_said_plainly(
    configure: Configure, new_fleet: NewFleet, key: str, value: object
) -> None:
    fleet = new_fleet(configure())
    changed = fleet.reload(configure(**{key: value}))
    assert changed["needs_restart"] == ["http.listen" if key == "http" else key]
    assert fleet.reload(configure(**{key: value}))["needs_restart"], "it still waits"
    assert not fleet.reload(configure())["needs_restart"]


def test_reload_does_not_wait_for_a_site_that_drains(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, clock: Clock
) -> None:
    fleet = new_fleet(configure())
    old = shop.last("a")
    old.is_draining_slowly = True
    fleet.reload(configure({"a": {"max_delete": 1}, "b": {}}))
    fleet.tick()
    assert shop.built("a") == 1, "two threads of one site would write the same ledger"
    seen = status(fleet, "a")
    assert (seen["state"], seen["in_sync"]) == ("starting", False)
    assert not fleet.command("pause", {"site": "a"})["ok"]
    old.is_draining_slowly = False
    until(lambda: settled(fleet, shop, ["a", "b"]))
    assert shop.last("a").settings.max_delete == 1


def test_drain_of_a_reload_ends_at_the_deadline(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop, clock: Clock
) -> None:
    fleet = new_fleet(configure())
    shop.last("a").is_draining_slowly = True
    fleet.reload(configure({"b": {}}))
    clock.now += 5
    until(lambda: settled(fleet, shop, ["b"]))


def test_second_reload_during_the_first_wins(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure())
    old = shop.last("a")
    old.is_draining_slowly = True
    fleet.reload(configure({"a": {"max_delete": 1}, "b": {}}))
    fleet.reload(configure({"a": {"max_delete": 2}, "b": {}, "c": {}}))
    old.is_draining_slowly = False
    until(lambda: settled(fleet, shop, ["a", "b", "c"]))
    assert [site.settings.max_delete for site in shop.made if site.settings.name == "a"] == [
        None, 2,
    ]  # fmt: skip


def test_renamed_site_waits_until_the_old_one_writes_no_more(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure({"a": {"bucket": "one", "prefix": "p"}}))
    old = shop.last("a")
    old.is_draining_slowly = True
    fleet.reload(configure({"n": {"bucket": "one", "prefix": "p/q"}, "o": {"bucket": "two"}}))
    until(lambda: shop.built("o"))
    fleet.tick()
    assert shop.built("n") == 0
    assert status(fleet, "n")["state"] == "starting"
    old.is_draining_slowly = False
    until(lambda: settled(fleet, shop, ["n", "o"]))


def test_reload_starts_a_failed_site_at_once_with_its_new_settings(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure())
    shop.last("a").crash = RuntimeError("crashed")
    until(lambda: not fleet._lives["a"].is_alive)
    fleet.reload(configure({"a": {"max_delete": 1}, "b": {}}))
    until(lambda: settled(fleet, shop, ["a", "b"]))


def test_new_site_makes_its_prefix_invisible_to_the_outer_one(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    outer = {"bucket": "one", "prefix": "p"}
    fleet = new_fleet(configure({"a": outer, "b": {}}))
    sites = {"a": outer, "b": {}, "c": {"bucket": "one", "prefix": "p/in"}}
    assert fleet.reload(configure(sites))["restarted"] == ["a"]
    until(lambda: settled(fleet, shop, ["a", "b", "c"]))
    assert shop.last("a").settings.inner_prefixes == ("p/in/",)


# --- limits ---------------------------------------------------------------------------------------


def test_changed_limits_restart_no_site_and_are_in_force_at_once(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure())
    config = configure(
        {"a": {"requests_per_second": 3}, "b": {}}, bandwidth_limit="2MiB/s", requests_per_second=9
    )
    answer = fleet.reload(config)
    fleet.tick()
    assert (answer["restarted"], answer["needs_restart"]) == ([], [])
    assert [shop.built("a"), shop.built("b")] == [1, 1]
    assert shop.limited == [config]
    limits = {"bytes_per_second": None, "requests_per_second": 3}
    assert [each["limits"] for each in fleet.snapshots()] == [limits, None]


def test_a_site_whose_limit_and_more_changed_is_restarted(
    configure: Configure, new_fleet: NewFleet
) -> None:
    fleet = new_fleet(configure())
    config = configure({"a": {"requests_per_second": 3, "exclusions": ["x"]}, "b": {}})
    assert fleet.reload(config)["restarted"] == ["a"]


def test_a_site_that_stops_waits_for_no_limit(
    configure: Configure, new_fleet: NewFleet, shop: FakeShop
) -> None:
    fleet = new_fleet(configure())
    fleet.reload(configure({"b": {}}))
    assert {name: each.hurried > 0 for name, each in shop.equipment} == {"a": True, "b": False}
