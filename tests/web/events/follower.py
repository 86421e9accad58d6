"""The page's application, asked once or followed event by event."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from email.message import Message
from typing import Any

from s3syncd.web.app import Application
from tests.browser.scene import Scene
from tests.waiting import within

__all__ = ["Follower", "Serve", "application", "get"]

Serve = Callable[..., tuple[str, int]]


def application(scene: Scene, **settings: Any) -> Application:
    return Application(scene, fresh_seconds=0.02, **settings)


def get(
    address: tuple[str, int], path: str, method: str = "GET", **headers: str
) -> tuple[int, Message, bytes]:
    """Ask once."""
    with closing(http.client.HTTPConnection(*address, timeout=within(20))) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


class Follower:
    """A connection to /events, read message by message."""

    def __init__(self, address: tuple[str, int], path: str = "/events", **headers: str) -> None:
        self.connection = http.client.HTTPConnection(*address, timeout=within(20))
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def next(self) -> dict[str, Any]:
        """Read one event."""
        line = self.answer.readline()
        assert line.startswith(b"data: "), line
        assert self.answer.readline() == b"\n"
        document: dict[str, Any] = json.loads(line[6:])
        return document

    def until(self, is_so: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Read on until an event is so."""
        for _ in range(400):
            if is_so(event := self.next()):
                return event
        raise AssertionError("no such event")

    def close(self) -> None:
        self.answer.close()
        self.connection.close()
