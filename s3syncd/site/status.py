"""What a site says of itself: the published snapshot, and the one log line a second while it works.

The site thread writes, anyone may read: a snapshot is a new dict each time, handed over by
replacing one reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from s3syncd.core.entry import Problem
from s3syncd.core.figures import SiteFigures
from s3syncd.core.safety import REASONS
from s3syncd.core.standing import SKIPPED
from s3syncd.errors import LedgerError
from s3syncd.site.figures import Gauge, LastTimes
from s3syncd.site.passes import Pass
from s3syncd.site.pending import is_at_rest, is_working, pending_of
from s3syncd.site.problems import HELD

if TYPE_CHECKING:
    from s3syncd.site.site import Site

__all__ = ["Board", "Progress"]

_PUBLISH_SECONDS = 0.25  # a quarter of the second within which a change of state must show
_SUMMARY_SECONDS = 1.0
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work of a site has come, for progress bars. Frozen.

    `done_files` and `sent_bytes` count since start; `pending_files` and `pending_bytes` are
    planned or in flight (they grow while a scan still finds files); `scanned_files` of the pass
    under way. `is_waiting`: no pass has looked at everything yet, and none is under way (root or
    bucket cannot be reached, for example), so that there being nothing to do says nothing; `state`
    tells which of the states of the status that is.
    """

    site: str
    done_files: int
    sent_bytes: int
    pending_files: int
    pending_bytes: int
    scanned_files: int
    is_scanning: bool
    is_waiting: bool = False
    state: str = ""


