"""Walks through the model and says what it met: `python -m tests.model --ops 4`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.model.files import Files
from tests.model.steps import World
from tests.model.values import Budget, Options
from tests.model.walk import Report, walk


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--ops", type=int, default=int(os.environ.get("S3SYNCD_MODEL_OPS", "2")))
    parser.add_argument("--crashes", type=int, default=1)
    parser.add_argument("--losses", type=int, default=1)
    parser.add_argument("--off", action="append", default=[], help="a guard of the world to drop")
    parser.add_argument("--only", default="", help="policies whose name contains this")
    parser.add_argument("--most", type=int, default=0, help="stop after so many states")
    parser.add_argument("--trace", action="store_true", help="show the shortest way to each find")
    given = parser.parse_args()
    total = Report()
    for retires in (True, False):
        for on_drift in ("overwrite", "hold"):
            for loses in (False, True):
                name = f"retire={retires} on_drift={on_drift} loses_ledger={loses}"
                if given.only not in name:
                    continue
                budget = Budget(given.ops, given.crashes, given.losses)
                options = Options(budget, retires, on_drift, loses, off=frozenset(given.off))
                _walk(name, options, given, total)
    print(f"total: {total.states:,} states, {total.steps:,} steps, {total.violations} violations")
    return 1 if total.violations else 0


def _walk(name: str, options: Options, given: argparse.Namespace, total: Report) -> None:
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="s3syncd-model-") as folder:
        files = Files(Path(folder))
        report = walk(World(options, files), most_states=given.most, is_shortest=given.trace)
        files.close()
    total.states += report.states
    total.steps += report.steps
    total.broken += report.broken
    seconds = time.process_time() - began
    print(
        f"{name}: {report.states:,} states, {report.steps:,} steps, {seconds:.0f} s of CPU",
        flush=True,
    )
    for what, count in sorted(report.broken.items()):
        print(f"    {count:8,}  {what}")
        if given.trace:
            print("              " + " > ".join(report.traces[what]), flush=True)


if __name__ == "__main__":
    sys.exit(_main())
