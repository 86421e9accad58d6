"""Quantities, times and foreign text as people read them, on a terminal or off it."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

__all__ = [
    "SCREEN_COLUMNS",
    "Palette",
    "ago",
    "columns",
    "count",
    "duration",
    "printable",
    "screen_columns",
    "shortened",
    "size",
    "wrapped",
]

SCREEN_COLUMNS = 80
"""What a terminal has at least."""

_ENDLESS = 1_000_000
"""Columns that no line fills."""

_GLUE = "\x00"  # never in a text that is `printable`
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))


def size(size_bytes: float) -> str:
    """Word a number of bytes: `0 B`, `12.3 MiB`."""
    value = float(size_bytes)
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def count(number: int) -> str:
    """Word a number of things, its thousands apart: `12 345`."""
    return f"{number:,}".replace(",", " ")


def duration(seconds: float) -> str:
    """Word a length of time in its largest unit, rounded down: `5 s`, `3 h`."""
    for span, unit in _SPANS:
        if seconds >= span:
            return f"{int(seconds // span)} {unit}"
    return f"{int(max(0.0, seconds))} s"


def ago(moment: str | None, now: float) -> str:
    """Word an RFC 3339 time seen from `now` (seconds since the epoch); `never` for None."""
    if moment is None:
        return "never"
    return duration(now - datetime.fromisoformat(moment).timestamp()) + " ago"


def printable(text: str) -> str:
    """Make foreign text (file names, store messages) harmless: it cannot drive the terminal."""
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # a byte that is no UTF-8 (PEP 383), as the status shows it
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


def screen_columns(stream: TextIO) -> int:
    """Give how many columns may be used: the terminal's, at least 80; off a terminal all.

    What is piped is read line by line, by `grep` and `cut`: a sentence is one line there.
    """
    if not stream.isatty():
        return _ENDLESS
    return max(SCREEN_COLUMNS, shutil.get_terminal_size((SCREEN_COLUMNS, 24)).columns)


def shortened(text: str, width: int) -> str:
    """Shorten a long text in its middle: the beginning and the end of a name tell most."""
    if len(text) <= width:
        return text
    kept = max(2, width - 3)
    return f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"


def wrapped(text: str, *, indent: str, width: int, hanging: str | None = None) -> list[str]:
    """Break a text into lines; a command in `back quotes` stays whole, so that it can be copied.

    Args:
        text: one paragraph.
        indent: before the first line.
        width: columns of a line, the indentation included.
        hanging: before the other lines; by default `indent`.
    """
    glued = re.sub(r"`[^`]*`", lambda quoted: quoted[0].replace(" ", _GLUE), text)
    lines = textwrap.wrap(
        glued,
        width,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_GLUE, " ") for line in lines]


class Palette:
    """Colours for a stream: none unless it is a terminal and NO_COLOR is not set."""

    def __init__(self, stream: TextIO) -> None:
        # https://no-color.org: present and not empty means no colour.
        self.is_on = (
            stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def paint(self, colour: str, text: str) -> str:
        """Give `text` in a colour: red green yellow bold dim."""
        if not self.is_on:
            return text
        code = {"red": 31, "green": 32, "yellow": 33, "bold": 1, "dim": 2}[colour]
        return f"\x1b[{code}m{text}\x1b[0m"


def columns(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Pad each column of `rows` to its widest cell; the last stays as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        [*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]]
        for row in rows
    ]
