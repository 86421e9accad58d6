"""A client of the control socket, as plain as can be."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from s3syncd.web.address import reachable
from s3syncd.web.control import ControlServer
from tests.waiting import within

__all__ = ["Serve", "connect", "exchange", "request"]

Serve = Callable[..., ControlServer]


def connect(path: Path) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with reachable(path) as address:
        stream.connect(address)  # blocks while the backlog is full; with a timeout it would fail
    stream.settimeout(within(10))
    return stream


def exchange(path: Path, *lines: bytes) -> list[Any]:
    """Send lines over one connection and give an answer for each."""
    with closing(connect(path)) as stream, stream.makefile("rb") as answers:
        for line in lines:
            stream.sendall(line + b"\n")
        return [json.loads(answers.readline()) for _ in lines]


def request(name: str, **arguments: object) -> bytes:
    return json.dumps({"command": name, "arguments": arguments}).encode()
