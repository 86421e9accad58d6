"""One site of the configuration: its thread, what it holds, its restarts, and its honest status."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Protocol

from s3syncd import logs
from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.figures import SiteFigures
from s3syncd.core.retry import delay_seconds
from s3syncd.core.tally import RequestTally
from s3syncd.core.turns import InForce
from s3syncd.errors import LedgerError, S3SyncError, SiteError
from s3syncd.site import Progress, Site, SiteThread
from s3syncd.supervisor.desk import Desk

__all__ = ["Equipment", "Shop", "SiteLife", "unstarted"]

_LIVE_SECONDS = 30.0  # a site loop that did not turn for this long is stuck
_BUILD_SECONDS = 600.0  # after a crash a ledger is checked whole: minutes for ten million rows
_CALM_SECONDS = 60.0  # a site that ran this long starts its restarts anew
_LEAST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0  # a site that fails is tried at least this often
# Requests of the thread before are cancelled, and a stalled one fails after 32 s by itself; then
# the next thread starts all the same, and its second looks find what was applied late.
_CALLS_SECONDS = 35.0


class Equipment(Protocol):
    """What a site holds that must be given back when its thread has ended."""

    @property
    def in_flight(self) -> int:
        """Calls of the site that have not ended."""

    def expire(self, now: float) -> None:
        """Cancel requests that are over their deadline."""

    def hurry(self) -> None:
        """Cancel what waits for its turn under a limit."""

    def close_lanes(self) -> None:
        """Admit no more calls."""

    def close_bucket(self, timeout_seconds: float) -> None:
        """Cancel the requests in flight and let go of the connections."""


class Shop(Protocol):
    """Where sites are made."""

    def start(self) -> None:
        """Start what all sites share."""

    def stop(self, timeout_seconds: float) -> None:
        """Stop what all sites share."""

    def limit(self, config: Config) -> None:
        """Put the limits of a configuration in force, at once."""

    def limits(self, site: str) -> InForce:
        """Give what a site may use at most now. Thread-safe."""

    def tally(self, site: str) -> RequestTally:
        """Give the tally of the requests of a site. Thread-safe."""

    def equip(self, settings: SiteConfig, desk: Desk) -> Equipment:
        """Give what a site holds; called in the main thread, without network."""

    def bench(self, settings: SiteConfig, on_room: Callable[[], None]) -> Any:
        """Give a bucket and lanes of their own, within the site's limits."""

    def build(self, settings: SiteConfig, desk: Desk, equipment: Any) -> Site:
        """Make the site; called in its own thread."""


