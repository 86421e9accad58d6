"""A view and a log in place of the daemon's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3syncd.web.app import Verdict
from s3syncd.web.overview import Overview, SiteSeen

__all__ = ["STATUS", "FakeView", "Lines"]

STATUS = {
    "version": "1", "started_at": "2026-01-01T00:00:00Z",
    "sites": [{"name": "a", "state": "idle", "in_sync": True, "reason": None}],
}  # fmt: skip


class FakeView:
    """Shows what a test says."""

    def __init__(self) -> None:
        self.is_live = self.is_healthy = self.is_ready = True
        self.document: dict[str, Any] = STATUS
        self.metrics_text = b"s3syncd_in_sync 1\n"

    def status(self) -> Mapping[str, Any]:
        return self.document

    def live(self) -> Verdict:
        return Verdict(self.is_live, () if self.is_live else ("no turn for 30 s: a",))

    def health(self) -> Verdict:
        return Verdict(self.is_healthy, () if self.is_healthy else ("a: bucket_unavailable: 403",))

    def ready(self) -> Verdict:
        return Verdict(self.is_ready, () if self.is_ready else ("a: scanning: no reconcile yet",))

    def overview(self) -> Overview:
        daemon = {key: value for key, value in self.document.items() if key != "sites"}
        return Overview(daemon, [SiteSeen(site, None, ()) for site in self.document["sites"]])

    def metrics(self) -> tuple[str, bytes]:
        return "text/plain; version=0.0.4; charset=utf-8", self.metrics_text


class Lines:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **facts: object) -> None:
        self.told.append((event, facts))

    warning = error = info

    def events(self) -> list[str]:
        return [event for event, _ in self.told]
