"""Configurations, fleets of fakes, and a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.supervisor.fleet import Fleet
from tests.clock import Clock
from tests.e2e.world import World
from tests.e2e.worlds import moto, moto_client, new_world, proxy, world
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.supervisor.fakes import FakeShop
from tests.waiting import until

__all__ = ["configured", "moto", "moto_client", "new_world", "proxy", "world"]

Configure = Callable[..., Config]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Write a configuration and load it; `sites`: name -> the site's own keys."""

    def make(sites: dict[str, dict[str, Any]] | None = None, **options: Any) -> Config:
        entries = []
        for name, own in (sites or {"a": {}, "b": {}}).items():
            root = tmp_path / "roots" / name
            root.mkdir(parents=True, exist_ok=True)
            entries.append({"name": name, "path": str(root), "bucket": f"bucket-{name}", **own})
        document = {
            "endpoint": "http://127.0.0.1:9",  # the discard port: nobody answers
            "region": "us-east-1",
            "access_key": ACCESS_KEY,
            "secret_access_key": SECRET_ACCESS_KEY,
            "state_dir": str(tmp_path / "state"),
            "shutdown_timeout_seconds": 5,
            "http": {"listen": None},
            "log": {"file": str(tmp_path / "log"), "format": "json", "level": "debug"},
            **options,
            "sites": entries,
        }
        path = tmp_path / "config.yml"
        path.write_text(yaml.safe_dump(document))
        path.chmod(0o600)
        return load(path)

    return make


def configured(world: World, *, endpoint: str | None = None, **options: Any) -> Config:
    """Give the configuration of the world's sites; one server, one worker: a trace has an order."""
    given = {"upload_workers": 1, "max_in_flight": 1, "checksum_workers": 1} | options
    log = {"file": str(world.folder / "log"), "format": "json", "level": "debug"}
    return load(world.daemon(endpoint=endpoint, log=log, **given).config)


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def shop(clock: Clock) -> FakeShop:
    return FakeShop(clock)


@pytest.fixture
def new_fleet(shop: FakeShop, clock: Clock) -> Iterator[Callable[[Config], Fleet]]:
    """Start fleets of fakes; all are stopped at the end."""
    fleets: list[Fleet] = []

    def make(config: Config) -> Fleet:
        fleet = Fleet(config, shop=shop, answer_seconds=0.3, clock=clock)
        fleets.append(fleet)
        fleet.start()
        names = [site.name for site in config.sites if site.name not in shop.build_waits]
        names = [name for name in names if name not in shop.build_fails]
        until(lambda: all(_turns(shop, clock, name) for name in names))
        return fleet

    yield make
    for site in shop.made:
        site.hung.set()
    for event in shop.build_waits.values():
        event.set()
    clock.now += 10_000
    for fleet in fleets:
        fleet.begin_stop(clock.now)
        fleet.end_stop(5.0)


@pytest.fixture
def fleet(configure: Configure, new_fleet: Callable[[Config], Fleet]) -> Fleet:
    """Give a fleet of two sites, a and b, that turn."""
    return new_fleet(configure())


def _turns(shop: FakeShop, clock: Clock, name: str) -> bool:
    return bool(shop.built(name)) and shop.last(name).board.turned_at == clock.now
