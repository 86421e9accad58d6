"""Rows of measurements, printed, and kept in bench/RESULTS.md with date, commit and machine."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Row", "save", "show"]

_RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True)
class Row:
    """One number and what it should be; `is_met` None where there is no target."""

    what: str
    value: str
    target: str = ""
    is_met: bool | None = None

    def line(self) -> str:
        """The row as a line of a Markdown table."""
        verdict = {True: "met", False: "**missed**", None: ""}[self.is_met]
        return f"| {self.what} | {self.value} | {self.target} | {verdict} |"


def show(row: Row) -> None:
    """Print a row at once."""
    print(row.line(), flush=True)


def save(rows: Sequence[Row]) -> None:
    """Replace RESULTS.md."""
    git = ["git", "-C", str(_RESULTS.parent), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores {platform.machine()}, {memory_gib:.0f} GiB, Linux"
    text = (
        "# Results of `make bench`\n\n"
        f"{time.strftime('%Y-%m-%d')}, commit {commit or 'unknown'}, {machine} "
        f"{platform.release()}, Python {platform.python_version()}. The server, `rclone serve s3`, "
        "shares the cores with the program that is measured.\n\n"
        "| what | measured | target | |\n|---|---|---|---|\n"
    )
    _RESULTS.write_text(text + "".join(row.line() + "\n" for row in rows))
