"""Offers the worlds in which the installed command runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.e2e.worlds import (
    moto,
    moto_client,
    new_world,
    open_world,
    proxy,
    rclone,
    rclone_world,
    world,
)
from tests.strict.process import RemoteStore, strict_process

__all__ = [
    "moto",
    "moto_client",
    "new_world",
    "open_world",
    "proxy",
    "rclone",
    "rclone_world",
    "strict",
    "strict_world",
    "world",
]


@pytest.fixture
def strict() -> Iterator[RemoteStore]:
    """A strict store of the test's own, with the bucket `bucket`: its history is the test's."""
    with strict_process() as store:
        store.create_bucket("bucket")
        yield store


@pytest.fixture
def strict_world(strict: RemoteStore, tmp_path: Path) -> Iterator[World]:
    """A world on the strict store."""
    client = strict.as_server.client()
    made = World(strict.as_server, client, tmp_path)
    yield made
    made.abandon()
    made.close()
    client.close()