class SiteLife:
    """Starts one site, starts it again when it fails, and speaks for it while it cannot.

    Belongs to the main thread; `snapshot`, `progress`, `is_stuck` and `ask` may be called from any
    and read references that are replaced whole.

    Attributes:
        settings: never changes; a changed site is another life.
        failures: how often the thread failed in a row.
        is_launched: its turn to start has come.
        is_leaving: it was told to stop for good.
    """

    def __init__(self, settings: SiteConfig, shop: Shop, *, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.failures = 0
        self.is_launched = self.is_leaving = False
        self._shop = shop
        self._clock = clock
        self._desk = Desk(settings.name)
        self._equipment: Equipment | None = None
        self._thread: SiteThread | None = None
        self._last = unstarted(settings)
        self._error: BaseException | None = None
        self._started_at = 0.0
        self._ended_at = 0.0
        self._restart_at = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the site's thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_starting(self) -> bool:
        """Whether the thread runs, and has not yet seen its directory and its bucket."""
        return self.is_alive and self._published()["state"] == "starting"

    @property
    def bucket(self) -> Any:
        """The bucket that the site holds; None before it has one."""
        return getattr(self._equipment, "bucket", None)

    @property
    def contacts_failed(self) -> int:
        """How often in a row the bucket could not be reached."""
        site = self._site
        return site.access.attempts if site is not None else 0

    def launch(self) -> None:
        """Start the site's thread."""
        self.is_launched = True
        self._last = self._told(state="starting", reason=None, hint=None, pending_known=False)
        self._started_at = self._clock()
        self._error = None
        desk = self._desk = Desk(self.settings.name)
        try:
            equipment = self._equipment = self._shop.equip(self.settings, desk)
            self._thread = SiteThread(
                self.settings.name,
                desk.inbox,
                lambda: self._shop.build(self.settings, desk, equipment),
                clock=self._clock,
                on_end=self._ended,
            )
            self._thread.start()
        except Exception as error:  # noqa: BLE001 - no thread to be had: this site's trouble alone
            self._ended(error)

    def care(self, now: float, *, may_restart: bool) -> None:
        """Expire requests; start a failed site again when it is time."""
        if self.is_alive or not self.is_launched:
            if self._equipment is not None:
                self._equipment.expire(now)
            return
        if self._equipment is not None:
            self._equipment.close_bucket(0.0)
        if may_restart and now >= self._restart_at and self.is_gone(now):
            logs.logger(site=self.settings.name).info("site.restarted", failures=self.failures)
            self.launch()

    def is_gone(self, now: float) -> bool:
        """Whether thread and calls have ended (calls: or had the time to), so another may start."""
        if self.is_alive:
            return False
        has_calls = self._equipment is not None and self._equipment.in_flight
        return not has_calls or now >= self._ended_at + _CALLS_SECONDS

    def stop(self, deadline: float) -> None:
        """Have the site drain until `deadline` (monotonic seconds) and end."""
        if self._thread is not None:
            self._thread.stop(deadline)
        if self._equipment is not None:
            self._equipment.hurry()

    def leave(self, deadline: float) -> None:
        """Have the site drain and end for good; a second call does nothing."""
        if not self.is_leaving:
            self.is_leaving = True
            self.stop(deadline)

    def join(self, timeout_seconds: float) -> None:
        """Wait for the end of the thread."""
        if self._thread is not None and self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def let_go(self, timeout_seconds: float) -> None:
        """Give back what the site held."""
        if self._equipment is not None:
            self._equipment.close_lanes()
            self._equipment.close_bucket(timeout_seconds)

    def ask(
        self, name: str, arguments: dict[str, Any], reply: Callable[[dict[str, object]], None]
    ) -> None:
        """Send a command; one that cannot be heard is refused at once."""
        if self.is_stuck(self._clock()):
            reply({
                "ok": False,
                "error": f"site {self.settings.name} does not answer",
                "hint": "its thread is stuck, see the log; restart the daemon",
            })  # fmt: skip
        else:
            self._desk.ask(name, arguments, reply)

    def is_stuck(self, now: float) -> bool:
        """Whether the site's loop did not turn for 30 s; a failed site waits, and is not stuck."""
        if not self.is_alive:
            return False
        site = self._site
        if site is None:
            return now - self._started_at > _BUILD_SECONDS
        return now - max(site.board.turned_at, self._started_at) > _LIVE_SECONDS

    def progress(self) -> Progress | None:
        """Give the published progress."""
        site = self._site
        return site.board.progress if site is not None else None

    def figures(self) -> SiteFigures | None:
        """Give the published figures."""
        site = self._site
        return site.board.figures if site is not None else None

    def snapshot(self, now: float) -> dict[str, Any]:
        """Give the published status, or what is true instead when the site cannot speak."""
        error = self._error
        if self.is_leaving:
            hint = "It drains, and starts again with the changed configuration."
            return self._told(state="starting", hint=hint)
        if error is not None:
            return self._told(
                state="unavailable",
                reason=_reason_of(error),
                hint=_hint_of(error),
                watcher="down",
            )
        if self.is_stuck(now):
            hint = "The site's thread does not turn; see the log, and restart the daemon."
            return self._told(state="unavailable", hint=hint)
        return self._published()

    @property
    def _site(self) -> Site | None:
        return self._thread.site if self._thread is not None else None

    def _published(self) -> dict[str, Any]:
        site = self._site
        return (site.board.snapshot if site is not None else None) or self._last

    def _told(self, **facts: Any) -> dict[str, Any]:
        """Give the last status with what is known better; never in sync."""
        return {**self._published(), "in_sync": False, "in_sync_since": None, **facts}

    def _ended(self, error: BaseException | None) -> None:
        """Take the news of the thread's end, in that thread."""
        now = self._clock()
        self._ended_at = now
        self._desk.close()
        if self._equipment is not None:
            self._equipment.close_lanes()
        if error is None:
            return
        is_calm = now - self._started_at > _CALM_SECONDS
        self.failures = 1 if is_calm else self.failures + 1
        jitter = random.random()  # noqa: S311 - spreads restarts, keeps no secret
        pause = delay_seconds(self.failures, jitter, cap=_LONGEST_PAUSE_SECONDS)
        self._restart_at = now + max(_LEAST_PAUSE_SECONDS, pause)
        self._error = error
        is_known = isinstance(error, S3SyncError)
        logs.logger(site=self.settings.name).error(
            "site.failed",
            error=f"{type(error).__name__}: {error}",
            hint=_hint_of(error),
            exc_info=None if is_known else error,
        )


def unstarted(settings: SiteConfig) -> dict[str, Any]:
    """Give the status of a site whose thread has not published any."""
    return {
        "name": settings.name, "state": "starting", "reason": None, "hint": None,
        "paused_at": None, "mode": settings.mode,
        "in_sync": False, "in_sync_since": None, "last_in_sync_at": None,
        "pending": {"actions": 0, "bytes": 0, "failed": 0}, "oldest_pending_seconds": 0.0,
        "pending_known": False, "held_deletions": 0, "held_list": None, "foreign_objects": 0,
        "problems": [], "problems_total": 0, "problems_skipped": 0, "last_rescan_at": None,
        "last_reconcile_at": None, "last_scrub_at": None, "scrubbed_files": None,
        "capabilities": None, "watcher": "down", "files": 0, "bytes": 0,
    }  # fmt: skip


def _reason_of(error: BaseException) -> str | None:
    if isinstance(error, SiteError):
        return error.reason
    return "ledger_unavailable" if isinstance(error, LedgerError) else None


def _hint_of(error: BaseException) -> str:
    if isinstance(error, S3SyncError):
        return f"{error.message}: {error.hint}" if error.hint else error.message
    return f"The site failed ({type(error).__name__}) and is started again; see the log."
