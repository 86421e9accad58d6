"""The scene that the page shows in tests, its server, and who follows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from s3syncd.web.feed import READERS
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket
from tests.browser.scene import Scene, site
from tests.web.events.follower import Follower, Serve, application


@pytest.fixture
def scene() -> Scene:
    return Scene([site("a"), site("b")])


@pytest.fixture
def serve(scene: Scene) -> Iterator[Serve]:
    """Start servers on free ports with a quick beat; all are stopped at the end."""
    with ExitStack() as stack:

        def start(
            *, token: str | None = None, readers: int = READERS, **limits: Any
        ) -> tuple[str, int]:
            stream = listening_socket("127.0.0.1:0")
            address: tuple[str, int] = stream.getsockname()
            limits = {"beat_seconds": 0.05, **limits}
            server = Server(stream, application(scene, token=token, readers=readers), **limits)
            thread = threading.Thread(target=server.run)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.stop)
            return address

        yield start


@pytest.fixture
def follow() -> Iterator[Callable[..., Follower]]:
    """Open followers; all are closed at the end."""
    with ExitStack() as stack:

        def start(*arguments: Any, **headers: str) -> Follower:
            return stack.enter_context(closing(Follower(*arguments, **headers)))

        yield start
