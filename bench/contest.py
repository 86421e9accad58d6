"""Several programs doing the same in turn, several times: A B C A B C ..."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.arrived import Expected, check_arrived
from bench.figures import ratio, spread
from bench.measure import Cost
from bench.report import Table
from bench.server import Serve, Server

__all__ = ["OURS", "Contest", "Results", "Run", "in_turn"]

OURS = "s3syncd"

# What a contestant does: with a server, an empty folder for its own things, and the tree.
Run = Callable[[Server, Path], Cost]


@dataclass(frozen=True)
class Results:
    """What each contestant's runs cost, in the order of the rounds."""

    costs: dict[str, list[Cost]]
    files: int
    total_bytes: int

    def fastest_peer(self) -> str | None:
        """By the median of the time it took; None where we ran alone."""
        peers = [name for name in self.costs if name != OURS]
        return min(peers, key=lambda name: statistics.median(self.walls(name)), default=None)

    def walls(self, name: str) -> list[float]:
        """Seconds, run by run."""
        return [cost.wall_seconds for cost in self.costs[name]]

    def cpu_seconds(self, name: str) -> float:
        """The median."""
        return statistics.median(cost.cpu_seconds for cost in self.costs[name])

    def peak_rss_mib(self, name: str) -> float:
        """The largest of all runs."""
        return max(cost.peak_rss_mib for cost in self.costs[name])

    def seconds(self, name: str) -> str:
        """The median and the range, for a table."""
        return spread(self.walls(name), 2)

    def speedup(self, peer: str) -> float:
        """How many times as fast as a peer we are, by the medians."""
        return ratio(self.walls(OURS), self.walls(peer))

    def table(self, caption: str = "program") -> Table:
        """One line for each contestant; speed and CPU by files or, where these are large, bytes."""
        unit = ["MiB/s", "CPU s per GiB"] if self._is_large else ["files/s", "CPU ms per file"]
        head = [caption, "seconds", *unit, "peak RSS MiB", "requests", "s3syncd's speed"]
        return Table(head, [self._line(name) for name in self.costs])

    @property
    def _is_large(self) -> bool:
        return self.total_bytes > self.files * 2**20

    def _line(self, name: str) -> list[str]:
        seconds = statistics.median(self.walls(name))
        if self._is_large:
            speed = f"{self.total_bytes / 2**20 / seconds:,.0f}"
            cpu = f"{self.cpu_seconds(name) / (self.total_bytes / 2**30):.2f}"
        else:
            speed = f"{self.files / seconds:,.0f}"
            cpu = f"{self.cpu_seconds(name) * 1000 / self.files:.3f}"
        requests = self.costs[name][-1].requests
        counted = "not counted" if requests is None else f"{requests:,}"
        speedup = "" if name == OURS else f"{self.speedup(name):.2f} x"
        memory = f"{self.peak_rss_mib(name):.0f}"
        return [name, self.seconds(name), speed, cpu, memory, counted, speedup]


@dataclass(frozen=True)
class Contest:
    """The ground on which they meet: every run has a fresh server and a fresh folder."""

    folder: Path
    root: Path
    expected: Expected
    serve: Serve

    def hold(self, contestants: dict[str, Run], *, rounds: int, is_told: bool = True) -> Results:
        """Let all run in turn, look after each whether everything arrived, and give the costs."""
        runs = {name: self._bound(name, run) for name, run in contestants.items()}
        costs = in_turn(runs, rounds=rounds, is_told=is_told)
        total = sum(size for _, size in self.expected.values())
        return Results(costs, len(self.expected), total)

    def _bound(self, name: str, run: Run) -> Callable[[], Cost]:
        return lambda: self._one(name, run)

    def _one(self, name: str, run: Run) -> Cost:
        place = self.folder / "run"
        (place / "own").mkdir(parents=True)
        try:
            with self.serve(place / "objects") as server:
                cost = run(server, place / "own")
                cost = replace(cost, requests=server.requests())
                check_arrived(server, f"{name}/", self.root, self.expected)
        finally:
            shutil.rmtree(place)
        return cost


def in_turn(
    runs: Mapping[str, Callable[[], Cost]], *, rounds: int, is_told: bool = True
) -> dict[str, list[Cost]]:
    """Let each run, then all again, so that a slow minute of the machine falls on all alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            cost = run()
            costs[name].append(cost)
            if is_told:
                seconds = f"{cost.wall_seconds:.2f} s, {cost.cpu_seconds:.2f} s CPU"
                print(f"  {name}: {seconds}", flush=True)
    return costs
