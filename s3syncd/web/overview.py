"""What the page shows of a site: a short row among all sites, and everything about one. Pure.

What a row holds is bounded whatever a site says of itself: of ten thousand problems it shows three,
and of a long path its ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from typing import Any, NamedTuple

from s3syncd.core.advice import Advice
from s3syncd.core.figures import SiteFigures
from s3syncd.core.safety import REASONS
from s3syncd.core.standing import DELETIONS, SKIPPED, awaited_of

__all__ = ["Overview", "SiteSeen", "detail_of", "recent_of", "row_of"]

_SHOWN = 3  # problems in a row; the page of the site has a hundred
_RECENT = 20  # changes of all sites together
_PATH_CHARACTERS = 200
_HINT_CHARACTERS = 500
_FAILING = 5
_WORK = ("put", "deleted", "reclassed")


class SiteSeen(NamedTuple):
    """One site: its status, what it published besides (None: nothing yet), failing checks."""

    status: Mapping[str, Any]
    figures: SiteFigures | None
    failing: tuple[str, ...]


class Overview(NamedTuple):
    """All there is to see: the status document without its sites, and the sites."""

    daemon: Mapping[str, Any]
    sites: Sequence[SiteSeen]


def row_of(seen: SiteSeen, advice: Advice) -> dict[str, Any]:
    """Give what stands of a site among the others."""
    status = seen.status
    return {
        **_common(seen, advice),
        "problems": [
            {
                "path": _cut(problem["path"], _PATH_CHARACTERS),
                "reason": problem["reason"],
                "hint": _cut(advice.typed(status, problem["hint"]), _HINT_CHARACTERS),
                "since": problem["since"],
            }
            for problem in _obstacles(status)[:_SHOWN]
        ],
    }


def detail_of(seen: SiteSeen, advice: Advice) -> dict[str, Any]:
    """Give everything about a site."""
    status, figures = seen.status, seen.figures or SiteFigures()
    return {
        **_common(seen, advice),
        "problems": [
            {**problem, "hint": advice.typed(status, problem["hint"])}
            for problem in status["problems"]
        ],
        "held_list": status["held_list"],
        "foreign_objects": status["foreign_objects"],
        "last_rescan_at": status["last_rescan_at"],
        "limits": status.get("limits"),
        "window": status.get("in_flight_window"),
        "effects": dict(figures.effects),
        "failures": dict(figures.failures),
        "unwatched": figures.unwatched,
        "recent": recent_of([seen]),
    }


def recent_of(sites: Iterable[SiteSeen]) -> list[dict[str, Any]]:
    """Give the last changes that the sites made in their buckets, the newest first."""
    busy = [seen for seen in sites if seen.figures is not None and seen.figures.recent]
    # A site without one of the newest has none among them, so few are looked at.
    latest = nlargest(_RECENT, busy, key=_newest)
    found = [
        (one.at_wall, seen.status["name"], one)
        for seen in latest
        if seen.figures is not None
        for one in seen.figures.recent
    ]
    found.sort(key=lambda entry: entry[0], reverse=True)
    return [
        {
            "at": round(wall * 1000),
            "site": name,
            "effect": one.effect,
            "path": _cut(one.path, _PATH_CHARACTERS),
            "bytes": one.size_bytes,
        }
        for wall, name, one in found[:_RECENT]
    ]


def _newest(seen: SiteSeen) -> float:
    return seen.figures.recent[-1].at_wall if seen.figures is not None else 0.0


def _common(seen: SiteSeen, advice: Advice) -> dict[str, Any]:
    status, figures = seen.status, seen.figures or SiteFigures()
    reason = status["reason"]
    is_in_sync = status["in_sync"]
    return {
        "name": status["name"],
        "level": _level(seen),
        "state": status["state"],
        "mode": status["mode"],
        "in_sync": is_in_sync,
        "since": status["in_sync_since"],
        # Of a site in sync this is now, and would be another value each second.
        "was": None if is_in_sync else status["last_in_sync_at"],
        "actions": status["pending"]["actions"],
        "pending_known": status.get("pending_known", True),
        "bytes_pending": status["pending"]["bytes"],
        "oldest": status["oldest_pending_seconds"],
        "held": status["held_deletions"],
        "command": _command(status, advice),
        "reason": reason,
        "meaning": REASONS[reason].message if reason in REASONS else None,
        "hint": _cut(advice.typed(status, status["hint"]), _HINT_CHARACTERS),
        "failing": [
            _cut(advice.typed(status, line), _HINT_CHARACTERS) for line in seen.failing[:_FAILING]
        ],
        "problems_total": status["problems_total"],
        "obstacles": _obstacle_count(status),
        "last_reconcile_at": status["last_reconcile_at"],
        "watcher": status["watcher"],
        "files": status["files"],
        "bytes": status["bytes"],
        "sent": figures.sent_bytes,
        "done": sum(figures.effects.get(effect, 0) for effect in _WORK),
    }


def _level(seen: SiteSeen) -> str:
    """Say in one word how much a person is needed: bad, attention, paused, working or good."""
    status = seen.status
    if status["state"] == "paused":
        return "attention" if seen.failing else "paused"
    if seen.failing or status["state"] in {"halted", "unavailable"}:
        return "bad"
    if status["held_deletions"]:
        return "attention"
    if status["in_sync"]:
        return "good"
    return "attention" if _obstacle_count(status) else "working"


def _obstacle_count(status: Mapping[str, Any]) -> int:
    """Count the problems that are more than reported."""
    return int(status["problems_total"]) - int(status.get("problems_skipped", 0))


def _obstacles(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [problem for problem in status["problems"] if problem["reason"] not in SKIPPED]


def _command(status: Mapping[str, Any], advice: Advice) -> str | None:
    """Give the command that a person would type next, to copy and not to fill in."""
    awaited = awaited_of(status)
    if awaited == DELETIONS:
        how = "approve SITE --list HASH" if status["held_list"] else "status SITE"
        return advice.typed(status, f"s3syncd {how}")
    if awaited:
        return advice.typed(status, f"s3syncd approve SITE --only {awaited}")
    if status["reason"] == "bucket_unavailable":
        return advice.typed(status, "s3syncd check")
    return advice.typed(status, "s3syncd resume SITE") if status["state"] == "paused" else None


def _cut(text: str, length: int) -> str:
    """Shorten a text in its middle: a path's end tells more than what comes before it."""
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]} … {text[-half:]}"
