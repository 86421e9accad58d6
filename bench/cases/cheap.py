"""First upload of many small files to a server that costs almost nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.compiled import built
from bench.peers import SMALL
from bench.report import Row, Section
from bench.server import sink
from bench.setting import Case, Setting
from bench.small import FILES, SIZE_BYTES, target_rows, upload_small

__all__ = ["CASE"]

_TITLE = "first upload, 20,000 x 4 KiB, a server that costs almost nothing"
_CONNECTIONS = 64
_REQUESTS = 40_000


def _measure(setting: Setting) -> Section:
    results, chosen = upload_small(setting, sink, SMALL)
    rows = [*target_rows(results, 1.2), _server_row(setting.folder)]
    return Section(_TITLE, rows, [results.table()], [chosen.told()])


def _server_row(folder: Path) -> Row:
    """What the server can take from a client that does nothing, and what that costs it."""
    with sink(folder / "load") as server:
        load = [built("load"), str(server.port), str(_CONNECTIONS), str(_REQUESTS), str(SIZE_BYTES)]
        rate = float(subprocess.run(load, capture_output=True, text=True, check=True).stdout)
        each_us = server.counters()["cpu_seconds"] * 1e6 / _REQUESTS
    return Row("the server alone", f"{rate:,.0f} requests/s at {each_us:.0f} us of CPU each")


CASE = Case(_TITLE, _measure, files=FILES, rounds=3)
