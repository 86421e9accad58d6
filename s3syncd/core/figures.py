"""What a site publishes for metrics and health besides its status: plain numbers, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

__all__ = ["EFFECTS", "FAILURES", "STATES", "Recent", "SiteFigures"]

STATES: Final = ("starting", "scanning", "syncing", "idle", "paused", "halted", "unavailable")
"""What a site may be, as its status says."""

EFFECTS: Final = ("put", "adopted", "unchanged", "deleted", "gone", "reclassed", "none")
"""What a finished action may have done to the world."""

FAILURES: Final = (
    "access_denied", "bucket_unavailable", "canceled", "clock_skewed", "credentials",
    "internal_error", "io_error", "local_error", "refused", "stalled", "throttled",
    "too_many_open_files", "transient", "unreadable", "unstable", "vanished", "other",
)  # fmt: skip
"""Why an action may have failed; `other` stands for every word that is not here."""


class Recent(NamedTuple):
    """One change that was made in the bucket: when (seconds since the epoch), and what."""

    at_wall: float
    effect: str
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """Numbers of one site at one moment. Counts are since its thread started.

    Attributes:
        effects: finished actions by effect.
        failures: failed actions by reason, each time they were tried.
        sent_bytes: body bytes of objects put.
        refused: why the bucket refused the last write; empty: it took it.
        foreign_overwrites: versions of somebody else's that were overwritten.
        rescans: whole scans that came to their end, reconciles not counted.
        reconciles: whole comparisons with the listing that came to their end.
        overflows: times the kernel dropped events.
        unwatched: directories that cannot be watched, and are scanned in turn.
        begun_at: when the site's thread began, monotonic seconds.
        progressed_at: when something last came forward, or there was nothing to do.
        reconciled_at: when a reconcile last came to its end; None: not since `begun_at`.
        reconcile_interval_seconds: how often one is due.
        last_in_sync_wall: seconds since the epoch, 0 never; as the three below.
        scrubbed_files: how many files the scrub under way has come to; 0: none is.
        is_ledger_writable: the file system of the ledger takes writes.
        watcher_proved_at: when the watcher last proved to hear, monotonic seconds; None: it cannot
            be told (polling, no watch left for the signs).
        paused_at: when it was paused, monotonic seconds; None: it is not.
        root_silent_seconds: how long the step in the directory that is under way has taken.
        recent: the last changes that were made in the bucket, the newest last.
    """

    effects: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    sent_bytes: int = 0
    refused: str = ""
    foreign_overwrites: int = 0
    rescans: int = 0
    reconciles: int = 0
    overflows: int = 0
    unwatched: int = 0
    begun_at: float = 0.0
    progressed_at: float = 0.0
    reconciled_at: float | None = None
    reconcile_interval_seconds: float = 86400.0
    last_in_sync_wall: float = 0.0
    last_rescan_wall: float = 0.0
    last_reconcile_wall: float = 0.0
    last_scrub_wall: float = 0.0
    scrubbed_files: int = 0
    is_ledger_writable: bool = True
    watcher_proved_at: float | None = None
    paused_at: float | None = None
    root_silent_seconds: float = 0.0
    recent: tuple[Recent, ...] = ()
