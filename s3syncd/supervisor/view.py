"""What the daemon shows over HTTP, out of published snapshots. Thread-safe; waits for nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from s3syncd.core.advice import Advice
from s3syncd.core.figures import SiteFigures
from s3syncd.core.health import Check, failing, is_ready, remarks
from s3syncd.core.plural import counted
from s3syncd.core.standing import waits_for_person
from s3syncd.core.tally import RequestTally
from s3syncd.supervisor.fleet import Fleet
from s3syncd.web.app import Verdict
from s3syncd.web.overview import Overview, SiteSeen

__all__ = ["DaemonView", "standing"]

_NAMED = 3  # sites that are not well, in a line for people


class DaemonView:
    """The view of the supervisor and its sites.

    Args:
        fleet: the sites.
        status: gives the status document.
        live: gives `{"ok": bool, ...}`.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        fleet: Fleet,
        *,
        status: Callable[[], Mapping[str, Any]],
        live: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._status = status
        self._live = live
        self._clock = clock

    def status(self) -> Mapping[str, Any]:
        """Give the status document, with commands for whoever knows of this daemon nothing else."""
        document = self._status()
        return Advice.with_file(document.get("config")).spoken(document)

    def live(self) -> Verdict:
        """Tell whether every loop turned lately."""
        told = self._live()
        return Verdict(bool(told["ok"]), () if told["ok"] else (str(told["error"]),))

    def health(self) -> Verdict:
        """Tell whether every site progresses, and of each that does not, why; and who is paused."""
        sites = self.checked()
        advice = Advice.with_file(self._status().get("config"))
        lines = [
            f"{one.site}: {one.check}: {advice.typed(status, one.detail)}"
            for status, checks in sites
            for one in checks
        ]
        is_good = not lines
        lines += [line for status, checks in sites if not checks for line in remarks(status)]
        return Verdict(is_good, tuple(lines))

    def checked(self) -> list[tuple[Mapping[str, Any], list[Check]]]:
        """Give of each site its status and the checks that fail."""
        figures, now = self._fleet.figures(), self._clock()
        return [
            (status, failing(status, figures.get(status["name"]), now))
            for status in self._fleet.snapshots()
        ]

    def ready(self) -> Verdict:
        """Tell whether the first reconcile is done of every site that can."""
        waited = [status for status in self._fleet.snapshots() if not is_ready(status)]
        lines = tuple(f"{one['name']}: {one['state']}: no reconcile yet" for one in waited)
        return Verdict(not waited, lines)

    def overview(self) -> Overview:
        """Give what the page shows."""
        document = dict(self._status())
        sites, figures, now = document.pop("sites"), self._fleet.figures(), self._clock()
        seen = []
        for status in sites:
            own = figures.get(status["name"])
            lines = tuple(f"{one.check}: {one.detail}" for one in failing(status, own, now))
            seen.append(SiteSeen(status, own, lines))
        return Overview(document, seen)

    def metrics(self) -> tuple[str, bytes]:
        """Give the content type and the text of the metrics."""
        from s3syncd import metrics  # noqa: PLC0415 - 11 MiB that nobody needs who does not ask

        document = self._status()
        figures, tallies, now = self._fleet.figures(), self._fleet.tallies(), self._clock()
        readings = []
        for status in document["sites"]:
            name = status["name"]
            own = figures.get(name)
            readings.append(
                metrics.SiteReading(
                    status,
                    own or SiteFigures(),
                    tallies.get(name) or RequestTally(),
                    is_healthy=not failing(status, own, now),
                )
            )
        text = metrics.exposition(
            readings,
            version=document["version"],
            started_at=document["started_at"],
            is_config_refused="reload_error" in document,
        )
        return metrics.CONTENT_TYPE, text


def standing(checked: Iterable[tuple[Mapping[str, Any], list[Check]]]) -> str:
    """Give one line: how many sites are in sync, and which are not well.

    Args:
        checked: each site's status, and its checks that fail.
    """
    sites = list(checked)
    line = f"{counted(len(sites), 'site')}, {sum(status['in_sync'] for status, _ in sites)} in sync"
    held = [(s["name"], "held") for s, checks in sites if not checks and waits_for_person(s)]
    unwell = [(status["name"], checks[0].check) for status, checks in sites if checks] + held
    paused = sum(status["state"] == "paused" for status, checks in sites if not checks)
    line += f", {paused} paused" if paused else ""
    if not unwell:
        return line
    named = ", ".join(f"{name} ({check})" for name, check in unwell[:_NAMED])
    more = f" and {len(unwell) - _NAMED} more" if len(unwell) > _NAMED else ""
    return f"{line}; not well: {named}{more}"
