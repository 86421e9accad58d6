"""An S3 server that is stopped (kill -STOP): it takes connections and says nothing, ever."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.servers import S3Server, rclone_server
from tests.waiting import until

pytestmark = pytest.mark.e2e

_AT_ONCE_SECONDS = 8.0  # a contact is waited for 20 s and more
_FILES = 200
_GROWTH_KIB = 64 * 1024  # 200 requests of a few KiB each need hardly any


@pytest.fixture
def server() -> Iterator[S3Server]:
    """A server in a process of its own, which no other test uses."""
    with rclone_server() as found:
        try:
            yield found
        finally:
            os.kill(found.pid, signal.SIGCONT)  # or it could not end


def _resident_kib(daemon: Daemon) -> int:
    assert daemon.process is not None
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS:")]
    return int(line.split()[1])


def test_a_daemon_that_waits_for_its_first_contact_ends_at_once(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        site = world.site(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        daemon = world.daemon(site, shutdown_timeout_seconds=15).start()
        silent.settimeout(30)
        asked, _ = silent.accept()
        with asked:
            began = time.monotonic()
            assert daemon.stop() == 4
            assert time.monotonic() - began < _AT_ONCE_SECONDS


def test_a_stopped_server_stops_no_other_and_is_gone_on_with(
    world: World, server: S3Server, new_world: Callable[..., World], tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    client = server.client()
    silent = new_world(server, client, folder).site("silent", endpoint=server.endpoint)
    good = world.site("good")
    daemon = world.daemon(good, silent, shutdown_timeout_seconds=1).start()
    daemon.in_sync("good", "silent")
    before = _resident_kib(daemon)
    os.kill(server.pid, signal.SIGSTOP)
    for number in range(_FILES):
        silent.write(f"f{number}")
    daemon.wait(lambda s: s["pending"]["actions"] == _FILES, "silent")
    good.write("file")
    until(lambda: good.names() == {"file"})
    daemon.in_sync("good")
    assert not daemon.site("silent")["in_sync"]
    assert daemon.run("status", "--live").returncode == 0
    assert daemon.run("status").returncode == 4
    assert _resident_kib(daemon) - before < _GROWTH_KIB
    assert daemon.stop() == 4, "it ends in time, and tells what is left"
    os.kill(server.pid, signal.SIGCONT)
    daemon.start()
    daemon.in_sync("good", "silent")
    assert len(silent.names()) == _FILES
    client.close()
