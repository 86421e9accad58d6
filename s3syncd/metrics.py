"""The metrics of the daemon in Prometheus's text format; the only module that knows its client.

Nothing is counted here: what sites and requests count anyway is read when somebody asks, so that a
transferred file pays for no metric. Every series exists from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from s3syncd.core.figures import EFFECTS, FAILURES, STATES, SiteFigures
from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import BOUNDS_SECONDS, TIMED, RequestTally

__all__ = ["CONTENT_TYPE", "SiteReading", "exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The format that every version of Prometheus reads; metric names need no more."""


@dataclass(frozen=True, slots=True)
class SiteReading:
    """One site at one moment: its status, its figures, its requests, whether it is healthy."""

    status: Mapping[str, Any]
    figures: SiteFigures = field(default_factory=SiteFigures)
    tally: RequestTally = field(default_factory=RequestTally)
    is_healthy: bool = False


def exposition(
    readings: Sequence[SiteReading],
    *,
    version: str,
    started_at: str,
    is_config_refused: bool = False,
) -> bytes:
    """Give all metrics, as text in UTF-8.

    Args:
        readings: of every site.
        version: of the daemon.
        started_at: RFC 3339.
        is_config_refused: the file was changed and cannot be used; the one before is in force.
    """
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Readings(readings, version, started_at, is_config_refused))
    return generate_latest(registry)


class _Readings:
    """A collector of one moment."""

    def __init__(
        self, readings: Sequence[SiteReading], version: str, started_at: str, is_refused: bool
    ) -> None:
        self._readings = readings
        self._version = version
        self._started_at = started_at
        self._is_refused = is_refused

    def describe(self) -> list[Metric]:
        """Say nothing: the registry is made for one answer."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every family."""
        build = GaugeMetricFamily(
            "s3syncd_build_info", "The version that runs; always 1.", labels=["version"]
        )
        build.add_metric([self._version], 1)
        yield build
        yield GaugeMetricFamily(
            "s3syncd_start_timestamp_seconds",
            "When the daemon started.",
            value=_timestamp(self._started_at),
        )
        yield GaugeMetricFamily(
            "s3syncd_config_refused",
            "1 while the changed file cannot be used.",
            value=float(self._is_refused),
        )
        for name, text, read in _COUNTERS:
            yield self._filled(CounterMetricFamily(name, text, labels=["site"]), read)
        for name, text, label, read_all in _LABELLED_COUNTERS:
            counters = CounterMetricFamily(name, text, labels=["site", label])
            yield self._filled_by_label(counters, read_all)
        for name, text, read in _GAUGES:
            yield self._filled(GaugeMetricFamily(name, text, labels=["site"]), read)
        states = GaugeMetricFamily(
            "s3syncd_site_state", "1 for the state the site is in.", labels=["site", "state"]
        )
        yield self._filled_by_label(states, _states)
        yield self._durations()

    def _filled(self, family: Metric, read: Callable[[SiteReading], float]) -> Metric:
        for one in self._readings:
            family.add_sample(_sample_name(family), {"site": one.status["name"]}, read(one))
        return family

    def _filled_by_label(
        self, family: Any, read: Callable[[SiteReading], Mapping[str, float]]
    ) -> Metric:
        for one in self._readings:
            for word, value in read(one).items():
                family.add_metric([one.status["name"], word], value)
        filled: Metric = family
        return filled

    def _durations(self) -> Metric:
        family = HistogramMetricFamily(
            "s3syncd_request_duration_seconds",
            "From sending a request for objects to the end of its answer, over all sites.",
            labels=["operation"],
        )
        for operation in TIMED:
            rows = [one.tally.timed[operation] for one in self._readings]
            counts = [sum(row[place] for row in rows) for place in range(len(BOUNDS_SECONDS) + 1)]
            below, buckets = 0.0, []
            for bound, count in zip((*BOUNDS_SECONDS, "+Inf"), counts, strict=True):
                below += count
                buckets.append((str(bound), below))
            family.add_metric([operation], buckets, sum_value=sum(row[-1] for row in rows))
        return family


