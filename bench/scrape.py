"""`python -m bench.scrape`: what a look at /metrics costs, and how long it holds others up.

The sites are published snapshots, as a scrape sees them: it asks no site and waits for none.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from threading import Event, Thread
from typing import Any, Final, NamedTuple

from bench.report import Table
from s3syncd.config.models import SiteConfig
from s3syncd.core.figures import SiteFigures
from s3syncd.core.health import failing
from s3syncd.core.tally import RequestTally
from s3syncd.metrics import SiteReading, exposition
from s3syncd.supervisor.life import unstarted

__all__ = ["Cost", "main", "measure"]

_ROUNDS: Final = 5
"""The median counts."""

_BEAT_SECONDS: Final = 0.001
"""How often the thread that stands for a site wants to run."""


class Cost(NamedTuple):
    """Of one scrape: CPU, bytes of the answer, and what another thread waited for at most."""

    cpu_seconds: float
    size_bytes: int
    longest_wait_seconds: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scrape", description=__doc__)
    parser.add_argument("--sites", type=int, default=1000)
    sites = parser.parse_args().sites
    before = getrusage(RUSAGE_SELF).ru_maxrss
    costs = sorted(measure(sites) for _ in range(_ROUNDS))
    grown_mib = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024
    cost = costs[_ROUNDS // 2]
    table = Table(
        ("sites", "CPU", "answer", "another thread waited at most", "memory"),
        [
            (
                str(sites),
                f"{cost.cpu_seconds:.2f} s",
                f"{cost.size_bytes / 2**20:.1f} MiB",
                f"{max(each.longest_wait_seconds for each in costs) * 1000:.0f} ms",
                f"{grown_mib:.0f} MiB",
            )
        ],
    )
    sys.stdout.write(table.text() + "\n")
    return 0


def measure(sites: int) -> Cost:
    """Look once at so many sites."""
    statuses = [_status(f"site-{number:05}") for number in range(sites)]
    figures, tally = SiteFigures(begun_at=time.monotonic()), RequestTally()
    with _beating() as waits:
        begun = time.thread_time()
        readings = [
            SiteReading(
                status,
                figures,
                tally,
                is_healthy=not failing(status, figures, time.monotonic()),
            )
            for status in statuses
        ]
        text = exposition(readings, version="0", started_at="2026-01-01T00:00:00Z")
        cpu_seconds = time.thread_time() - begun
    return Cost(cpu_seconds, len(text), max(waits))


def _status(name: str) -> dict[str, Any]:
    settings = SiteConfig(name=name, path=Path("/srv") / name, bucket="bucket")  # type: ignore[call-arg]
    return unstarted(settings)


@contextmanager
def _beating() -> Iterator[list[float]]:
    """Note, in another thread, how much later than wanted it runs each time."""
    waits, over = [0.0], Event()

    def beat() -> None:
        while True:
            begun = time.monotonic()
            if over.wait(_BEAT_SECONDS):
                return
            waits.append(time.monotonic() - begun - _BEAT_SECONDS)

    thread = Thread(target=beat)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    raise SystemExit(main())
