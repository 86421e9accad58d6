"""Control sockets for tests, and what was commanded over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.web.address import socket_path
from s3syncd.web.control import ControlServer
from tests.web.control.client import Serve


@pytest.fixture
def commands() -> list[tuple[str, dict[str, Any]]]:
    """What the daemon was told, in order."""
    return []


@pytest.fixture
def serve(tmp_path: Path, commands: list[tuple[str, dict[str, Any]]]) -> Iterator[Serve]:
    """Starts servers and stops them all."""
    servers: list[ControlServer] = []

    def command(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        commands.append((name, arguments))
        return {"ok": True}

    def start(path: Path | None = None, **changes: Any) -> ControlServer:
        settings = {"status": lambda: {"sites": []}, "command": command} | changes
        server = ControlServer(path or socket_path(tmp_path), **settings)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()