class Board:
    """Publishes the status of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._snapshot: dict[str, Any] = {}
        self._progress: Progress | None = None
        self.gauge = Gauge(site, site.parts.clock())
        self._figures: SiteFigures | None = None
        self._published_at = float("-inf")
        self._summary_at = float("-inf")
        self._summary_total = 0
        self._in_sync_since_wall: float | None = None
        self._last_in_sync_wall: float | None = None
        self._last_rescan_wall: float | None = None
        self._last_reconcile_wall: float | None = None
        self._was = (False, "")
        self.has_reconciled = False
        self.foreign_objects = 0
        self.turned_at = 0.0

    @property
    def snapshot(self) -> dict[str, Any]:
        """The last published status; never changed after publication."""
        return self._snapshot

    @property
    def progress(self) -> Progress | None:
        """The last published progress."""
        return self._progress

    @property
    def figures(self) -> SiteFigures | None:
        """The last published figures."""
        return self._figures

    def pass_done(self, one: Pass) -> None:
        """Note a whole pass that came to its end."""
        self.gauge.pass_done(is_listed=one.is_listed)
        wall = self._site.parts.wall()
        self._last_rescan_wall = wall
        if one.is_listed:
            self._last_reconcile_wall = wall
            self.has_reconciled = True
            self.foreign_objects = one.tally.foreign_objects
        self._site.parts.log.info(
            "reconcile.done" if one.is_listed else "rescan.done",
            files=one.tally.local_files,
            unchanged=one.tally.unchanged,
            seconds=round(self._site.parts.clock() - one.started_at, 3),
        )

    def publish(self, now: float, *, is_forced: bool = False) -> None:
        """Publish if something that matters changed, or the last snapshot is old."""
        self.turned_at = now
        self.gauge.look(now)
        is_in_sync = self._is_in_sync()
        if is_in_sync:
            self._last_in_sync_wall = self._site.parts.wall()
            if not self._was[0]:
                self._in_sync_since_wall = self._last_in_sync_wall
        state = self._state()
        is_due = now - self._published_at >= _PUBLISH_SECONDS
        if is_forced or is_due or (is_in_sync, state) != self._was:
            self._was = (is_in_sync, state)
            self._published_at = now
            self._snapshot = self._status(now, state, is_in_sync=is_in_sync)
            self._progress = self._progress_now()
            self._figures = self.gauge.read(
                now,
                is_at_rest=is_in_sync or is_at_rest(self._site),
                walls=LastTimes(
                    self._last_in_sync_wall, self._last_rescan_wall, self._last_reconcile_wall
                ),
            )
        self._log_summary(now)

    def publish_outage(self, now: float, error: LedgerError) -> None:
        """Publish that the ledger cannot be written; everything else is as it was."""
        self.turned_at = now
        self._was = (False, "")
        age, waited = self._snapshot["oldest_pending_seconds"], now - self._published_at
        self._published_at = now
        self._snapshot = {
            **self._snapshot,
            "oldest_pending_seconds": round(age + waited, 3) if age else 0.0,
            "state": "unavailable",
            "reason": "ledger_unavailable",
            "hint": error.hint or error.message,
            "in_sync": False,
            "in_sync_since": None,
        }

    def _is_in_sync(self) -> bool:
        site = self._site
        is_idle = not (
            len(site.looks)
            or len(site.backlog)
            or site.backlog.in_flight
            or site.recovery.unseen
            or site.schedule.is_behind
            or site.hearing.has_news
        )
        return (
            self.has_reconciled
            and is_idle
            and site.access.is_ready
            and not site.space.is_low
            and not site.hold.count
            and not site.retirement.waiting
            and not site.problems.obstacles
            and not site.decisions.approved_drift
            and not site.retries.shown()[0]
        )

    def _state(self) -> str:
        site = self._site
        if site.pause.is_on:
            return "paused"
        if site.access.is_halted:
            return "halted"
        if site.access.reason or site.space.is_low:
            return "unavailable"
        if not site.access.is_ready:
            return "starting"
        if is_working(site):
            return "syncing"
        return "scanning" if site.schedule.whole is not None else "idle"

    def _status(self, now: float, state: str, *, is_in_sync: bool) -> dict[str, Any]:
        site, settings = self._site, self._site.parts.settings
        files, size_bytes = site.parts.ledger.count()
        problems, problems_total = self._problems()
        reason, hint = self._reason(now)
        watcher, pending = site.parts.watcher, pending_of(site, now)
        return {
            "name": settings.name,
            "state": state,
            "reason": reason or None,
            "hint": hint or None,
            "paused_at": _rfc3339(site.pause.since_wall),
            "mode": settings.mode,
            "in_sync": is_in_sync,
            "in_sync_since": _rfc3339(self._in_sync_since_wall) if is_in_sync else None,
            "last_in_sync_at": _rfc3339(self._last_in_sync_wall),
            "pending": {
                "actions": pending.actions, "bytes": pending.size_bytes, "failed": pending.failed,
            },
            "pending_known": self.gauge.unknown_since is None,
            "oldest_pending_seconds": pending.oldest_seconds,
            "held_deletions": site.hold.count,
            "held_list": site.hold.list_hash,
            "foreign_objects": self.foreign_objects,
            "problems": problems,
            "problems_total": problems_total,
            "problems_skipped": site.problems.skipped,
            "last_rescan_at": _rfc3339(self._last_rescan_wall),
            "last_reconcile_at": _rfc3339(self._last_reconcile_wall),
            "last_scrub_at": _rfc3339(site.scrub.ended_wall),
            "scrubbed_files": site.scrub.files,  # None: none is under way
            "capabilities": site.access.capabilities.shown(),
            "watcher": watcher.kind if watcher is not None else None,  # None: a one-time pass
            "in_flight_window": site.parts.bucket.window.limit,
            "files": files,
            "bytes": size_bytes,
        }  # fmt: skip

    def _reason(self, now: float) -> tuple[str, str]:
        site = self._site
        if site.access.reason:
            return site.access.reason, site.access.hint
        if waits_for := site.access.waits_for(now):
            return "", waits_for
        if site.space.is_low:
            return site.space.reason, site.space.hint
        if site.hold.count:
            return site.hold.reason, site.hold.hint
        if site.schedule.is_listing_incomplete:
            return "listing_incomplete", REASONS["listing_incomplete"].remedy
        return site.problems.guard()

    def _problems(self) -> tuple[list[dict[str, Any]], int]:
        total, retries = self._site.retries.shown()
        access = self._site.access
        # What ails the whole site is told once: in the same words, which may be newer.
        said = {access.reason: access.hint} if access.reason else {}
        tried = [
            Problem(r.path, r.reason, said.get(r.reason, r.hint), r.since_wall) for r in retries
        ]
        found = self._site.problems.shown()
        held = [p for p in found if p.reason in HELD]  # first: the exit code depends on it
        listed = [p for p in found if p.reason not in SKIPPED | HELD]
        skipped = [p for p in found if p.reason in SKIPPED]
        shown = [*held, *tried, *listed, *skipped][:_SHOWN]
        return [_as_json(p) for p in shown], total + len(self._site.problems)

    def _progress_now(self) -> Progress:
        site, whole = self._site, self._site.schedule.whole
        counters, backlog = site.counters, site.backlog
        return Progress(
            site.parts.settings.name,
            done_files=counters.done,
            sent_bytes=counters.sent_bytes,
            pending_files=len(backlog) + len(backlog.in_flight),
            pending_bytes=backlog.pending_bytes,
            scanned_files=whole.tally.local_files if whole is not None else 0,
            is_scanning=whole is not None,
            is_waiting=whole is None and not self.has_reconciled,
            state=str(self._snapshot.get("state") or ""),
        )

    def _log_summary(self, now: float) -> None:
        total = self._site.counters.total
        if total == self._summary_total or now - self._summary_at < _SUMMARY_SECONDS:
            return
        counters, progress = self._site.counters, self._progress
        finished, self._summary_total, self._summary_at = total - self._summary_total, total, now
        self._site.parts.log.info(
            "transfer.summary",
            finished=finished,
            pending=self._snapshot["pending"]["actions"],
            sent_bytes=counters.sent_bytes,
            scanned=progress.scanned_files if progress else 0,
            **counters.effects,
        )


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "reason": problem.reason,
        "hint": problem.hint,
        "since": _rfc3339(problem.since),
    }


def _rfc3339(wall: float | None) -> str | None:
    """Return seconds since the epoch as RFC 3339 in UTC, or None."""
    if wall is None:
        return None
    return (
        datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
