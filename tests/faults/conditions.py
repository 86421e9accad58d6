"""A daemon under bad conditions: how it is started and fed, and what it may hold afterwards."""

from __future__ import annotations

import os
from typing import Any

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.footprint import Footprint, footprint
from tests.waiting import until

MAX_IN_FLIGHT = 16
_FILES = 40
MIB = 2**20

# awscrt is loaded for the GET that asks whether a 404 is of the key or of the bucket; once.
_CRT_THREADS = 3
_CRT_DESCRIPTORS = 10

# Heaps of ten workers, allocated once: not what a leak of each failed request would add.
_RSS_SLACK_BYTES = 32 * MIB


def started(world: World, endpoint: str, **options: Any) -> Daemon:
    return world.daemon(endpoint=endpoint, max_in_flight=MAX_IN_FLIGHT, **options).start()


def holding(daemon: Daemon) -> Footprint:
    assert daemon.process is not None
    return footprint(daemon.process.pid)


def assert_nothing_is_left(
    daemon: Daemon, before: Footprint, *, connections: int, rss_bytes: int = _RSS_SLACK_BYTES
) -> None:
    """Wait until the daemon holds what it held; `connections` more may rest until they are used."""

    def excess() -> list[str]:
        now = holding(daemon)
        return [
            f"{name}: {has} of {had}"
            for name, has, had in (
                ("threads", now.threads, before.threads + 1 + _CRT_THREADS),
                ("descriptors", now.descriptors, before.descriptors + 2 + _CRT_DESCRIPTORS),
                ("connections", now.connections, before.connections + connections),
                ("rss_bytes", now.rss_bytes, before.rss_bytes + rss_bytes),
            )
            if has > had
        ]

    until(lambda: not excess(), 15, f"nothing is left over: {excess()}")


def fill(site: Site, count: int = _FILES, *, size_bytes: int = 3000) -> None:
    for number in range(count):
        site.write(f"d{number % 4}/{number}", os.urandom(size_bytes))
