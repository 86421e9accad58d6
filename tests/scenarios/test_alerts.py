"""The conditions of the alerts are true where somebody is needed, and false again afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from s3syncd.core.health import FORGOTTEN_SECONDS, STILL_SECONDS, failing
from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from s3syncd.metrics import SiteReading, exposition
from tests.fakes_bucket import failure
from tests.promql import Scrape, holds, scraped
from tests.scenarios.troubles import BROKEN, REFUSED
from tests.scenarios.world import World

ALERTS = Path(__file__).parents[2] / "contrib/prometheus/alerts.yml"
RULES = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load(ALERTS.read_text())["groups"]
    for rule in group["rules"]
}
SILENT = failure(FailureKind.TRANSIENT, "DeadlineExceeded", is_unknown=True)
DAY = 86_400.0


class Monitor:
    """Prometheus beside a site whose daemon has run for two days."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._started = world.wall() - 2 * DAY
        self.before = self.scrape()

    def scrape(self, *, is_compared: bool = True) -> Scrape:
        world, figures = self._world, self._world.site.board.figures
        assert figures is not None
        if not is_compared:
            figures = replace(figures, last_reconcile_wall=0.0, reconciled_at=None)
        is_healthy = not failing(world.status, figures, world.now)
        reading = SiteReading(world.status, figures, world.store.tally, is_healthy=is_healthy)
        started = datetime.fromtimestamp(self._started, UTC).isoformat()
        text = exposition([reading], version="1", started_at=started).decode()
        return {**scraped(text, job="s3syncd", instance="here"), **scraped("up 1\n", job="s3syncd")}

    def firing(self, *, is_compared: bool = True) -> set[str]:
        """Name the alerts whose condition is true now, of what grew since the last call.

        `is_compared`: whether the site has been compared with its bucket since it began.
        """
        now, at = self.scrape(is_compared=is_compared), self._world.wall()
        found = {
            name
            for name, expression in RULES.items()
            if holds(expression, now, before=self.before, at=at)
        }
        self.before = now
        return found


@pytest.fixture
def settled(world: World) -> World:
    """A few files in sync."""
    world.fill(3)
    world.settle_and_rest()
    return world


@pytest.fixture
def monitor(settled: World) -> Monitor:
    return Monitor(settled)


def test_a_site_that_is_well_fires_nothing(settled: World, monitor: Monitor) -> None:
    assert monitor.firing() == set()
    settled.write("new", hint=True)
    settled.settle()
    assert monitor.firing() == set()


def test_held_deletions_fire_until_they_are_approved(make_world: Callable[..., World]) -> None:
    world = make_world(max_delete=1)
    paths = world.fill(3)
    world.settle()
    monitor = Monitor(world)
    for path in paths[1:]:
        world.remove(path, hint=True)
    world.run(60)
    assert monitor.firing() == {"S3syncdHeldDeletions"}
    world.command("approve")
    world.settle()
    assert monitor.firing() == set()


def test_lag_fires_while_a_change_does_not_arrive(settled: World, monitor: Monitor) -> None:
    settled.store.fail("put", BROKEN, times=10_000)
    settled.write("new", hint=True)
    settled.run(600)
    assert "S3syncdLag" not in monitor.firing()
    settled.leap(400)
    assert "S3syncdLag" in monitor.firing()
    settled.store.heal()
    settled.settle()
    assert monitor.firing() == set()


def test_a_first_upload_that_takes_hours_fires_nothing(settled: World, monitor: Monitor) -> None:
    settled.lane.is_held = True
    settled.write("new", hint=True)
    settled.leap(7200)
    assert "S3syncdLag" in monitor.firing()
    assert "S3syncdLag" not in monitor.firing(is_compared=False)


def test_no_progress_fires_until_something_comes_forward(settled: World, monitor: Monitor) -> None:
    settled.store.fail("put", SILENT, times=10_000)
    settled.write("new", hint=True)
    settled.run(10)
    settled.leap(STILL_SECONDS)
    assert "S3syncdUnhealthy" in monitor.firing()
    settled.store.heal()
    settled.settle()
    assert monitor.firing() == set()


def test_many_refusals_fire(settled: World, monitor: Monitor) -> None:
    settled.store.fail("put", REFUSED, times=10_000)
    for number in range(40):
        settled.write(f"new{number}", hint=True)
    settled.run(60)
    assert monitor.firing() == {"S3syncdFailures", "S3syncdUnhealthy"}


def test_a_bucket_that_is_away_fires_until_it_is_back(settled: World, monitor: Monitor) -> None:
    settled.store.outage = SiteUnavailable("bucket_unavailable", "refused", hint="")
    settled.store.fail("put", failure(FailureKind.BUCKET, "NoSuchBucket", 404), times=10_000)
    settled.write("new", hint=True)
    settled.run(60)
    assert monitor.firing() == {"S3syncdUnhealthy"}
    settled.leap(2 * DAY)
    assert {"S3syncdUnhealthy", "S3syncdLag", "S3syncdNotInSync"} <= monitor.firing()
    settled.store.outage = None
    settled.store.heal()
    settled.leap(400)
    settled.settle()
    assert monitor.firing() == set()


def test_a_bucket_that_never_answered_fires(world: World) -> None:
    world.store.outage = SiteUnavailable("bucket_unavailable", "no answer", hint="")
    world.run(120)
    monitor = Monitor(world)
    assert world.status["last_reconcile_at"] is None
    assert monitor.firing() == {"S3syncdUnhealthy", "S3syncdNotCompared", "S3syncdNotInSync"}
    world.store.outage = None
    world.leap(400)
    world.settle()
    assert monitor.firing() == set()


def test_listings_that_break_off_for_ever_fire(world: World) -> None:
    world.store.page_fails[1] = BROKEN
    world.run(60)
    monitor = Monitor(world)
    world.leap(60)
    assert "S3syncdNotCompared" in monitor.firing()
    world.store.page_fails.clear()
    world.leap(400)
    world.settle()
    assert monitor.firing() == set()


def test_a_pause_fires_nothing_for_a_day_and_then_its_own_alert(
    settled: World, monitor: Monitor
) -> None:
    settled.command("pause")
    settled.write("new", hint=True)
    settled.leap(FORGOTTEN_SECONDS - 120)
    assert settled.status["oldest_pending_seconds"] > 900
    assert monitor.firing() == set()
    settled.leap(2 * DAY)
    assert monitor.firing() == {"S3syncdPaused"}
    settled.command("resume")
    settled.settle()
    assert monitor.firing() == set()


def test_another_root_fires_until_it_is_approved(settled: World, monitor: Monitor) -> None:
    settled.root.rename(settled.root.with_name("old"))
    settled.root.mkdir()
    settled.write("stranger")
    settled.run(30)
    assert settled.status["state"] == "halted"
    assert monitor.firing() == {"S3syncdUnhealthy", "S3syncdHalted"}
    settled.command("approve")
    settled.run(60)
    assert {"S3syncdUnhealthy", "S3syncdHalted"} & monitor.firing() == set()


def test_events_that_are_dropped_again_and_again_fire(settled: World, monitor: Monitor) -> None:
    settled.watcher.overflows = 6
    settled.run(10)
    assert monitor.firing() == {"S3syncdWatchOverflows"}
    settled.run(10)
    assert monitor.firing() == set()
