"""A status document as a person reads it: one line per site, then what needs attention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from s3syncd.cli.wording import (
    SCREEN_COLUMNS,
    Palette,
    ago,
    columns,
    count,
    duration,
    printable,
    shortened,
    size,
    wrapped,
)
from s3syncd.core.advice import Advice
from s3syncd.core.plural import counted
from s3syncd.core.safety import REASONS

__all__ = ["render_status"]

_PLAIN = Advice()

_HEADINGS = ("SITE", "STATE", "IN SYNC", "PENDING", "FILES", "SIZE", "RECONCILED", "WATCHER")

_MAX_PROBLEMS = 10
"""Shown per site; `--json` has up to a hundred."""


_APPROVE = "s3syncd approve SITE --list HASH"

_LEAST_NAME = 10
"""Columns a site's name keeps in the table however little room there is."""


def render_status(
    status: Mapping[str, Any],
    *,
    now: float,
    palette: Palette,
    width: int = SCREEN_COLUMNS,
    advice: Advice = _PLAIN,
) -> str:
    """Word a status document, as `s3syncd status --json` prints it.

    Args:
        status: the document.
        now: seconds since the epoch.
        palette: colours, or none.
        width: columns to fill at most, where that can be.
        advice: makes commands those to be typed.
    """
    sites = status["sites"]
    lines = [
        f"s3syncd {status['version']}, started {ago(status['started_at'], now)}",
        *_news(status),
        "",
        *_table(sites, now, palette, width),
    ]
    for site in sites:
        remarks = [
            *_remarks(site, now, width, advice),
            *_scrub(site, now, is_alone=len(sites) == 1),
        ]
        if remarks:
            lines += ["", palette.paint("bold", printable(site["name"])), *remarks]
    return "\n".join(lines)


def _news(status: Mapping[str, Any]) -> Iterator[str]:
    """Tell how the configuration in force differs from the file."""
    if error := status.get("reload_error"):
        yield "the configuration could not be read again; the one before stays in force:"
        yield from (f"  {printable(line)}" for line in error["error"].splitlines())
    if error := (status.get("http") or {}).get("error"):
        yield f"no metrics, no health checks over HTTP: {printable(error)}"
        yield f"  {printable(status['http']['hint'])}"
    for name, what in (("heartbeat", "no heartbeat is sent"), ("notify", "nobody is notified")):
        if error := (status.get(name) or {}).get("error"):
            yield f"{what}: {printable(error)}"
    if keys := status.get("needs_restart"):
        yield f"changed in the file, in force after a restart: {', '.join(keys)}"


def _table(
    sites: list[Mapping[str, Any]], now: float, palette: Palette, width: int
) -> Iterator[str]:
    rows = _fitted([_HEADINGS, *(_row(site, now) for site in sites)], width)
    yield palette.paint("dim", "  ".join(rows[0]))
    for site, cells in zip(sites, rows[1:], strict=True):
        colour = _colour(site)
        cells[1] = palette.paint(colour, cells[1])
        cells[2] = palette.paint(colour, cells[2])
        yield "  ".join(cells)


def _fitted(rows: list[tuple[str, ...]], width: int) -> list[list[str]]:
    """Give the rows as columns, with shorter names where a line would be too long."""
    longest = max(len(row[0]) for row in rows)
    excess = max(len("  ".join(cells)) for cells in columns(rows)) - width
    room = max(_LEAST_NAME, longest - max(0, excess))
    return columns([(shortened(row[0], room), *row[1:]) for row in rows])


def _row(site: Mapping[str, Any], now: float) -> tuple[str, ...]:
    return (
        printable(site["name"]),
        site["state"],
        _in_sync(site),
        _pending(site),
        count(site["files"]),
        size(site["bytes"]),
        ago(site["last_reconcile_at"], now),
        _watcher(site),
    )


def _pending(site: Mapping[str, Any]) -> str:
    """Word how much waits; where the directory was not looked at yet, at least so much."""
    actions, is_known = site["pending"]["actions"], site.get("pending_known", True)
    if not actions:
        return "-" if is_known else "?"
    return count(actions) if is_known else f"{count(actions)}+"


def _watcher(site: Mapping[str, Any]) -> str:
    """Word how changes are heard of; a one-time pass, or a site that starts, has no watcher."""
    return "-" if site["watcher"] is None or site["state"] == "starting" else site["watcher"]


