"""One pass over the sites by the same site, pool and transfer as the daemon; then stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from s3syncd.config.models import Config
from s3syncd.core.standing import code_of, waits_for_person
from s3syncd.errors import UnknownSiteError
from s3syncd.site import Progress
from s3syncd.supervisor.fleet import Fleet
from s3syncd.supervisor.state import held_state
from s3syncd.supervisor.supervisor import status_document

__all__ = ["Looked", "Watch", "is_all_over", "sync"]

_LOOK_SECONDS = 0.1  # progress bars move this often
_ATTEMPTS = 3  # a bucket, or a site, that failed so often in a row is given up for this time
_TROUBLE_SECONDS = 5.0  # nothing pending but problems for this long: they need a person
# Nothing sent, finished or seen for so long, and nothing on its way: a file whose writer never
# pauses (settle_deadline_seconds is 60), or a listing that fails again and again.
_STALL_SECONDS = 90.0
_GRACE_SECONDS = 5.0  # after the deadline: a scan thread gets 2 s to end


def sync(
    config: Config, site: str | None, progress: Callable[[Progress], None]
) -> tuple[int, dict[str, Any]]:
    """Bring the sites (or one) in sync once.

    Returns:
        The exit code (0 in sync, 3 held or halted, 4 not in sync) and the status document.

    Raises:
        UnknownSiteError: there is no such site.
        FatalError: another daemon has the state directory, or it cannot be used.
    """
    chosen = [each for each in config.sites if site in {None, each.name}]
    if not chosen:
        raise UnknownSiteError.of(site, [each.name for each in config.sites])
    config = config.model_copy(update={"sites": tuple(chosen)})
    started_at = time.time()
    with held_state(config):
        fleet = Fleet(config, is_one_shot=True)
        try:
            fleet.start()
            _work(fleet, progress)
        finally:
            _drain(fleet, time.monotonic() + config.shutdown_timeout_seconds)
        report = status_document(fleet, started_at)
    return code_of(report["sites"]), report


def _work(fleet: Fleet, progress: Callable[[Progress], None]) -> None:
    pause, watches = threading.Event(), dict[str, Watch]()
    is_over = False
    while not is_over:
        pause.wait(_LOOK_SECONDS)
        fleet.tick()
        moved = {one.site: one for one in fleet.progress()}
        for one in moved.values():
            progress(one)
        is_over = is_all_over(fleet, watches, moved, time.monotonic())


def is_all_over(
    fleet: Looked, watches: dict[str, Watch], moved: Mapping[str, Progress], now: float
) -> bool:
    """Whether there is nothing more to be had from any site.

    Args:
        fleet: the sites.
        watches: one for each site that has begun; made here.
        moved: how far those are.
        now: monotonic seconds.
    """
    attempts, waiting = fleet.attempts(), fleet.waiting()
    over = [  # every watch looks, also after one that is not over
        each["name"] not in waiting  # of some thousand sites, the last begin after minutes
        and watches.setdefault(each["name"], Watch(now)).is_over(
            each, moved.get(each["name"]), attempts[each["name"]], now
        )
        for each in fleet.snapshots()
    ]
    return all(over)


class Looked(Protocol):
    """What is looked at of a `Fleet`."""

    def attempts(self) -> dict[str, int]:
        """Give, by site, how often in a row it failed."""

    def waiting(self) -> frozenset[str]:
        """Name the sites whose turn to start has not come."""

    def snapshots(self) -> list[dict[str, Any]]:
        """Give each site's status."""


def _drain(fleet: Fleet, deadline: float) -> None:
    pause = threading.Event()
    fleet.begin_stop(deadline)
    while not fleet.has_stopped() and time.monotonic() < deadline:
        pause.wait(_LOOK_SECONDS)
        fleet.tick()
    fleet.end_stop(_GRACE_SECONDS)


class Watch:
    """Judges when there is nothing more to be had from one site. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._quiet_since = now
        self._moved_at = now
        self._furthest = (0, 0, 0)

    def is_over(
        self, status: dict[str, Any], progress: Progress | None, attempts: int, now: float
    ) -> bool:
        """Whether the site is in sync, or will not be without a person or the daemon."""
        if progress is not None:
            self._note(progress, now)
        is_quiet = _is_quiet(status)
        if not is_quiet:
            self._quiet_since = now
        is_working = status["state"] == "syncing" and _under_way(status) > 0
        is_stalled = not is_working and now - self._moved_at >= _STALL_SECONDS
        return (
            status["in_sync"]
            or status["state"] in {"halted", "paused"}
            or status["reason"] == "root_missing"
            or attempts >= _ATTEMPTS
            or (is_quiet and waits_for_person(status))
            or now - self._quiet_since >= _TROUBLE_SECONDS
            or is_stalled
        )

    def _note(self, progress: Progress, now: float) -> None:
        seen = (progress.done_files, progress.sent_bytes, progress.scanned_files)
        furthest = (
            max(self._furthest[0], seen[0]),
            max(self._furthest[1], seen[1]),
            max(self._furthest[2], seen[2]),
        )
        if furthest != self._furthest:
            self._furthest, self._moved_at = furthest, now


def _is_quiet(status: dict[str, Any]) -> bool:
    """Whether nothing is under way that would end by itself soon."""
    is_idle = status["state"] in {"idle", "unavailable"}
    has_passed = status["last_reconcile_at"] is not None
    return is_idle and has_passed and not _under_way(status)


def _under_way(status: dict[str, Any]) -> int:
    """Count what is pending and does not wait to be tried again."""
    pending = status["pending"]
    return int(pending["actions"]) - int(pending["failed"])
