"""Fixtures of the tests that run the installed command; the conftest files offer them."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World
from tests.faults.proxy import Proxy, fault_proxy
from tests.servers import S3Server, moto_server, rclone_server

__all__ = [
    "moto",
    "moto_client",
    "new_world",
    "open_world",
    "proxy",
    "rclone",
    "rclone_world",
    "world",
]


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    """Moto's server, for all tests of this process; each makes buckets of its own."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line per request is kept
    with moto_server() as server:
        yield server


@pytest.fixture(scope="session")
def moto_client(moto: S3Server) -> Iterator[Any]:
    client = moto.client(max_pool_connections=4)
    yield client
    client.close()


@pytest.fixture(scope="session")
def rclone() -> Iterator[S3Server]:
    with rclone_server() as server:
        yield server


@pytest.fixture
def proxy(moto: S3Server) -> Iterator[Proxy]:
    """A relay in front of moto that counts and misbehaves."""
    with fault_proxy(moto.endpoint) as relay:
        yield relay


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make worlds, and close them when the test is over."""
    with ExitStack() as stack:

        def make(server: S3Server, client: Any, folder: Path = tmp_path) -> World:
            made = World(server, client, folder)
            stack.callback(made.abandon)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def world(moto: S3Server, moto_client: Any, new_world: Callable[..., World]) -> World:
    """A world on moto."""
    return new_world(moto, moto_client)


@pytest.fixture
def rclone_world(rclone: S3Server, new_world: Callable[..., World]) -> Iterator[World]:
    """A world on `rclone serve s3`."""
    client = rclone.client()
    yield new_world(rclone, client)
    client.close()


@pytest.fixture
def open_world(
    moto: S3Server, moto_client: Any, new_world: Callable[..., World]
) -> Iterator[World]:
    """A world that other users can enter; pytest's own folders are closed, again and again."""
    with tempfile.TemporaryDirectory(prefix="s3syncd-open-") as folder:
        Path(folder).chmod(0o755)
        made = new_world(moto, moto_client, Path(folder))
        yield made
        made.close()
