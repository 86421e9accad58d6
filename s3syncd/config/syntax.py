"""Says in our words what is wrong with text that is not YAML, and where.

PyYAML's own words name its tokens and quote the file, which may hold secrets: only their fixed part
is read. Pure.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Complaint", "Fault", "Mark", "fault_of"]

_ONE_EACH: Final = "write one 'key: value' per line, indented by spaces"
_ALIGN: Final = "align it with the lines it belongs to, with spaces"
_QUOTE: Final = "put the value in single quotes"


class Mark(NamedTuple):
    """A place in the text; line and column count from 0."""

    line: int
    column: int


class Complaint(NamedTuple):
    """What PyYAML says: its problem and the context of it, each with its place where it has one."""

    problem: str
    context: str
    mark: Mark | None
    begin: Mark | None


class Fault(NamedTuple):
    """Where it is (line and column from 1; 0: not known), what is wrong, what to write."""

    line: int
    column: int
    what: str
    write: str


class _Known(NamedTuple):
    """One complaint: words of its problem and context, where to point, and our words for it."""

    problem: str
    context: str
    is_at_begin: bool
    what: str
    write: str


_KNOWN: Final = (
    _Known("end of stream", "quoted scalar", True, "opens a quote that is never closed",
           "close it in the same line; a ' within single quotes is written ''"),
    _Known("document separator", "quoted scalar", True, "opens a quote that is never closed",
           "close it in the same line"),
    _Known("escape", "double-quoted", False,
           "has a backslash in double quotes, where it begins an escape",
           "use single quotes, in which a backslash is itself: '\\.tmp$'"),
    _Known("that cannot start any token", "", False,
           "starts a value with @, ` or %, which needs quotes", _QUOTE),
    _Known("undefined alias", "", False, "starts a value with *, which needs quotes", _QUOTE),
    _Known("alphabetic or numeric", "alias", True,
           "starts a value with *, which needs quotes", _QUOTE),
    _Known("alphabetic or numeric", "anchor", True,
           "starts a value with &, which needs quotes", _QUOTE),
    _Known("", "anchor", True, "starts a value with &, which needs quotes", _QUOTE),
    _Known("", "alias", True, "starts a value with *, which needs quotes", _QUOTE),
    _Known("", "block scalar", True, "starts a value with | or >, which needs quotes", _QUOTE),
    _Known("", "tag", True, "starts a value with !, which needs quotes", _QUOTE),
    _Known("tag handle", "", True, "starts a value with !, which needs quotes", _QUOTE),
    _Known("", "directive", True, "starts a line with %, which YAML keeps for itself",
           "leave the line out"),
    _Known("expected ':'", "simple key", True, "is no 'key: value'",
           "write a colon and a space after the key"),
    _Known("sequence entries are not allowed", "", False, "begins a list behind a key",
           "begin it on the next line: '- '"),
    _Known("expected ',' or ']'", "", True, "opens a list with [ that is not closed by ]",
           "write the missing ] or comma"),
    _Known("expected ',' or '}'", "", True, "opens a mapping with { that is not closed by }",
           "write the missing } or comma"),
    _Known("another document", "", False, "begins a second document",
           "keep one: leave the line --- out"),
)  # fmt: skip


def fault_of(text: str, complaint: Complaint) -> Fault:
    """Word a complaint about a text.

    Args:
        text: the whole file.
        complaint: PyYAML's.
    """
    here = complaint.mark or complaint.begin
    if here is None:
        return Fault(0, 0, "is not valid YAML", _ONE_EACH)
    if _has_tab(text, here):
        return _at(here, "has a tab before a key or value", _ONE_EACH)
    for known in _KNOWN:
        if known.problem in complaint.problem and known.context in complaint.context:
            place = complaint.begin if known.is_at_begin else None
            return _at(place or here, known.what, known.write)
    if "mapping values are not allowed" in complaint.problem:
        return _second_colon(text, here)
    if complaint.problem.startswith("expected <block end>"):
        return _out_of_line(text, here)
    return _at(here, f"is not valid YAML here ({_without_quotation(complaint.problem)})", _ONE_EACH)


def _at(place: Mark, what: str, write: str) -> Fault:
    return Fault(place.line + 1, place.column + 1, what, write)


def _second_colon(text: str, here: Mark) -> Fault:
    """A colon where no key may end: of a value, of a key too deep, or behind a key without one."""
    line, before = _line(text, here.line), _line(text, here.line - 1)
    if re.search(r":\s", line[: here.column]):
        return _at(here, "has ': ' within a value", _QUOTE)
    if before.strip() and not re.search(r":(\s|$)", before):
        start = len(before) - len(before.lstrip())
        return Fault(here.line, start + 1, "is no 'key: value'",
                     "write a colon and a space after the key")  # fmt: skip
    start = len(line) - len(line.lstrip())
    return Fault(here.line + 1, start + 1, "is indented deeper than the key above it", _ALIGN)


def _out_of_line(text: str, here: Mark) -> Fault:
    """Something where the lines above have to go on or end."""
    line = _line(text, here.line)
    first, before = line[here.column : here.column + 1], line[: here.column].rstrip()
    if before.endswith(("'", '"')):
        write = "put the whole value in quotes; a ' within single quotes is written ''"
        return _at(here, "goes on after a closing quote", write)
    if first and first in "}]":
        return _at(here, f"closes with {first} what was not opened", "leave it out, or quote it")
    return _at(here, "is indented like nothing above it", _ALIGN)


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number] if 0 <= number < len(lines) else ""


def _has_tab(text: str, mark: Mark) -> bool:
    """Whether a mistake is due to a tab: at its place, or in the indentation of its line."""
    line = _line(text, mark.line)
    indentation = line[: len(line) - len(line.lstrip())]
    return "\t" in indentation or line[mark.column : mark.column + 1] == "\t"


def _without_quotation(problem: str) -> str:
    """Cut PyYAML's message before it quotes the file: what it quotes may be a secret."""
    said = re.split(r"['\"#:]", problem, maxsplit=1)[0].strip()
    return re.sub(r",? but (found|got)$", "", said) or "see the line before, too"
