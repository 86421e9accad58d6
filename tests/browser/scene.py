"""A daemon of whatever sites a test wants to see: no thread, no bucket, no directory."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from s3syncd.core.figures import Recent, SiteFigures
from s3syncd.web.app import Verdict
from s3syncd.web.overview import Overview, SiteSeen

__all__ = ["Scene", "moment", "problem", "site"]


def moment(seconds_ago: float = 0.0) -> str:
    """Give a time as the status has it."""
    at = datetime.fromtimestamp(time.time() - seconds_ago, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem(path: str, reason: str = "refused", hint: str = "Look at it.") -> dict[str, Any]:
    """Give a problem as the status has it."""
    return {"path": path, "reason": reason, "hint": hint, "since": moment(120)}


def site(name: str, **facts: Any) -> dict[str, Any]:
    """Give a site's status, in sync unless told otherwise."""
    is_in_sync = facts.get("in_sync", True)
    return {
        "name": name, "state": "idle", "reason": None, "hint": None, "mode": "upload",
        "in_sync": is_in_sync, "in_sync_since": moment(7200) if is_in_sync else None,
        "last_in_sync_at": moment(0 if is_in_sync else 300),
        "pending": {"actions": 0, "bytes": 0}, "oldest_pending_seconds": 0.0,
        "held_deletions": 0, "held_list": None, "foreign_objects": 0, "problems": [],
        "problems_total": len(facts.get("problems", ())), "last_rescan_at": moment(600),
        "last_reconcile_at": moment(4000), "watcher": "inotify", "in_flight_window": 64,
        "files": 1234, "bytes": 567_890_123, "limits": None,
    } | facts  # fmt: skip


class Scene:
    """A view that shows what it was told; `tell` changes a site, thread-safe by replacement."""

    def __init__(self, sites: Iterable[dict[str, Any]] = ()) -> None:
        self.sites = {one["name"]: one for one in sites}
        self.figures: dict[str, SiteFigures] = {}
        self.failing: dict[str, tuple[str, ...]] = {}
        self.daemon: dict[str, Any] = {"version": "1.2.3", "started_at": moment(86400)}
        self.looks = 0

    def show(self, *sites: dict[str, Any]) -> None:
        """Show these sites and no others."""
        self.figures, self.failing = {}, {}
        self.sites = {one["name"]: one for one in sites}

    def tell(self, name: str, /, **facts: Any) -> None:
        """Change a site's status, or add it."""
        self.sites = {**self.sites, name: {**self.sites.get(name, site(name)), **facts}}

    def sent(self, name: str, *paths: str, size_bytes: int = 1000, effect: str = "put") -> None:
        """Have a site send some files."""
        old = self.figures.get(name, SiteFigures())
        done = old.effects.get(effect, 0) + len(paths)
        new = tuple(Recent(time.time(), effect, path, size_bytes) for path in paths)
        self.figures = {
            **self.figures,
            name: SiteFigures(
                effects={**old.effects, effect: done},
                sent_bytes=old.sent_bytes + size_bytes * len(paths),
                recent=(*old.recent, *new)[-20:],
            ),
        }

    def status(self) -> dict[str, Any]:
        return {**self.daemon, "sites": list(self.sites.values())}

    def overview(self) -> Overview:
        self.looks += 1
        seen = [
            SiteSeen(one, self.figures.get(name), self.failing.get(name, ()))
            for name, one in self.sites.items()
        ]
        return Overview(self.daemon, seen)

    def live(self) -> Verdict:
        return Verdict(True)

    health = ready = live

    def metrics(self) -> tuple[str, bytes]:
        return "text/plain", b""
