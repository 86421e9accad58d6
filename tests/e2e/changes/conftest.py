"""One daemon for all tests of a module; each works in a directory of its own.

A test ends with `place.settle()`: the bucket has exactly the directory's files, the daemon says
that it is in sync, and it still is so then.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.changes.place import Place
from tests.e2e.daemon import Daemon
from tests.e2e.site import Site
from tests.e2e.world import World
from tests.servers import S3Server


@pytest.fixture(scope="module")
def running(
    moto: S3Server, moto_client: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Daemon]]:
    world = World(moto, moto_client, tmp_path_factory.mktemp("changes"))
    site = world.site(prefix="live", retire_deleted=True, max_delete=1_000_000)
    site.write("kept by all", "so that the site is never empty")
    daemon = world.daemon().start()
    daemon.in_sync()
    try:
        yield site, daemon
        world.close()
    finally:
        world.abandon()


@pytest.fixture
def place(running: tuple[Site, Daemon]) -> Place:
    made = Place(f"place-{uuid.uuid4().hex[:8]}", *running)
    made.root.mkdir()
    return made
