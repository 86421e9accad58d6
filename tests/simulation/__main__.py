"""Runs seeds: `python -m tests.simulation --seeds 0:1000 [--processes 2] [--sequences 10]`.

Or, with `--machine 2000 [--steps 60]`, so many sequences that hypothesis makes up step by step.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machine import SiteMachine
from tests.simulation.nemesis import KINDS
from tests.simulation.run import SEQUENCES, Report, run_task

_TELL_SECONDS = 60.0


def main() -> int:
    """Run them, tell of each that failed and what was met; 1 if any failed or a kind was unmet."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0:200", help="from:to; without `to` until --minutes")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--sequences", type=int, default=SEQUENCES, help="in each run")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--trace", action="store_true", help="print what happens")
    parser.add_argument("--machine", type=int, default=0, help="run the machine so many times")
    parser.add_argument("--steps", type=int, default=60, help="of each time, at most")
    given = parser.parse_args()
    if given.machine:
        return _run_machine(given.machine, given.steps)
    first, _, last = given.seeds.partition(":")
    seeds = iter(range(int(first), int(last))) if last else count(int(first))
    tasks = ((seed, given.sequences, given.trace) for seed in seeds)
    total, began, told = Report(-1), time.monotonic(), 0.0
    failed: list[int] = []
    with _runner(given.processes) as run:
        for report in run(tasks):
            _add(total, report)
            if report.failure:
                failed.append(report.seed)
            _tell(report)
            spent = time.monotonic() - began
            if spent - told > _TELL_SECONDS:
                told = spent
                print(_summary(total, spent, failed), flush=True)
            if spent > given.minutes * 60:
                break
    print(_summary(total, time.monotonic() - began, failed))
    unmet = sorted(set(KINDS) - set(total.met))
    if unmet:
        print("unmet:", *unmet)
    return 1 if failed or unmet else 0


def _run_machine(times: int, steps: int) -> int:
    """Run the machine; a failure is told as the shortest way to it that was found."""
    chosen = settings(
        max_examples=times, stateful_step_count=steps, deadline=None, database=None,
        print_blob=True, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    began = time.process_time()
    run_state_machine_as_test(SiteMachine, settings=chosen)
    print(
        f"{times} times up to {steps} steps, {time.process_time() - began:.0f} s of CPU: 0 broken"
    )
    return 0


@contextmanager
def _runner(
    processes: int,
) -> Iterator[Callable[[Iterable[tuple[int, int, bool]]], Iterable[Report]]]:
    if processes == 1:
        yield lambda tasks: map(run_task, tasks)
        return
    with get_context("spawn").Pool(processes) as pool:
        yield lambda tasks: pool.imap_unordered(run_task, tasks, chunksize=4)


def _add(total: Report, report: Report) -> None:
    total.sequences += report.sequences
    total.requests += report.requests
    total.deletions += report.deletions
    total.crashes += report.crashes
    total.claims += report.claims
    total.operations.update(report.operations)
    total.met.update(report.met)


def _tell(report: Report) -> None:
    if report.lines:
        print("".join(report.lines), end="")
    if report.failure:
        print(f"seed {report.seed} ({report.digest}): {report.failure}", flush=True)


def _summary(total: Report, seconds: float, failed: list[int]) -> str:
    met = " ".join(f"{kind}={times}" for kind, times in sorted(Counter(total.met).items()))
    return (
        f"{total.sequences} sequences, {total.operations.total()} operations of users in "
        f"{seconds:.0f} s ({total.sequences / max(seconds, 1e-9):.1f}/s): {total.requests} "
        f"requests, {total.deletions} deletions, {total.crashes} crashes, {total.claims} claims; "
        f"failed seeds: {failed}\n{met}"
    )


if __name__ == "__main__":
    sys.exit(main())
