"""Whether each site progresses, told from what it publishes. Pure.

Trouble that needs nobody is red all the same: health is for alerts, and no restart follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from s3syncd.core.figures import SiteFigures

__all__ = ["HELPLESS", "Check", "failing", "is_ready"]

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


def is_ready(status: Mapping[str, Any]) -> bool:
    """Whether the first reconcile is done, or cannot be."""
    cannot = status["state"] == "paused" or status["state"] in HELPLESS
    return status["last_reconcile_at"] is not None or cannot


def _by_status(status: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    state = status["state"]
    if state in HELPLESS:
        yield status["reason"] or state, status["hint"] or f"the site is {state}"
    if state == "paused":
        yield "paused", "`s3syncd resume` lets it go on"
    if status["watcher"] == "down" and state not in {"starting", *HELPLESS}:
        yield "watcher_down", "changes are found by rescans only; see the log"


def _by_figures(
    status: Mapping[str, Any], figures: SiteFigures, now: float
) -> Iterable[tuple[str, str]]:
    if status["state"] not in {"paused", *HELPLESS}:
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
    if figures.refused:
        yield (
            figures.refused,
            "the bucket refused the last write; the problems in the status say why",
        )
    since = figures.begun_at if figures.reconciled_at is None else figures.reconciled_at
    if now - since > 2 * figures.reconcile_interval_seconds + OVERDUE_SECONDS:
        yield "reconcile_overdue", f"the last reconcile was {now - since:.0f} s ago"
    if not figures.is_ledger_writable:
        yield "ledger_read_only", "the file system of state_dir is mounted read-only"
