"""A daemon with nothing to do: no request, next to no CPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from bench.daemon import running, write_config
from bench.files import make_tree, wait_until_quiet
from bench.relay import relay_to
from bench.report import Row
from bench.server import serve

__all__ = ["measure"]

FILES = 10_000
_SIZE_BYTES = 512
_WATCHED_SECONDS = 30.0
_SETTLES_SECONDS = 5.0  # the last commits and connection close-downs after the last upload
_CORE_PERCENT = 1.0
_RSS_MIB = 150


def measure(folder: Path, files: int = FILES) -> Iterator[Row]:
    """Watch a daemon that is in sync for half a minute."""
    root = folder / "root"
    make_tree(root, files=files, size_bytes=_SIZE_BYTES)
    wait_until_quiet()
    nothing = threading.Event()
    with (
        serve(folder / "objects") as server,
        relay_to(server.port) as relay,
        running(write_config(folder, root, f"http://127.0.0.1:{relay.port}")) as daemon,
    ):
        daemon.wait_in_sync()
        nothing.wait(_SETTLES_SECONDS)
        cpu, sent, connections = daemon.cpu_seconds(), relay.sent_bytes, relay.connections
        nothing.wait(_WATCHED_SECONDS)
        percent = (daemon.cpu_seconds() - cpu) * 100 / _WATCHED_SECONDS
        sent, connections = relay.sent_bytes - sent, relay.connections - connections
        rss = daemon.peak_rss_mib()
    what = f"idle, {files:,} files"
    yield Row(f"{what}: CPU", f"{percent:.2f} % of a core", f"< {_CORE_PERCENT} %",
              percent < _CORE_PERCENT)  # fmt: skip
    yield Row(f"{what}: sent to S3 in {_WATCHED_SECONDS:.0f} s",
              f"{sent} bytes on {connections} new connections", "nothing",
              sent == 0 and connections == 0)  # fmt: skip
    yield Row(f"{what}: peak RSS, first upload included", f"{rss:.0f} MiB", f"<= {_RSS_MIB} MiB",
              rss <= _RSS_MIB)  # fmt: skip
