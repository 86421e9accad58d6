"""Ten minutes of changes and of a bad network: memory, threads and open files stay flat."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.arrived import differences, digests
from bench.daemon import Daemon, running, write_config
from bench.figures import lowest_of_each, slope_per_minute
from bench.measure import file_count, rss_mib, thread_count
from bench.relay import Relay, Trouble, relay_to
from bench.report import Row, Section
from bench.server import Server, sink
from bench.setting import Case, Setting
from bench.writer import BusyUser

__all__ = ["CASE"]

_TITLE = "soak: ten minutes of changes on a bad network"
_SECONDS = 600.0
_CONVERGES_WITHIN_SECONDS = 400.0  # what failed is tried again after 5 minutes at the latest
_LATE_SECONDS = 100.0  # a request without an answer is looked after once more after 60 s
_SAMPLES_EACH_SECONDS = 2.0
_LOWEST_OF_SECONDS = {"RSS": 30.0}  # a part of 8 MiB is on its way for 10 s, longer if it stalls
_WARM_UP_SHARE = 0.25  # of the time: the pools fill, and the first of each kind of trouble comes
_NOTE = (
    "About 25 changes a second (new, rewritten, appended, renamed, removed files of up to 64 KiB, "
    "some of 20 MiB, whole folders removed) with `retire_deleted: true`, through a relay that "
    "delays, stalls for up to 40 s in the middle of bodies and answers, cuts connections, and "
    "closes those that are idle for 2 s. Slopes are the medians of all pairs of samples "
    "(Theil-Sen) after the first quarter. Of RSS only the lowest sample of each half minute "
    "counts: parts of 8 MiB that are on their way come and go, and what leaks stays. At the end "
    "the relay calms down, the daemon has to come in sync by itself, and every ETag is compared."
)
# A leak of one thing per change, or per trouble, is ten times as steep.
_LIMITS = {"RSS": (1.0, "MiB"), "threads": (0.1, ""), "open files": (1.0, "")}


@dataclass(frozen=True)
class _Sample:
    at: float
    values: dict[str, float]


def _measure(setting: Setting) -> Section:
    root = setting.folder / "root"
    root.mkdir()
    user = BusyUser(root)
    with (
        sink(setting.folder / "objects") as server,
        relay_to(server.port, Trouble()) as relay,
    ):
        endpoint = f"http://127.0.0.1:{relay.port}"
        options = {"retire_deleted": True, "max_delete": 10**9}
        config = write_config(setting.folder, root, endpoint, prefix="soak", options=options)
        with running(config) as daemon:
            daemon.wait_in_sync()
            user.start()
            try:
                samples = _watch(daemon, setting.seconds)
            finally:
                user.stop()
            relay.is_calm = True
            end_rows = _converge(daemon, server, root)
            peak = daemon.peak_rss_mib()
    rows = [*_rows(samples), Row("peak RSS", f"{peak:.0f} MiB"), *end_rows]
    return Section(_TITLE, rows, notes=[_NOTE, _told(user, relay)])


def _converge(daemon: Daemon, server: Server, root: Path) -> list[Row]:
    """Wait until the daemon says it is in sync, and look how far that is true.

    Raises:
        SystemExit: it never says so, or what differs then still does after its second look.
    """
    calm_at = time.monotonic()
    daemon.wait_in_sync(within_seconds=_CONVERGES_WITHIN_SECONDS)
    in_sync_at = time.monotonic()
    expected = digests(root)
    first = wrong = differences(server, "soak/", root, expected)
    nothing = threading.Event()
    while wrong and time.monotonic() < in_sync_at + _LATE_SECONDS:
        nothing.wait(_SAMPLES_EACH_SECONDS)
        wrong = differences(server, "soak/", root, expected)
    if wrong:
        raise SystemExit(f"{len(wrong)} of {len(expected)} objects differ:\n" + "\n".join(wrong))
    told = f"{len(first)}"
    if first:
        told += f", none {time.monotonic() - in_sync_at:.0f} s later ({first[0].split(':')[0]})"
    return [
        Row("in sync after the end", f"{in_sync_at - calm_at:.0f} s"),
        Row("differences when it said so", told, "0", not first),
    ]


def _watch(daemon: Daemon, seconds: float) -> list[_Sample]:
    began, nothing = time.monotonic(), threading.Event()
    samples = []
    while (at := time.monotonic() - began) < seconds:
        values = {
            "RSS": rss_mib(daemon.pid),
            "threads": float(thread_count(daemon.pid)),
            "open files": float(file_count(daemon.pid)),
        }
        samples.append(_Sample(at, values))
        nothing.wait(_SAMPLES_EACH_SECONDS)
    return samples


def _rows(samples: list[_Sample]) -> list[Row]:
    counted = [sample for sample in samples if sample.at >= samples[-1].at * _WARM_UP_SHARE]
    rows = []
    for name, (limit, unit) in _LIMITS.items():
        kept = [(sample.at, sample.values[name]) for sample in counted]
        if name in _LOWEST_OF_SECONDS:
            kept = lowest_of_each(kept, _LOWEST_OF_SECONDS[name])
        slope = slope_per_minute(kept)
        values = [sample.values[name] for sample in counted]
        told = f"{slope:+.2f} {unit} a minute".replace("  ", " ")
        told += f" ({min(values):.0f} .. {max(values):.0f})"
        rows.append(Row(f"{name}: slope", told, f"<= {limit} a minute", slope <= limit))
    return rows


def _told(user: BusyUser, relay: Relay) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in relay.counts.items())
    return f"{user.changes:,} changes; {counts}."


CASE = Case(_TITLE, _measure, seconds=_SECONDS)
