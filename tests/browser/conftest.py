"""One browser and one server for all tests of the page; each test says what is to be seen."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from s3syncd.web.app import Application
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket
from tests.browser.driven import Browser, Shown, driven_browser
from tests.browser.scene import Scene
from tests.e2e.worlds import moto, moto_client, new_world, world

__all__ = ["moto", "moto_client", "new_world", "world"]

_MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless browser; what it says of errors is checked after each test."""
    if _MISSING and "CI" not in os.environ:
        pytest.skip(f"not installed: {', '.join(_MISSING)} (Debian: chromium, chromium-driver)")
    assert not _MISSING, f"a check without {', '.join(_MISSING)} would not be one"
    with (
        tempfile.TemporaryDirectory(
            prefix="s3syncd-browser-", ignore_cleanup_errors=True
        ) as folder,
        driven_browser(Path(folder)) as one,
    ):
        yield one


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[Scene, str]]:
    scene = Scene()
    stream = listening_socket("127.0.0.1:0")
    # Ten times a second, so that tests need not wait for the next one.
    server = Server(stream, Application(scene, fresh_seconds=0.05), beat_seconds=0.1)
    thread = threading.Thread(target=server.run, name="page-server")
    thread.start()
    yield scene, f"http://127.0.0.1:{stream.getsockname()[1]}/"
    server.stop()
    thread.join(10)


@pytest.fixture
def shown(browser: Browser, _served: tuple[Scene, str]) -> Iterator[Shown]:
    """The page in the browser, of a scene that has no site yet."""
    scene, url = _served
    scene.show()
    with ExitStack() as stack:
        stack.callback(browser.leave)
        yield Shown(browser, scene, url)
        browser.assert_no_error()
