"""What was measured: printed, and kept in bench/RESULTS.md, one section for each case."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Row", "Section", "Table", "circumstances", "merged", "save"]

_RESULTS = Path(__file__).with_name("RESULTS.md")
_HEADING = re.compile(r"^## ", re.MULTILINE)
_INTRODUCTION = """\
# Results of `make bench`

Each section has the date, the commit and the machine of its own run. `make bench` runs all cases
and writes this page anew; `make bench ARGS="CASE ..."` renews the sections of those cases. It wants
Linux, Python 3.11, a C compiler, 8 GiB of free memory and the PyPI packages that `bench/peers.txt`
names. The ways to run each peer are in `bench/peers.py`; before each contest all are tried, and its
fastest is taken. Why a target is missed is told in [PROFILE.md](PROFILE.md).

Clients and server share the machine's cores. Times are medians of several runs in turn (least ..
most); compare programs only within one section. CPU is that of the whole client process, from its
start to its end. After each run the bucket was listed and every ETag compared with the files.
"""


@dataclass(frozen=True)
class Table:
    """Of text, the first column left-aligned."""

    head: Sequence[str]
    lines: Sequence[Sequence[str]]

    def text(self) -> str:
        """As Markdown."""
        rule = ["---"] + ["---:"] * (len(self.head) - 1)
        return "".join(f"| {' | '.join(line)} |\n" for line in (self.head, rule, *self.lines))


@dataclass(frozen=True)
class Row:
    """One number and what it should be; `is_met` None where there is no target."""

    what: str
    value: str
    target: str = ""
    is_met: bool | None = None

    def line(self) -> Sequence[str]:
        """The row as a line of a table."""
        return [self.what, self.value, self.target, _verdict(self.is_met)]


@dataclass(frozen=True)
class Section:
    """The outcome of one case."""

    title: str
    rows: Sequence[Row]
    tables: Sequence[Table] = field(default=())
    notes: Sequence[str] = field(default=())

    def text(self, circumstances: str) -> str:
        """As Markdown, without the heading."""
        parts = [circumstances + "\n", *(f"{note}\n" for note in self.notes)]
        parts += [table.text() for table in self.tables]
        rows = [row.line() for row in self.rows]
        parts += ["".join(f"| {' | '.join(row)} |\n" for row in (_ROW_HEAD, _ROW_RULE, *rows))]
        return "\n".join(parts)


_ROW_HEAD = ["what", "measured", "target", ""]
_ROW_RULE = ["---"] * 4


def _verdict(is_met: bool | None) -> str:
    return {True: "met", False: "**missed**", None: ""}[is_met]


def circumstances(peers: str, where: str) -> str:
    """Date, commit, machine and programs, in one paragraph."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{time.strftime('%Y-%m-%d')}, commit {_commit()}; {os.cpu_count()} cores "
        f"{platform.machine()}, {memory_gib:.0f} GiB, Linux {platform.release()}, Python "
        f"{platform.python_version()}; trees and objects {where}; {peers}."
    )


def _commit() -> str:
    """The commit that is measured; "+" after it when the program or the bench differ from it."""
    git = ["git", "-C", str(_RESULTS.parent.parent)]
    show = subprocess.run([*git, "describe", "--always", "--exclude=*"], capture_output=True,
                          text=True, check=False)  # fmt: skip
    measured = ["s3syncd", "bench", f":(exclude)bench/{_RESULTS.name}"]
    same = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", *measured], check=False)
    return (show.stdout.strip() or "unknown") + ("+" if same.returncode else "")


def merged(old: str, fresh: dict[str, str], order: Sequence[str]) -> str:
    """The page with the sections of `fresh` in the place of those of the same title.

    Args:
        old: the page so far, or nothing.
        fresh: text by title.
        order: every title there can be; sections of other titles go.
    """
    _, *parts = _HEADING.split(old)
    kept = {part.partition("\n")[0]: part.partition("\n")[2].strip("\n") for part in parts}
    kept |= {title: text.strip("\n") for title, text in fresh.items()}
    texts = {title: kept[title] for title in order if title in kept}
    sections = [f"## {title}\n\n{text}\n" for title, text in texts.items()]
    return "\n".join([_INTRODUCTION, _in_short(texts), *sections])


def _in_short(texts: Mapping[str, str]) -> str:
    """Every row that has a target, of all sections, in one table."""
    lines = [f"| {title} {line}\n" for title, text in texts.items() for line in _judged(text)]
    return "| case | what | measured | target | |\n|---|---|---|---|---|\n" + "".join(lines)


def _judged(text: str) -> list[str]:
    verdicts = tuple(f"| {_verdict(is_met)} |" for is_met in (True, False))
    return [line for line in text.splitlines() if line.endswith(verdicts)]


def save(section: Section, around: str, order: Sequence[str]) -> None:
    """Put one section into RESULTS.md."""
    old = _RESULTS.read_text() if _RESULTS.exists() else ""
    _RESULTS.write_text(merged(old, {section.title: section.text(around)}, order))
