"""First upload of many small files beside the peers: what three cases have in common."""

from __future__ import annotations

from bench.arrived import digests
from bench.contest import OURS, Contest, Results
from bench.files import make_tree, wait_until_quiet
from bench.heats import Chosen, choose, uploaders
from bench.peers import Styles
from bench.report import Row
from bench.server import Serve
from bench.setting import Setting

__all__ = ["FILES", "SIZE_BYTES", "target_rows", "upload_small"]

FILES = 20_000
SIZE_BYTES = 4096
_HEAT_SHARE = 10  # 2,000 files: a second for the fast ones, six for the slow one


def upload_small(setting: Setting, serve: Serve, styles: Styles) -> tuple[Results, Chosen]:
    """Upload the same tree with s3syncd and every peer, in turn."""
    contests = []
    for name, files in (("heat", setting.files // _HEAT_SHARE), ("root", setting.files)):
        root = setting.folder / name
        make_tree(root, files=files, size_bytes=SIZE_BYTES)
        contests.append(Contest(setting.folder, root, digests(root), serve))
    wait_until_quiet()
    heat, contest = contests
    chosen = choose(heat, styles, setting.peers)
    return contest.hold(uploaders(contest.root, chosen), rounds=setting.rounds), chosen


def target_rows(results: Results, target: float) -> list[Row]:
    """Our speed against the fastest peer's, and our CPU against s5cmd's, where these ran."""
    rows = []
    if peer := results.fastest_peer():
        speedup = results.speedup(peer)
        value = f"{speedup:.2f} x {peer}'s"
        row = Row("speed against the fastest peer", value, f">= {target} x", speedup >= target)
        rows.append(row)
    if "s5cmd" in results.costs:
        share = results.cpu_seconds(OURS) / results.cpu_seconds("s5cmd")
        each = results.cpu_seconds(OURS) * 1000 / results.files
        value = f"{each:.3f} ms, {share:.2f} x s5cmd's"
        rows.append(Row("client CPU per file", value, "<= 1.0 x s5cmd's", share <= 1.0))
    return rows
