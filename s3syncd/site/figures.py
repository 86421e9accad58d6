"""Gathers what a site publishes for metrics and health. Owned by the site thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from s3syncd.core.figures import SiteFigures

if TYPE_CHECKING:
    from s3syncd.site.site import Site

__all__ = ["Gauge", "LastTimes"]


class LastTimes(NamedTuple):
    """When something was last so, in seconds since the epoch; None: never."""

    in_sync: float | None
    rescan: float | None
    reconcile: float | None


class Gauge:
    """Notes when something came forward, and gives the figures.

    Attributes:
        unknown_since: since when nobody has looked at the whole directory that stands there now
            (monotonic seconds): any number of changes may wait. None: it was looked at.
    """

    def __init__(self, site: Site, now: float) -> None:
        self._site = site
        self._begun_at = self._progressed_at = now
        self.unknown_since: float | None = None
        self._mark: tuple[object, ...] = ()
        self._reconciled_at: float | None = None
        self._rescans = 0
        self._reconciles = 0

    def pass_done(self, *, is_listed: bool) -> None:
        """Note a whole pass that came to its end."""
        self.unknown_since = None
        if is_listed:
            self._reconciles += 1
            self._reconciled_at = self._site.parts.clock()
        else:
            self._rescans += 1

    def look(self, now: float) -> None:
        """Note a root that is not there yet, or lost: what is in it then, nobody knows."""
        if self.unknown_since is None and not self._site.access.is_root_ok:
            self.unknown_since = now

    def read(self, now: float, *, is_at_rest: bool, walls: LastTimes) -> SiteFigures:
        """Give the figures of now.

        Args:
            now: monotonic seconds.
            is_at_rest: there is nothing that could come forward.
            walls: the times that the status shows, too.
        """
        site, counters = self._site, self._site.counters
        mark = self._how_far()
        if is_at_rest or mark != self._mark:
            self._mark, self._progressed_at = mark, now
        return SiteFigures(
            effects=dict(counters.effects),
            failures=dict(counters.failures),
            sent_bytes=counters.sent_bytes,
            refused=counters.refused,
            foreign_overwrites=counters.foreign_overwrites,
            rescans=self._rescans,
            reconciles=self._reconciles,
            overflows=site.hearing.overflows,
            unwatched=site.hearing.unwatched,
            begun_at=self._begun_at,
            progressed_at=self._progressed_at,
            reconciled_at=self._reconciled_at,
            reconcile_interval_seconds=site.parts.settings.reconcile_interval_seconds,
            last_in_sync_wall=walls.in_sync or 0.0,
            last_rescan_wall=walls.rescan or 0.0,
            last_reconcile_wall=walls.reconcile or 0.0,
            last_scrub_wall=site.scrub.ended_wall or 0.0,
            scrubbed_files=site.scrub.files or 0,
            is_ledger_writable=not site.space.is_read_only,
            watcher_proved_at=site.hearing.proved_at,
            paused_at=site.pause.since,
            root_silent_seconds=site.parts.scanner.busy_seconds(),
            recent=tuple(counters.recent),
        )

    def _how_far(self) -> tuple[object, ...]:
        """Give what changes whenever something comes forward."""
        site = self._site
        whole = site.schedule.whole
        seen = (
            (
                whole.pass_id,
                whole.tally.local_files,
                whole.tally.remote_objects,
                whole.tally.position,
            )
            if whole
            else ()
        )
        # Of requests only the parts of a large file: a look at an object that is asked for again
        # and again, because its upload gets no answer, brings nothing forward.
        return site.counters.done, site.parts.bucket.tally.parts, seen
