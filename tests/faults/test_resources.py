"""What a host runs out of, and credentials that end."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.world import World, needs_root
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e


class _Metadata(BaseHTTPRequestHandler):
    """A container's credentials endpoint: another key each time, valid for a few seconds."""

    given = 0

    def do_GET(self) -> None:
        type(self).given += 1
        ends = datetime.fromtimestamp(time.time() + 4, UTC)
        body = json.dumps({
            "AccessKeyId": f"AKIDTEMPORARY{self.given:04}",
            "SecretAccessKey": "temporary-secret",
            "Token": "temporary-token",
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def metadata() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/credentials"
    server.shutdown()
    thread.join()
    server.server_close()


def test_credentials_that_expire_are_renewed(world: World, proxy: Proxy, metadata: str) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint)
    for key in ("access_key", "secret_access_key"):
        daemon.document.pop(key)
    daemon.write_config(daemon.document)
    daemon.start(AWS_CONTAINER_CREDENTIALS_FULL_URI=metadata).in_sync()
    site.write("first")
    until(lambda: "first" in site.names())
    numbers = iter(range(1000))

    def has_another_key_signed() -> bool:
        name = f"later{next(numbers)}"
        site.write(name)
        until(lambda: name in site.names(), 10, "uploads go on")
        return len({r.access_key for r in proxy.seen("PUT")}) > 1

    until(has_another_key_signed, 15, "a new key signs")
    daemon.in_sync()
    assert "temporary-secret" not in daemon.log_path.read_text()


@needs_root
def test_a_full_disk_under_the_ledger_loses_nothing_and_is_told(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=10**6)
    for number in range(20):
        site.write(f"{number}", f"content {number}")
    daemon = world.daemon()
    daemon.state_dir.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(daemon.state_dir)]
    subprocess.run(mount, check=True)
    try:
        daemon.start().in_sync()
        filler = daemon.state_dir / "filler"
        fill(filler)
        for number in range(300):
            site.write(f"new{number}", f"content {number}")
        (site.root / "0").unlink()
        until(lambda: not daemon.site()["in_sync"], 5)
        world.expected_crashes += ['"event": "site.failed"', "Traceback"]
        until(lambda: "full" in daemon.log_path.read_text(), 15, "the full disk is told")
        filler.unlink()
        until(site.is_equal, 25, f"both sides are equal again\n{daemon.tail()}")
        daemon.in_sync()
        site.assert_equal()
    finally:
        daemon.kill()
        subprocess.run(["umount", "-l", str(daemon.state_dir)], check=True)


def fill(path: Path) -> None:
    """Write until the file system is full."""
    try:
        with path.open("wb", buffering=0) as opened:
            while opened.write(b"\0" * 4096):
                pass
    except OSError:
        pass
