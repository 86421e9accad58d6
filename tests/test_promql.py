"""Our own reading of PromQL, which the scenarios of alerts use, says what Prometheus says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest

from s3syncd.core.figures import SiteFigures
from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import RequestTally
from s3syncd.metrics import SiteReading, exposition
from tests.promql import Scrape, holds, scraped
from tests.test_metrics import DASHBOARD, rules, status

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed"
)

DAY = 86_400
AT = 3 * DAY
STEPS = 10  # scrapes within each range; Prometheus takes the line between them
_RANGE = re.compile(r"\[(\w+)\]")


def exposed(*readings: SiteReading, started: float = 0.0) -> Scrape:
    text = exposition(
        readings, version="1", started_at="1970-01-01T00:00:00Z", is_config_refused=started > 0
    ).decode()
    text = re.sub(r"(?m)^(s3syncd_start_timestamp_seconds) .*", rf"\1 {started}", text)
    text = re.sub(r"(?m)^process_\w+ .*", "process_resident_memory_bytes 7e7", text, count=1)
    ours = scraped(text, job="s3syncd", instance="h")
    return {**ours, **scraped("up 0\n", job="s3syncd", instance="h")}


def tally(requests: int) -> RequestTally:
    found = RequestTally()
    for number in range(requests):
        found.answered("PutObject", 0.02, FailureKind.THROTTLED if number % 3 else None)
    found.gather()
    return found


def troubled() -> tuple[Scrape, Scrape]:
    """Three sites, each with other trouble: a scrape before and one now."""
    many = SiteFigures(
        effects={"put": 36_000}, failures={"transient": 90_000, "refused": 18_000},
        sent_bytes=10**9, overflows=36, reconciles=1, last_reconcile_wall=DAY / 2,
        last_in_sync_wall=DAY,
    )  # fmt: skip
    few = replace(many, effects={}, failures={}, sent_bytes=0, overflows=0)
    paused = {"paused_at": "1970-01-02T00:00:00Z", "state": "paused"}
    late: dict[str, Any] = {"in_sync": False, "oldest_pending_seconds": 5000.0}
    now = [
        SiteReading(status("a", **late), many, tally(900)),
        SiteReading(status("b", **late, **paused, held_deletions=0), many, tally(0)),
        SiteReading(status("c", in_sync=False, state="halted"), SiteFigures(), is_healthy=True),
    ]
    before = [
        SiteReading(status("a"), few), SiteReading(status("b"), few), SiteReading(status("c")),
    ]  # fmt: skip
    return exposed(*before), exposed(*now, started=60.0)


def calm() -> tuple[Scrape, Scrape]:
    figures = SiteFigures(last_reconcile_wall=AT - 60.0, last_in_sync_wall=float(AT))
    well = status("a", held_deletions=0, oldest_pending_seconds=0.0)
    scrape = exposed(SiteReading(well, figures, is_healthy=True))
    return scrape, scrape


def panels() -> list[str]:
    """Give what the dashboard asks for, with times and names in the places of its variables."""
    queries = [
        target["expr"]
        for panel in json.loads(DASHBOARD.read_text())["panels"]
        for target in panel.get("targets", [])
    ]
    return [
        each.replace("$__rate_interval", "5m").replace("$instance", ".+").replace("$site", ".+")
        for each in queries
    ]


def case(
    expression: str, before: Scrape, now: Scrape, question: str, expected: list[dict[str, Any]]
) -> dict[str, Any]:
    """Make a case for promtool: every value goes in a straight line through the range."""
    found = _RANGE.search(expression)
    step = round(promql.parse_duration(found[1]).total_seconds()) // STEPS if found else 300
    series = []
    for name, labels, value in flat(now):
        if name not in expression:
            continue
        first = before.get(name, {}).get(labels, 0.0) if found else value
        rise = f"{first!r}+{(value - first) / STEPS!r}x{STEPS}".replace("+-", "-")
        values = f"_x{AT // step - STEPS} {rise}"
        series.append({"series": f"{name}{{{shown(labels)}}}", "values": values})
    asked = {"expr": question, "eval_time": f"{AT}s", "exp_samples": expected}
    return {"interval": f"{step}s", "input_series": series, "promql_expr_test": [asked]}


def shown(labels: frozenset[tuple[str, str]]) -> str:
    return ", ".join(f"{label}={json.dumps(word)}" for label, word in sorted(labels))


def flat(scrape: Scrape) -> Iterator[tuple[str, frozenset[tuple[str, str]], float]]:
    for name, samples in scrape.items():
        for labels, value in samples.items():
            yield name, labels, value


def prometheus_agrees(tmp_path: Path, cases: list[dict[str, Any]]) -> None:
    page = tmp_path / "cases.yml"
    page.write_text(json.dumps({"evaluation_interval": "1h", "tests": cases}))  # JSON is YAML
    done = subprocess.run(
        ["promtool", "test", "rules", str(page)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_says_the_same_of_every_alert(tmp_path: Path) -> None:
    cases, true_of = [], set()
    for before, now in (troubled(), calm()):
        for rule in rules():
            if "changes(" in rule["expr"]:  # of a range we know but the ends
                continue
            found = holds(rule["expr"], now, before=before, at=AT)
            expected = [
                {
                    "labels": "{" + shown(labels) + "}",
                    "value": round(1000 * value),
                }
                for labels, value in found.items()
            ]
            # In thousandths: the two add up in another order.
            question = f"round(1000 * ({rule['expr']}))"
            cases.append(case(rule["expr"], before, now, question, expected))
            true_of |= {rule["alert"]} if found else set()
    prometheus_agrees(tmp_path, cases)
    assert true_of | {"S3syncdRestarts"} == {rule["alert"] for rule in rules()}


def test_every_panel_shows_something(tmp_path: Path) -> None:
    before, now = troubled()
    something = [{"labels": "{}", "value": 1}]
    prometheus_agrees(
        tmp_path,
        [case(each, before, now, f"count({each}) > bool 0", something) for each in panels()],
    )
