"""First upload of one file of 1 GiB, on both servers."""

from __future__ import annotations

from bench.arrived import digests
from bench.contest import OURS, Contest, Results
from bench.files import make_sized, wait_until_quiet
from bench.heats import choose, uploaders
from bench.peers import LARGE
from bench.report import Row, Section
from bench.server import rclone, sink
from bench.setting import Case, Setting

__all__ = ["CASE"]

_TITLE = "first upload, one file of 1 GiB"
_SIZE_BYTES = 2**30
_SPEEDUP = 1.3
_RSS_MIB = 256
_HEAT_BYTES = 2**28
_NOTE = "The cheap server is the one that costs almost nothing."


def _measure(setting: Setting) -> Section:
    roots = []
    for name, size_bytes in (("heat", _HEAT_BYTES), ("root", _SIZE_BYTES)):
        root = setting.folder / name
        make_sized(root, [size_bytes])
        roots.append((root, digests(root)))
    wait_until_quiet()
    rows, tables, notes = [], [], []
    for server, serve in (("cheap server", sink), ("`rclone serve s3`", rclone)):
        heat, contest = (Contest(setting.folder, *one, serve) for one in roots)
        chosen = choose(heat, LARGE, setting.peers)
        results = contest.hold(uploaders(contest.root, chosen), rounds=setting.rounds)
        rows += _rows(server, results)
        tables.append(results.table(f"on {server}"))
        notes.append(f"On {server}. {chosen.told()}")
    return Section(_TITLE, rows, tables, [_NOTE, *notes])


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