def _sample_name(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _timestamp(written: str | None) -> float:
    return datetime.fromisoformat(written).timestamp() if written else 0.0


def _states(one: SiteReading) -> dict[str, float]:
    return {state: float(one.status["state"] == state) for state in STATES}


def _by_effect(one: SiteReading) -> dict[str, float]:
    return {effect: one.figures.effects.get(effect, 0) for effect in EFFECTS}


def _by_failure(one: SiteReading) -> dict[str, float]:
    found: dict[str, float] = dict.fromkeys(FAILURES, 0)
    for reason, count in one.figures.failures.items():
        found[reason if reason in found else "other"] += count
    return found


def _by_class(one: SiteReading) -> Mapping[str, float]:
    return one.tally.by_class()


def _by_kind(one: SiteReading) -> Mapping[str, float]:
    return {kind.value: one.tally.failures[kind] for kind in FailureKind}


_COUNTERS: Sequence[tuple[str, str, Callable[[SiteReading], float]]] = (
    (
        "s3syncd_uploaded_files_total",
        "Objects put.",
        lambda one: one.figures.effects.get("put", 0),
    ),
    (
        "s3syncd_uploaded_bytes_total",
        "Content sent in objects put.",
        lambda one: one.figures.sent_bytes,
    ),
    (
        "s3syncd_deleted_objects_total",
        "Objects deleted.",
        lambda one: one.figures.effects.get("deleted", 0),
    ),
    (
        "s3syncd_overwritten_objects_total",
        "Versions of somebody else's that were overwritten.",
        lambda one: one.figures.foreign_overwrites,
    ),
    ("s3syncd_rescan_passes_total", "Whole rescans.", lambda one: one.figures.rescans),
    ("s3syncd_reconcile_passes_total", "Whole reconciles.", lambda one: one.figures.reconciles),
    (
        "s3syncd_watch_overflows_total",
        "Times the kernel dropped events; a rescan follows each.",
        lambda one: one.figures.overflows,
    ),
)

_LABELLED_COUNTERS: Sequence[tuple[str, str, str, Callable[[SiteReading], Mapping[str, float]]]] = (
    ("s3syncd_finished_actions_total", "Actions carried out, by effect.", "effect", _by_effect),
    (
        "s3syncd_failed_actions_total",
        "Actions that failed, each time they were tried, by reason; each is tried again.",
        "reason",
        _by_failure,
    ),
    (
        "s3syncd_requests_total",
        "Requests sent, by what a bill calls them: write (PUT, COPY, POST), list, read (GET, HEAD),"
        " delete.",
        "class",
        _by_class,
    ),
    (
        "s3syncd_request_failures_total",
        "Requests for objects without success, by kind.",
        "kind",
        _by_kind,
    ),
)

_GAUGES: Sequence[tuple[str, str, Callable[[SiteReading], float]]] = (
    (
        "s3syncd_pending_actions",
        "Paths dirty, planned, in flight, or to be tried again.",
        lambda one: one.status["pending"]["actions"],
    ),
    (
        "s3syncd_pending_bytes",
        "Content of the pending paths, as far as it is known.",
        lambda one: one.status["pending"]["bytes"],
    ),
    (
        "s3syncd_oldest_pending_seconds",
        "Age of the oldest change that is not in the bucket, or since it is not known.",
        lambda one: one.status["oldest_pending_seconds"],
    ),
    ("s3syncd_in_sync", "1 while both sides are equal.", lambda one: one.status["in_sync"]),
    ("s3syncd_site_healthy", "1 while the site progresses.", lambda one: one.is_healthy),
    (
        "s3syncd_paused_timestamp_seconds",
        "When somebody paused the site; 0: it is not paused.",
        lambda one: _timestamp(one.status.get("paused_at")),
    ),
    (
        "s3syncd_last_in_sync_timestamp_seconds",
        "When the site was last in sync; 0: not since its start.",
        lambda one: one.figures.last_in_sync_wall,
    ),
    (
        "s3syncd_last_rescan_timestamp_seconds",
        "When a whole scan last ended; 0: not since its start.",
        lambda one: one.figures.last_rescan_wall,
    ),
    (
        "s3syncd_last_reconcile_timestamp_seconds",
        "When a reconcile last ended; 0: not since its start.",
        lambda one: one.figures.last_reconcile_wall,
    ),
    (
        "s3syncd_last_scrub_timestamp_seconds",
        "When every file had last been read again; 0: never.",
        lambda one: one.figures.last_scrub_wall,
    ),
    (
        "s3syncd_scrubbed_files",
        "Files that the scrub under way has come to; 0: none is.",
        lambda one: one.figures.scrubbed_files,
    ),
    (
        "s3syncd_held_deletions",
        "Deletions that wait for a person.",
        lambda one: one.status["held_deletions"],
    ),
    (
        "s3syncd_problem_paths",
        "Paths with a problem, skipped ones included.",
        lambda one: one.status["problems_total"],
    ),
    (
        "s3syncd_foreign_objects",
        "Objects of the prefix that are not ours.",
        lambda one: one.status["foreign_objects"],
    ),
    (
        "s3syncd_watch_unwatched_directories",
        "Directories that cannot be watched, and are scanned in turn.",
        lambda one: one.figures.unwatched,
    ),
    (
        "s3syncd_in_flight_window",
        "Requests the bucket may get at once, as it has shown to bear them.",
        lambda one: one.status.get("in_flight_window", 0),
    ),
    ("s3syncd_synced_files", "Files in the ledger.", lambda one: one.status["files"]),
    ("s3syncd_synced_bytes", "Their content.", lambda one: one.status["bytes"]),
)
