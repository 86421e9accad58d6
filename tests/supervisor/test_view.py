"""What the daemon shows over HTTP is put together from what its sites published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.config.models import Config
from s3syncd.core.figures import SiteFigures
from s3syncd.supervisor.view import DaemonView, standing
from tests.clock import Clock
from tests.supervisor.fakes import FakeShop
from tests.supervisor.fleets import NewFleet

DAEMON = {
    "version": "1", "started_at": "2026-01-01T00:00:00Z", "config": "/etc/my c.yml",
}  # fmt: skip


@pytest.fixture
def view(configure: Callable[..., Config], new_fleet: NewFleet, clock: Clock) -> DaemonView:
    fleet = new_fleet(configure())

    def status() -> dict[str, Any]:
        return {**DAEMON, "sites": fleet.snapshots()}

    return DaemonView(fleet, status=status, live=lambda: {"ok": True}, clock=clock)


def _tell(shop: FakeShop, name: str, **facts: Any) -> None:
    board = shop.last(name).board
    board.snapshot = {**board.snapshot, **facts}


def test_health_names_each_site_and_check(view: DaemonView, shop: FakeShop, clock: Clock) -> None:
    assert view.health() == (True, ())
    _tell(shop, "a", state="unavailable", reason="bucket_unavailable", hint="403 from the bucket")
    shop.last("b").board.figures = SiteFigures(
        begun_at=clock.now, progressed_at=clock.now - 700, reconciled_at=clock.now
    )
    is_good, lines = view.health()
    assert not is_good
    assert lines[0] == "a: bucket_unavailable: 403 from the bucket"
    assert lines[1].startswith("b: no_progress: ")
    assert view.live().is_good


def test_commands_are_those_to_be_typed_beside_the_daemon(view: DaemonView, shop: FakeShop) -> None:
    _tell(shop, "a", state="halted", reason="root_replaced", hint="Or `s3syncd approve SITE`.")
    said = "Or `s3syncd -c '/etc/my c.yml' approve a`."
    assert view.health().lines == (f"a: root_replaced: {said}",)
    assert view.status()["sites"][0]["hint"] == said


def test_a_pause_is_no_failure_for_a_day_and_is_named(
    view: DaemonView, shop: FakeShop, clock: Clock
) -> None:
    _tell(shop, "a", state="paused", paused_at="2026-01-01T00:00:00Z")
    board = shop.last("a").board
    board.figures = SiteFigures(begun_at=clock.now, paused_at=clock.now)
    is_good, (line,) = view.health()
    assert is_good
    assert line.startswith("a: paused since 2026-01-01T00:00:00Z")
    assert standing(view.checked()) == "2 sites, 2 in sync, 1 paused"
    board.figures = SiteFigures(begun_at=clock.now, paused_at=clock.now - 100_000)
    is_good, (line,) = view.health()
    assert not is_good
    assert line.startswith("a: paused: somebody paused it 28 hours ago")
    assert standing(view.checked()) == "2 sites, 2 in sync; not well: a (paused)"


def test_readiness_waits_for_every_site_that_can(view: DaemonView, shop: FakeShop) -> None:
    _tell(shop, "a", state="unavailable", reason="bucket_unavailable")
    assert [line.partition(":")[0] for line in view.ready().lines] == ["b"]
    _tell(shop, "b", last_reconcile_at="2026-01-01T00:00:00Z")
    assert view.ready().is_good


def test_the_page_is_given_each_site_with_its_figures_and_what_fails(
    view: DaemonView, shop: FakeShop, clock: Clock
) -> None:
    _tell(shop, "a", state="unavailable", reason="bucket_unavailable", hint="403 from the bucket")
    figures = SiteFigures(begun_at=clock.now, progressed_at=clock.now, reconciled_at=clock.now)
    shop.last("b").board.figures = figures
    seen = view.overview()
    assert seen.daemon == DAEMON
    a, b = seen.sites
    assert (a.status["name"], a.failing) == ("a", ("bucket_unavailable: 403 from the bucket",))
    assert (b.status["name"], b.failing, b.figures) == ("b", (), figures)


def test_metrics_tell_of_sites_that_have_published_nothing(view: DaemonView) -> None:
    content_type, text = view.metrics()
    assert content_type.startswith("text/plain")
    assert 's3syncd_uploaded_files_total{site="a"} 0.0' in text.decode()
    assert 's3syncd_site_healthy{site="b"} 1.0' in text.decode()
    assert "s3syncd_config_refused 0.0" in text.decode()


def test_one_line_names_the_sites_that_are_not_well(view: DaemonView, shop: FakeShop) -> None:
    assert standing(view.checked()) == "2 sites, 2 in sync"
    _tell(shop, "a", in_sync=False, held_deletions=30)
    assert standing(view.checked()) == "2 sites, 1 in sync; not well: a (held)"
    _tell(shop, "b", in_sync=False, state="halted", reason="root_replaced")
    assert standing(view.checked()).endswith("not well: b (root_replaced), a (held)")
    many = [(status | {"name": f"s{n}"}, checks) for n in range(9)
            for status, checks in view.checked() if checks]  # fmt: skip
    assert standing(many).endswith(", s2 (root_replaced) and 6 more")
