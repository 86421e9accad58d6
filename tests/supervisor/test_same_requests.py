"""`sync` asks the store for what the daemon asks, and for nothing else."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

from s3syncd.config.models import Config
from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.faults.rules import Request
from tests.supervisor.conftest import configured
from tests.supervisor.syncing import first_state, running, second_state, synced
from tests.waiting import until

QUIET_SECONDS = 1.0  # settle_seconds is 0.1 where nothing else is configured


# --- the same as the daemon -----------------------------------------------------------------------


def trace(seen: list[Request]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Give what was asked of the store, in order; upload ids and tokens differ by chance."""
    return [
        (
            each.method,
            each.path.partition("/")[2].partition("/")[2],
            tuple(sorted(parse_qs(urlsplit(each.target).query, keep_blank_values=True))),
        )
        for each in seen
        if "max-keys=1&" not in each.target + "&"  # first contact
    ]  # fmt: skip


def test_sync_asks_the_store_for_exactly_what_the_daemon_asks(world: World, proxy: Proxy) -> None:
    options = {"retire_deleted": True, "delete_grace_seconds": 0.2, "multipart_threshold": "1MiB"}
    traces = []
    for name, work in (("once", synced), ("daemon", ran)):
        site = world.site(name)
        config = configured(world, endpoint=proxy.endpoint, **options)
        only = config.model_copy(
            update={"sites": tuple(each for each in config.sites if each.name == name)}
        )
        first_state(site)
        assert synced(only)[0] == 0
        second_state(site)
        # A file too young to compare is decided about again, without the listing: by chance.
        until(lambda site=site: _youngest_seconds(site) > QUIET_SECONDS, 10)
        proxy.forget()
        work(only)
        traces.append(trace(proxy.seen()))
        assert site.objects().keys() == {*(_files(site)), "foreign"}
    assert len(traces[0]) > 12
    assert _by_key(traces[0]) == _by_key(traces[1])


def _by_key(requests: list[tuple[str, str, tuple[str, ...]]]) -> dict[str, list[object]]:
    """Give what was asked about each key; several workers ask, so keys and parts interleave.

    Effects count each time. A kind of look counts once: one that was too early is repeated.
    """
    found: dict[str, list[object]] = {}
    for method, key, query in requests:
        asked = found.setdefault(key, [])
        if method not in {"GET", "HEAD"} or (method, query) not in asked:
            asked.append((method, query))
    return {key: sorted(asked, key=repr) for key, asked in found.items()}


def _youngest_seconds(site: Site) -> float:
    changed = max(path.stat().st_ctime for path in site.root.rglob("*") if path.is_file())
    return time.time() - changed


def _files(site: Site) -> set[str]:
    return {
        path.relative_to(site.root).as_posix() for path in site.root.rglob("*") if path.is_file()
    }


def ran(config: Config) -> None:
    """Run the daemon until it is in sync."""
    with running(config) as supervisor:
        until(lambda: all(site["in_sync"] for site in supervisor.status()["sites"]), 30)
