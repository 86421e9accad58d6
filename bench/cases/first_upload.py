"""First upload of many small files to a server that somebody might use."""

from __future__ import annotations

from bench.peers import SMALL
from bench.report import Section
from bench.server import rclone
from bench.setting import Case, Setting
from bench.small import FILES, target_rows, upload_small

__all__ = ["CASE"]

_TITLE = "first upload, 20,000 x 4 KiB, `rclone serve s3`"


def _measure(setting: Setting) -> Section:
    results, chosen = upload_small(setting, rclone, SMALL)
    rows = target_rows(results, 1.0)
    return Section(_TITLE, rows, [results.table()], [chosen.told()])


CASE = Case(_TITLE, _measure, files=FILES, rounds=3)
