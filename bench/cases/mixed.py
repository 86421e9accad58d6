"""First upload of 200 files of 1 to 64 MiB, some sent whole and some in parts."""

from __future__ import annotations

import random

from bench.arrived import digests
from bench.contest import OURS, Contest
from bench.files import make_sized, wait_until_quiet
from bench.heats import choose, uploaders
from bench.peers import LARGE
from bench.report import Row, Section
from bench.server import sink
from bench.setting import Case, Setting

__all__ = ["CASE", "sizes_of"]

_TITLE = "first upload, 200 files of 1 to 64 MiB, 2 GiB together"
_FILES = 200
_MIB = 2**20
_LARGEST = 64
_HEAT_SHARE = 5
_MEAN_BYTES = 10.24 * _MIB  # 200 of them are 2 GiB


def sizes_of(files: int) -> list[int]:
    """Sizes in bytes, the same in every run: many small ones, few large ones, odd numbers."""
    chance = random.Random(files)
    shares = [_LARGEST ** chance.random() for _ in range(files)]
    scale = (_MEAN_BYTES * files - _MIB * files) / (sum(shares) - files) / _MIB
    return [
        min(_LARGEST * _MIB, int((1 + (share - 1) * scale) * _MIB) + chance.randrange(1000))
        for share in shares
    ]


def _measure(setting: Setting) -> Section:
    contests = []
    for name, files in (("heat", setting.files // _HEAT_SHARE), ("root", setting.files)):
        root = setting.folder / name
        make_sized(root, sizes_of(files))
        contests.append(Contest(setting.folder, root, digests(root), sink))
    wait_until_quiet()
    heat, contest = contests
    chosen = choose(heat, LARGE, setting.peers)
    results = contest.hold(uploaders(contest.root, chosen), rounds=setting.rounds)
    rows = []
    if peer := results.fastest_peer():
        rows.append(
            Row("speed against the fastest peer", f"{results.speedup(peer):.2f} x {peer}'s")
        )
    rows.append(Row("peak RSS", f"{results.peak_rss_mib(OURS):.0f} MiB"))
    note = "On the server that costs almost nothing. No target is set for this case."
    return Section(_TITLE, rows, [results.table()], [note, chosen.told()])


CASE = Case(_TITLE, _measure, files=_FILES, rounds=3)
