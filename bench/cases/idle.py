"""A daemon with nothing to do: no request, next to no CPU."""

from __future__ import annotations

import threading

from bench.daemon import running
from bench.files import wait_until_quiet
from bench.filled import Stock
from bench.measure import rss_mib
from bench.report import Row, Section
from bench.server import sink
from bench.setting import Case, Setting

__all__ = ["CASE"]

_TITLE = "idle, 100,000 files watched"
_FILES = 100_000
_SIZE_BYTES = 512
_SECONDS = 60.0
_SETTLES_SECONDS = 5.0  # the last commits and connection close-downs after the start
_CORE_PERCENT = 1.0
_RSS_MIB = 150


def _measure(setting: Setting) -> Section:
    nothing = threading.Event()
    stock = Stock(setting.folder / "site", "idle", files=setting.files, size_bytes=_SIZE_BYTES)
    wait_until_quiet()
    with (
        sink(setting.folder / "objects", preload=stock.listing) as server,
        running(stock.fill_ledger(server.endpoint)) as daemon,
    ):
        daemon.wait_in_sync()
        nothing.wait(_SETTLES_SECONDS)
        cpu, before = daemon.cpu_seconds(), server.requests() or 0
        nothing.wait(setting.seconds)
        percent = (daemon.cpu_seconds() - cpu) * 100 / setting.seconds
        requests = (server.requests() or 0) - before
        rss, peak = rss_mib(daemon.pid), daemon.peak_rss_mib()
    rows = [
        Row("CPU", f"{percent:.2f} % of a core", f"<= {_CORE_PERCENT:.0f} %",
            percent <= _CORE_PERCENT),
        Row("RSS", f"{rss:.0f} MiB (peak {peak:.0f}, the start included)", f"<= {_RSS_MIB} MiB",
            peak <= _RSS_MIB),
        Row("requests", str(requests), "0", requests == 0),
    ]  # fmt: skip
    return Section(_TITLE, rows, notes=[f"Looked at for {setting.seconds:.0f} s after a start."])


CASE = Case(_TITLE, _measure, files=_FILES, seconds=_SECONDS)
