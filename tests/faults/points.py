"""Every failpoint times every plot that passes it, and pairs of them: the long form.

python -m tests.faults.points [--plot WORD] [--pairs]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.faults.nursery import Nursery, nursery
from tests.faults.plots import PLOTS, Plot, play
from tests.faults.ward import opened_ward

__all__ = ["CRITICAL", "kill_at_each", "main"]

CRITICAL: Final = (
    "intent.after_commit", "record.before_commit", "record.after_commit", "end.before_commit",
    "upload.after_put", "upload.after_part", "upload.after_complete", "recovery.after_head",
)  # fmt: skip
"""Where a second death hurts most: between an effect and its record."""


def kill_at_each(born: Nursery, plot: Plot, folder: Path, *, seconds: tuple[str, ...]) -> int:
    """Kill at each point of a plot; for pairs only at critical ones, and again at the next start.

    Args:
        born: gives the daemons.
        plot: that passes the points.
        folder: for everything.
        seconds: points; '' for no second death.

    Returns:
        Number of cases; each was judged.
    """
    count = 0
    with opened_ward(born, folder, kind=plot.store) as ward:
        ward.author.write("stays", 5000)
        ward.restart()
        ward.judge()
        is_pair = seconds != ("",)
        for point in plot.points:
            if is_pair and point.partition("@")[0] not in CRITICAL:
                continue
            for second in seconds:
                started = time.monotonic()
                play(ward, plot, point, second=second)
                count += 1
                took = time.monotonic() - started
                print(f"{plot.name}: {point} {second} {took:.1f} s", flush=True)
        ward.end()
    return count


def main() -> int:
    """Run it; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", default="", help="only those whose name contains this")
    parser.add_argument(
        "--pairs", action="store_true", help="of critical points: the next start dies, too"
    )
    asked = parser.parse_args()
    seconds = CRITICAL if asked.pairs else ("",)
    count = 0
    with nursery() as born:
        for plot in PLOTS:
            if asked.plot in plot.name:
                with tempfile.TemporaryDirectory(prefix="s3syncd-points-") as folder:
                    count += kill_at_each(born, plot, Path(folder), seconds=seconds)
    print(f"{count} cases, nothing lost, nothing wrongly deleted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
