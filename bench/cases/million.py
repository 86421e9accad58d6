"""A million files: what a rescan costs, and what memory a reconcile takes beside a tenth of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.daemon import Daemon, running
from bench.files import wait_until_quiet
from bench.filled import Stock
from bench.report import Row, Section
from bench.server import Server, sink
from bench.setting import Case, Setting

__all__ = ["CASE"]

_TITLE = "1,000,000 files: rescan, and memory of a reconcile"
_FILES = 1_000_000
_RESCAN_US_PER_FILE = 6
_RSS_RATIO = 1.2
_NOTE = (
    "Empty files, 200 to a directory. The ledger was written through s3syncd's own `Ledger` class, "
    "the listing is served by the sink, so the first start of the daemon finds all in sync. The "
    "rescan is `s3syncd rescan` on that daemon; its CPU is the daemon's, until it has published "
    "that it is done."
)


@dataclass(frozen=True)
class _Found:
    files: int
    start_cpu_seconds: float
    reconcile_rss_mib: float
    rescan_cpu_seconds: float
    rescan_rss_mib: float
    rescan_requests: int


def _measure(setting: Setting) -> Section:
    small = _measure_one(setting.folder / "small", setting.files // 10)
    large = _measure_one(setting.folder / "large", setting.files)
    rescan_us = large.rescan_cpu_seconds * 1e6 / large.files
    share = large.reconcile_rss_mib / small.reconcile_rss_mib
    reconcile_us = (
        (large.start_cpu_seconds - small.start_cpu_seconds) * 1e6 / (large.files - small.files)
    )
    rows = [
        Row("rescan: CPU per file", f"{rescan_us:.2f} us", f"<= {_RESCAN_US_PER_FILE} us",
            rescan_us <= _RESCAN_US_PER_FILE),
        Row("rescan: requests", str(large.rescan_requests), "0", large.rescan_requests == 0),
        Row(f"reconcile: peak RSS of {large.files:,} against {small.files:,} files",
            f"{large.reconcile_rss_mib:.0f} MiB, {share:.2f} x", f"<= {_RSS_RATIO} x",
            share <= _RSS_RATIO),
        Row("reconcile: CPU per file, listing included", f"{reconcile_us:.1f} us"),
        Row("peak RSS after both", f"{large.rescan_rss_mib:.0f} MiB"),
    ]  # fmt: skip
    return Section(_TITLE, rows, notes=[_NOTE])


def _measure_one(folder: Path, files: int) -> _Found:
    stock = Stock(folder, "million", files=files, size_bytes=0)
    wait_until_quiet()
    with sink(folder / "objects", preload=stock.listing) as server:
        config = stock.fill_ledger(server.endpoint)
        with running(config) as daemon:
            daemon.wait_in_sync()
            found = _rescan(daemon, server, files)
        sent = server.counters()["put"]
    shutil.rmtree(folder)
    if sent:
        raise SystemExit(f"nothing had changed, and {sent:.0f} files were sent")
    return found


def _rescan(daemon: Daemon, server: Server, files: int) -> _Found:
    start_cpu, rss = daemon.cpu_seconds(), daemon.peak_rss_mib()
    requests = server.requests() or 0
    before = daemon.wait_until(lambda site: site["state"] == "idle")
    cpu = daemon.cpu_seconds()
    daemon.command("rescan")

    def is_done(site: dict[str, Any]) -> bool:
        is_newer: bool = site["last_rescan_at"] != before["last_rescan_at"]
        return is_newer and bool(site["state"] == "idle")

    daemon.wait_until(is_done)
    rescan_cpu = daemon.cpu_seconds() - cpu
    asked = (server.requests() or 0) - requests
    return _Found(files, start_cpu, rss, rescan_cpu, daemon.peak_rss_mib(), asked)


CASE = Case(_TITLE, _measure, files=_FILES)
