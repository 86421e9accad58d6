"""First upload of many small files to a server 20 ms away."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.compiled import built
from bench.contest import Results
from bench.peers import DISTANT
from bench.report import Row, Section
from bench.server import delayed_sink
from bench.setting import Case, Setting
from bench.small import FILES, SIZE_BYTES, target_rows, upload_small

__all__ = ["CASE"]

_TITLE = "first upload, 20,000 x 4 KiB, behind 20 ms of latency"
_DELAY_MS = 20.0
_CONNECTIONS = 256  # as many as s3syncd has requests in flight
_REQUESTS = 40_000
_MARGIN = 1.5  # so much faster than the fastest client must the server be


def _measure(setting: Setting) -> Section:
    serve = delayed_sink(_DELAY_MS)
    results, chosen = upload_small(setting, serve, DISTANT)
    rows = [*target_rows(results, 1.0), _server_row(setting.folder, results)]
    note = (
        "Each answer leaves 20 ms after its request was complete, also `100 Continue` and answers "
        "on new connections; answers do not wait for one another."
    )
    return Section(_TITLE, rows, [results.table()], [note, chosen.told()])


def _server_row(folder: Path, results: Results) -> Row:
    """Whether the delay is all that the server adds."""
    with delayed_sink(_DELAY_MS)(folder / "load") as server:
        load = [built("load"), str(server.port), str(_CONNECTIONS), str(_REQUESTS), str(SIZE_BYTES)]
        rate = float(subprocess.run(load, capture_output=True, text=True, check=True).stdout)
    fastest = max(results.files / min(results.walls(name)) for name in results.costs)
    return Row("the server alone, 256 requests in flight", f"{rate:,.0f} requests/s",
               f">= {_MARGIN} x the fastest run", rate >= _MARGIN * fastest)  # fmt: skip


CASE = Case(_TITLE, _measure, files=FILES, rounds=3)