def _in_sync(site: Mapping[str, Any]) -> str:
    if site["in_sync"]:
        return "yes"
    return "not yet" if site["last_in_sync_at"] is None else "no"


def _colour(site: Mapping[str, Any]) -> str:
    if site["state"] in {"halted", "unavailable"}:
        return "red"
    return "green" if site["in_sync"] else "yellow"


def _remarks(site: Mapping[str, Any], now: float, width: int, advice: Advice) -> Iterator[str]:
    yield from _reason(site, width, advice)
    if site["state"] == "paused":
        yield f"  nothing is sent before: {_typed(site, 's3syncd resume SITE', advice)}"
    if site["held_deletions"]:
        yield from _held(site, advice)
    if not site["in_sync"] and site["last_in_sync_at"] is not None:
        yield f"  was in sync {ago(site['last_in_sync_at'], now)}"
    if site["pending"]["bytes"]:
        yield f"  {size(site['pending']['bytes'])} to send"
    waited = duration(site["oldest_pending_seconds"])
    if not site.get("pending_known", True):
        yield f"  not compared since {waited}: what waits is not known"
    elif site["oldest_pending_seconds"] or site["pending"]["actions"]:
        yield f"  the oldest change waits for {waited}"
    if hint := (site.get("capabilities") or {}).get("hint"):
        yield from wrapped(f"the store ignores conditions: {hint}", indent="  ", width=width)
    if limits := site.get("limits"):
        yield f"  limited to {_limits(limits)}"
    if site["foreign_objects"]:
        one, many = "object under the prefix is", "objects under the prefix are"
        foreign = counted(site["foreign_objects"], one, many)
        yield f"  {foreign} not ours"
    yield from _problems(site, now, width, advice)


def _held(site: Mapping[str, Any], advice: Advice) -> Iterator[str]:
    """Tell how many deletions are held, and, where the hint does not, the command for them."""
    held = counted(site["held_deletions"], "deletion is", "deletions are")
    if _APPROVE in (site["hint"] or ""):
        yield f"  {held} held"
        return
    them = "it" if site["held_deletions"] == 1 else "them"
    yield f"  {held} held; to let {them} go ahead:"
    yield f"    {_typed(site, _APPROVE, advice)}"


def _scrub(site: Mapping[str, Any], now: float, *, is_alone: bool) -> Iterator[str]:
    """Tell how far the reading of every file has come, or, of one site alone, when it ended."""
    files, ended = site.get("scrubbed_files"), site.get("last_scrub_at")
    if files is not None:
        yield f"  every file is read again: {count(files)} of {count(site['files'])} so far"
    if ended is not None and is_alone:
        yield f"  every file was read again {ago(ended, now)}"


def _limits(limits: Mapping[str, Any]) -> str:
    rate, number = limits["bytes_per_second"], limits["requests_per_second"]
    unit = "request/s" if number == 1 else "requests/s"
    words = [
        f"{size(rate)}/s" if rate else "",
        f"{number:g} {unit}" if number else "",
    ]
    return " and ".join(filter(None, words))


def _reason(site: Mapping[str, Any], width: int, advice: Advice) -> Iterator[str]:
    """Tell the closed word of what is wrong, what it means, and what to do."""
    hint_indent = "  "
    if word := site["reason"]:
        hint_indent = "    "
        meaning = REASONS[word].message if word in REASONS else ""
        yield from wrapped(f"{word}: {meaning}".rstrip(": "), indent="  ", width=width)
    yield from wrapped(_typed(site, site["hint"], advice), indent=hint_indent, width=width)


def _problems(site: Mapping[str, Any], now: float, width: int, advice: Advice) -> Iterator[str]:
    problems = site["problems"]
    for problem in problems[:_MAX_PROBLEMS]:
        since = ago(problem["since"], now)
        yield f"  {problem['reason']}: {printable(problem['path'])} ({since})"
        if problem["hint"] != site["hint"]:  # that was said of the site
            yield from wrapped(_typed(site, problem["hint"], advice), indent="    ", width=width)
    left = site["problems_total"] - min(len(problems), _MAX_PROBLEMS)
    if left > 0:
        yield f"  and {counted(left, 'more problem')} (--json shows up to 100)"


def _typed(site: Mapping[str, Any], hint: str | None, advice: Advice) -> str:
    """Give a hint with commands to copy, not to fill in."""
    return printable(advice.typed(site, hint))
