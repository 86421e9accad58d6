"""Whether each site progresses, told from what it publishes. Pure.

Trouble that needs nobody is red all the same: health is for alerts, and no restart follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from s3syncd.core.figures import SiteFigures

__all__ = ["HELPLESS", "Check", "failing", "is_ready", "remarks"]

STILL_SECONDS: Final = 600.0
"""Nothing came forward for so long although there is something to do. The longest that one request
of a transfer may take is 190 s (an 8 MiB part at the slowest speed that is waited for), and a
failed one is tried again within 300 s."""

WAITING_SECONDS: Final = 3600.0
"""The oldest change may wait so long: what failed for good is tried again within an hour."""

OVERDUE_SECONDS: Final = 3600.0
"""On top of twice the interval, for the reconcile itself."""

DEAF_SECONDS: Final = 120.0
"""The watcher proved nothing for so long. A sign is sent every 5 s and late after 10; a deaf one is
exchanged, at most once a minute, and the next proves itself at once."""

SILENT_SECONDS: Final = 120.0
"""One step in the directory (open it, list a directory of it, look at 512 files) took so long: a
large directory on a slow disk takes seconds, a network file system waits for a lost server."""

FORGOTTEN_SECONDS: Final = 86400.0
"""A pause is no failure: somebody wanted it. After a day it is taken for forgotten: a backup that
nobody has."""

HELPLESS: Final = frozenset({"halted", "unavailable"})
"""States in which a site can do nothing."""


class Check(NamedTuple):
    """A check that fails: of which site, its closed name, and what is wrong."""

    site: str
    check: str
    detail: str


def failing(status: Mapping[str, Any], figures: SiteFigures | None, now: float) -> list[Check]:
    """Give the checks of one site that fail; none: it progresses.

    Args:
        status: the site, as the status document has it.
        figures: what it published; None: nothing yet.
        now: monotonic seconds.
    """
    found = list(_by_status(status))
    if figures is not None:
        found += _by_figures(status, figures, now)
    return [Check(status["name"], check, detail) for check, detail in found]


def remarks(status: Mapping[str, Any]) -> list[str]:
    """Give what is worth a word though it is no failure."""
    if status["state"] != "paused":
        return []
    return [f"{status['name']}: paused since {status['paused_at']}, no failure for a day"]


def is_ready(status: Mapping[str, Any]) -> bool:
    """Whether the first reconcile is done, or cannot be."""
    cannot = status["state"] == "paused" or status["state"] in HELPLESS
    return status["last_reconcile_at"] is not None or cannot


def _by_status(status: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    state = status["state"]
    if state in HELPLESS:
        yield status["reason"] or state, status["hint"] or f"the site is {state}"
    if status["watcher"] == "down" and state not in {"starting", *HELPLESS}:
        yield "watcher_down", "changes are found by rescans only; see the log"


def _by_figures(
    status: Mapping[str, Any], figures: SiteFigures, now: float
) -> Iterable[tuple[str, str]]:
    if status["state"] == "paused":
        yield from _by_pause(figures, now)
    else:
        if status["state"] not in HELPLESS:
            yield from _by_progress(status, figures, now)
        yield from _by_bucket(figures, now)
    if not figures.is_ledger_writable:
        yield "ledger_read_only", "the file system of state_dir is mounted read-only"


def _by_pause(figures: SiteFigures, now: float) -> Iterable[tuple[str, str]]:
    seconds = 0.0 if figures.paused_at is None else now - figures.paused_at
    if seconds > FORGOTTEN_SECONDS:
        hours = f"{seconds / 3600:.0f} hours ago"
        yield "paused", f"somebody paused it {hours}; `s3syncd resume SITE` lets it go on"


def _by_progress(
    status: Mapping[str, Any], figures: SiteFigures, now: float
) -> Iterable[tuple[str, str]]:
    if figures.root_silent_seconds > SILENT_SECONDS:
        silent = f"the directory has not answered for {figures.root_silent_seconds:.0f} s"
        yield "root_silent", f"{silent}; its file system hangs"
    still = now - figures.progressed_at
    if still > STILL_SECONDS:
        yield "no_progress", f"nothing came forward for {still:.0f} s"
    proved_at = figures.watcher_proved_at
    if proved_at is not None and now - proved_at > DEAF_SECONDS:
        deaf = f"no sign came back through the watcher for {now - proved_at:.0f} s"
        yield "watcher_deaf", deaf
    oldest = status["oldest_pending_seconds"]
    if figures.reconciled_at is not None and oldest > WAITING_SECONDS:
        yield "oldest_pending", f"the oldest change has waited for {oldest:.0f} s"


def _by_bucket(figures: SiteFigures, now: float) -> Iterable[tuple[str, str]]:
    if figures.refused:
        yield (
            figures.refused,
            "the bucket refused the last write; the problems in the status say why",
        )
    since = figures.begun_at if figures.reconciled_at is None else figures.reconciled_at
    if now - since > 2 * figures.reconcile_interval_seconds + OVERDUE_SECONDS:
        yield "reconcile_overdue", f"the last reconcile was {now - since:.0f} s ago"
