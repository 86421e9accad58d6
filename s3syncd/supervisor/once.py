"""One pass over the sites by the same site, pool and transfer as the daemon; then stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from s3syncd.config.models import Config
from s3syncd.errors import ConfigError
from s3syncd.site import Progress
from s3syncd.supervisor.supervisor import Supervisor

__all__ = ["sync"]

_LOOK_SECONDS = 0.1  # progress bars move this often
_CONTACTS = 3  # a bucket that failed so often in a row is given up for this time
_TROUBLE_SECONDS = 5.0  # nothing pending but problems for this long: they need a person
_HELD, _NOT_IN_SYNC = 3, 4


def sync(
    config: Config, site: str | None, progress: Callable[[Progress], None]
) -> tuple[int, dict[str, Any]]:
    """Bring the sites (or one) in sync once.

    Returns:
        The exit code (0 in sync, 3 held or halted, 4 not in sync) and the status document.

    Raises:
        ConfigError: there is no such site.
        FatalError: another daemon has the state directory.
    """
    names = [each.name for each in config.sites]
    if site is not None and site not in names:
        raise ConfigError([f"there is no site {site!r}"], hint=f"sites: {', '.join(names)}")
    supervisor = Supervisor(config, is_one_shot=True)
    with supervisor.opened():
        fleet = supervisor.fleet
        fleet.start(only=site)
        try:
            _work(supervisor, progress)
        finally:
            deadline = time.monotonic() + config.shutdown_timeout_seconds
            fleet.begin_stop(deadline)
            while not fleet.has_stopped() and time.monotonic() < deadline:
                threading.Event().wait(_LOOK_SECONDS)
            report = supervisor.status()
            fleet.end_stop()
    return _code(report["sites"]), report


def _work(supervisor: Supervisor, progress: Callable[[Progress], None]) -> None:
    pause = threading.Event()
    quiet_since = time.monotonic()
    while True:
        pause.wait(_LOOK_SECONDS)
        supervisor.fleet.tick()
        for one in supervisor.fleet.progress():
            progress(one)
        sites = supervisor.fleet.snapshots()
        now = time.monotonic()
        if not all(_is_quiet(each) for each in sites):
            quiet_since = now
        is_over = now - quiet_since >= _TROUBLE_SECONDS
        if all(_is_done(each) for each in sites) or (
            is_over or supervisor.fleet.worst_contact() >= _CONTACTS
        ):
            return


def _is_done(site: dict[str, Any]) -> bool:
    if site["in_sync"] or site["state"] == "halted":
        return True
    return site["reason"] == "root_missing" or bool(site["held_deletions"] and _is_quiet(site))


def _is_quiet(site: dict[str, Any]) -> bool:
    """Whether nothing is under way that would end by itself soon."""
    is_idle = site["state"] in {"idle", "paused", "halted", "unavailable"}
    return is_idle and not site["pending"]["actions"] and site["last_reconcile_at"] is not None


def _code(sites: list[dict[str, Any]]) -> int:
    if any(site["state"] == "halted" or site["held_deletions"] for site in sites):
        return _HELD
    return 0 if all(site["in_sync"] for site in sites) else _NOT_IN_SYNC
