"""A start on a tree that is in sync already: what it costs to find that nothing is to do."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace

from bench.contest import OURS, Results, in_turn
from bench.daemon import run_until_in_sync
from bench.files import wait_until_quiet
from bench.filled import Stock, write_listing
from bench.measure import Cost, run_program
from bench.peers import Style, environment, sync_command
from bench.report import Row, Section, Table
from bench.server import Server, sink
from bench.setting import Case, Setting

__all__ = ["CASE"]

_TITLE = "nothing changed, 100,000 files, listing included"
_SIZE_BYTES = 512  # the content is not read, so its size does not matter
_CPU_US_PER_FILE = 14
_NOTE = (
    "A start of each program on a tree that the bucket equals, on the server that costs almost "
    "nothing: s3syncd until it says that it is in sync, the others, by size only, to their "
    "end. CPU per file is after start-up: the same with one file is subtracted."
)


def _measure(setting: Setting) -> Section:
    full = Stock(setting.folder / "full", "full", files=setting.files, size_bytes=_SIZE_BYTES)
    one = Stock(setting.folder / "one", "one", files=1, size_bytes=_SIZE_BYTES)
    wait_until_quiet()
    listing = write_listing([full, one], setting.folder / "listing")
    with sink(setting.folder / "objects", preload=listing) as server:
        starts = in_turn(_contestants(setting, server, one), rounds=setting.rounds)
        results = in_turn(_contestants(setting, server, full), rounds=setting.rounds)
        sent = server.counters()["put"] + server.counters()["multipart"]
    if sent:
        raise SystemExit(f"nothing had changed, and {sent:.0f} requests sent something")
    found = Results(results, setting.files, 0)
    started = Results(starts, 1, 0)
    return Section(_TITLE, _rows(found, started), [_table(found, started)], [_NOTE])


def _contestants(setting: Setting, server: Server, stock: Stock) -> dict[str, Callable[[], Cost]]:
    config = stock.fill_ledger(server.endpoint)
    run_until_in_sync(config)  # the first start notes what it finds; it is the others that count

    def counted(run: Callable[[], Cost]) -> Callable[[], Cost]:
        def run_and_count() -> Cost:
            before = server.requests() or 0
            cost = run()
            return replace(cost, requests=(server.requests() or 0) - before)

        return run_and_count

    def theirs(peer: str) -> Callable[[], Cost]:
        command = sync_command(peer, stock.root, server.endpoint, stock.prefix)
        return lambda: run_program(command, environment(setting.folder, Style()))

    programs = {OURS: lambda: run_until_in_sync(config)}
    programs |= {peer: theirs(peer) for peer in setting.peers}
    return {name: counted(run) for name, run in programs.items()}


def _each_us(found: Results, started: Results, name: str) -> float:
    return (found.cpu_seconds(name) - started.cpu_seconds(name)) * 1e6 / found.files


def _rows(found: Results, started: Results) -> list[Row]:
    us = _each_us(found, started, OURS)
    rows = [
        Row("CPU per file after start-up", f"{us:.1f} us", f"<= {_CPU_US_PER_FILE} us",
            us <= _CPU_US_PER_FILE)
    ]  # fmt: skip
    if peer := found.fastest_peer():
        speedup = found.speedup(peer)
        value = f"{speedup:.2f} x {peer}'s"
        rows.append(Row("speed against the fastest peer", value, "> 1.0 x", speedup > 1.0))
    return rows


def _table(found: Results, started: Results) -> Table:
    head = ["program", "seconds", "of them start-up", "CPU us per file", "peak RSS MiB", "requests",
            "s3syncd's speed"]  # fmt: skip
    lines = []
    for name in found.costs:
        requests = found.costs[name][-1].requests
        lines.append([
            name, found.seconds(name), f"{statistics.median(started.walls(name)):.2f}",
            f"{_each_us(found, started, name):.1f}", f"{found.peak_rss_mib(name):.0f}",
            f"{requests:,}", "" if name == OURS else f"{found.speedup(name):.2f} x",
        ])  # fmt: skip
    return Table(head, lines)


CASE = Case(_TITLE, _measure, files=100_000, rounds=3)
