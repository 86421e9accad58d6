"""First upload of one file of 1 GiB, on both servers."""

from __future__ import annotations

from bench.arrived import digests
from bench.contest import OURS, Contest, Results, uploaders
from bench.files import make_sized, wait_until_quiet
from bench.peers import Tuning
from bench.report import Row, Section
from bench.server import rclone, sink
from bench.setting import Case, Setting

__all__ = ["CASE", "LARGE_TUNING"]

_TITLE = "first upload, one file of 1 GiB"
_SIZE_BYTES = 2**30
_SPEEDUP = 1.3
_RSS_MIB = 256
LARGE_TUNING = Tuning()


def _measure(setting: Setting) -> Section:
    root = setting.folder / "root"
    make_sized(root, [_SIZE_BYTES])
    expected = digests(root)
    wait_until_quiet()
    rows, tables = [], []
    for name, serve in (
        ("a server that costs almost nothing", sink),
        ("`rclone serve s3`", rclone),
    ):
        contest = Contest(setting.folder, root, expected, serve)
        programs = uploaders(root, LARGE_TUNING, setting.peers)
        results = contest.hold(programs, rounds=setting.rounds)
        rows += _rows(name, results)
        tables.append(results.table(f"on {name}"))
    return Section(_TITLE, rows, tables)


def _rows(server: str, results: Results) -> list[Row]:
    rss = results.peak_rss_mib(OURS)
    row = Row(f"peak RSS, {server}", f"{rss:.0f} MiB", f"<= {_RSS_MIB} MiB", rss <= _RSS_MIB)
    if peer := results.fastest_peer():
        speedup = results.speedup(peer)
        what = f"speed against the fastest peer, {server}"
        value = f"{speedup:.2f} x {peer}'s"
        return [Row(what, value, f">= {_SPEEDUP} x", speedup >= _SPEEDUP), row]
    return [row]


CASE = Case(_TITLE, _measure, files=1, rounds=3)
