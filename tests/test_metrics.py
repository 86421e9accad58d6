"""The metrics are complete from the start, true, and what dashboards and alerts ask for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from s3syncd.core.cost import LIST_DOLLARS, PRICES, storage_class_of
from s3syncd.core.figures import EFFECTS, FAILURES, STATES, SiteFigures
from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import CLASSES, TIMED, RequestTally
from s3syncd.metrics import SiteReading, exposition
from s3syncd.transfer import outcomes

ROOT = Path(__file__).resolve().parents[1]
ALERTS = ROOT / "contrib/prometheus/alerts.yml"
CASES = ROOT / "contrib/prometheus/alerts.test.yml"
DASHBOARD = ROOT / "contrib/grafana/dashboard.json"
README = (ROOT / "README.md").read_text(encoding="utf-8")

_NAME = re.compile(r"\b(?:s3syncd|process)_[a-z_]+")
_CLOSED = {
    "effect": set(EFFECTS),
    "reason": set(FAILURES),
    "state": set(STATES),
    "class": set(CLASSES),
    "kind": {kind.value for kind in FailureKind},
    "operation": set(TIMED),
}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def status(name: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "name": name, "state": "idle", "reason": None, "hint": None, "mode": "upload",
        "in_sync": True, "pending": {"actions": 3, "bytes": 7}, "oldest_pending_seconds": 1.5,
        "held_deletions": 2, "foreign_objects": 4, "problems_total": 5, "watcher": "inotify",
        "files": 10, "bytes": 100, "in_flight_window": 64,
    } | changes  # fmt: skip


def samples(*readings: SiteReading) -> Samples:
    """Give every sample of a whole exposition, read by Prometheus's own parser."""
    text = exposition(readings, version="1.2", started_at="2026-01-01T00:00:00Z").decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def names(found: Samples) -> set[str]:
    return {name for name, _ in found}


def value(found: Samples, metric: str, **labels: str) -> float:
    return found[metric, tuple(sorted(labels.items()))]


def test_every_series_exists_from_the_start_with_closed_labels() -> None:
    found = samples(SiteReading(status()))
    seen: dict[str, set[str]] = {}
    for _, labels in found:
        for label, word in labels:
            seen.setdefault(label, set()).add(word)
    assert {label: seen[label] for label in _CLOSED} == _CLOSED
    assert set(seen) == {*_CLOSED, "site", "version", "le"}
    assert seen["site"] == {"a"}


def test_names_say_what_and_in_which_unit() -> None:
    found = names(samples(SiteReading(status())))
    ours = {name for name in found if name.startswith("s3syncd_")}
    assert len(ours) > 25
    assert ours | {"process_resident_memory_bytes"} <= found
    assert {name for name in ours if name.endswith("_created")} == set()


def test_values_are_those_of_the_site() -> None:
    tally = RequestTally()
    tally.answered("PutObject", 0.02, None)
    tally.answered("PutObject", 0.2, FailureKind.THROTTLED)
    tally.note("CreateMultipartUpload")
    tally.gather()
    figures = SiteFigures(
        effects={"put": 8, "deleted": 1}, failures={"transient": 2, "a new word": 3},
        sent_bytes=99, foreign_overwrites=1, rescans=5, reconciles=6, overflows=7, unwatched=9,
        last_in_sync_wall=1000.5,
    )  # fmt: skip
    found = samples(SiteReading(status(), figures, tally, is_healthy=True))
    expected = {
        "s3syncd_uploaded_files_total": 8, "s3syncd_uploaded_bytes_total": 99,
        "s3syncd_deleted_objects_total": 1, "s3syncd_overwritten_objects_total": 1,
        "s3syncd_rescan_passes_total": 5, "s3syncd_reconcile_passes_total": 6,
        "s3syncd_watch_overflows_total": 7, "s3syncd_watch_unwatched_directories": 9,
        "s3syncd_pending_actions": 3, "s3syncd_pending_bytes": 7,
        "s3syncd_oldest_pending_seconds": 1.5, "s3syncd_held_deletions": 2,
        "s3syncd_last_in_sync_timestamp_seconds": 1000.5, "s3syncd_in_flight_window": 64,
        "s3syncd_in_sync": 1, "s3syncd_site_healthy": 1, "s3syncd_problem_paths": 5,
    }  # fmt: skip
    assert {name: value(found, name, site="a") for name in expected} == expected
    assert value(found, "s3syncd_failed_actions_total", site="a", reason="transient") == 2
    assert value(found, "s3syncd_failed_actions_total", site="a", reason="other") == 3
    assert value(found, "s3syncd_requests_total", site="a", **{"class": "write"}) == 3
    assert value(found, "s3syncd_request_failures_total", site="a", kind="throttled") == 1
    assert value(found, "s3syncd_site_state", site="a", state="idle") == 1
    assert sum(v for (n, _), v in found.items() if n == "s3syncd_site_state") == 1


def test_the_times_of_requests_are_those_of_all_sites() -> None:
    first, second = RequestTally(), RequestTally()
    first.answered("PutObject", 0.02, None)
    second.answered("PutObject", 0.2, None)
    second.answered("PutObject", 60.0, None)
    found = samples(SiteReading(status("a"), tally=first), SiteReading(status("b"), tally=second))
    name = "s3syncd_request_duration_seconds"
    assert value(found, f"{name}_count", operation="PutObject") == 3
    assert value(found, f"{name}_sum", operation="PutObject") == pytest.approx(60.22)
    assert value(found, f"{name}_bucket", operation="PutObject", le="0.025") == 1
    assert value(found, f"{name}_bucket", operation="PutObject", le="30.0") == 2
    assert value(found, f"{name}_bucket", operation="PutObject", le="+Inf") == 3


def test_a_site_name_of_any_kind_is_a_label() -> None:
    found = samples(SiteReading(status('b"\\\n/ä')))
    assert value(found, "s3syncd_in_sync", site='b"\\\n/ä') == 1


def test_every_reason_of_a_failed_action_has_its_series() -> None:
    verdicts = [verdict[1] for verdict in outcomes._VERDICTS.values() if verdict[0] != "Superseded"]
    verdicts += [verdict[1] for verdict in outcomes._SYSTEM_VERDICTS.values()]
    assert set(verdicts) <= set(FAILURES)


# --- what is made of them ----------------------------------------------------------------------


def rules() -> list[dict[str, Any]]:
    return [
        rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [*queries, *(rule["expr"] for rule in rules())]


def test_alerts_and_dashboard_ask_for_metrics_that_exist() -> None:
    existing = names(samples(SiteReading(status())))
    asked = {name for each in expressions() for name in _NAME.findall(each)}
    assert asked
    assert asked - existing == set()


def test_alerts_and_dashboard_ask_in_a_language_that_prometheus_reads() -> None:
    for each in expressions():
        # Grafana puts a time in the place of its variable.
        promql_parser.parse(each.replace("$__rate_interval", "5m").replace("$__range", "1h"))


@pytest.mark.parametrize("wrong", ["sum(a", "rate(s3syncd_in_sync)", "a and 1", "tme() > 5"])
def test_what_prometheus_would_refuse_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        promql_parser.parse(wrong)


def test_rules_are_written_as_prometheus_reads_them() -> None:
    keys = {"alert", "expr", "for", "labels", "annotations"}
    for rule in rules():
        assert rule.keys() <= keys
        assert rule["annotations"].keys() <= {"summary", "description"}
        promql_parser.parse_duration(rule.get("for", "1s"))
        for text in rule["annotations"].values():
            assert (
                re.sub(r"\{\{ \$(labels\.(site|instance)|value)( \| \w+)? \}\}", "", text).count(
                    "{{"
                )
                == 0
            )
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_alerts_and_dashboard_ask_for_labels_that_exist() -> None:
    for each in expressions():
        for label, word in re.findall(r'(\w+)=~?"([^"$]*)"', each):
            assert label == "job" or set(word.split("|")) <= _CLOSED[label], each


def test_the_dashboard_has_the_prices_of_the_plan() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    (panel,) = [panel for panel in panels if panel["title"].startswith("What they cost")]
    (target,) = panel["targets"]
    standard = storage_class_of(None)
    assert standard is not None
    told = re.findall(r"(0\.\d+) \* sum\([^)]*class=~?\"([a-z|]+)\"", target["expr"])
    assert {words: float(price) for price, words in told} == {
        "write|list": standard.write, "read": standard.read,
    }  # fmt: skip
    assert standard.write == LIST_DOLLARS
    assert PRICES in panel["description"]


def test_every_alert_tells_how_bad_it_is_and_what_to_do() -> None:
    assert {"S3syncdDown", "S3syncdLag", "S3syncdUnhealthy", "S3syncdHeldDeletions"} <= {
        rule["alert"] for rule in rules()
    }
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_the_readme_names_metrics_that_exist() -> None:
    existing = names(samples(SiteReading(status())))
    named = set(re.findall(r"`(s3syncd_[a-z_]+)", README))
    assert named
    assert named - existing - {"s3syncd_request_duration_seconds"} == set()


def test_every_metric_is_explained_and_no_other() -> None:
    text = exposition([SiteReading(status())], version="1", started_at="2026-01-01T00:00:00Z")
    existing = set(re.findall(r"^# TYPE (s3syncd_\w+) ", text.decode(), re.MULTILINE))
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = page.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(s3syncd_\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    assert {name for name, *_ in rows} == existing
    assert len(rows) == len(existing)


def test_a_scrape_grows_with_the_sites_and_with_nothing_else() -> None:
    busy = SiteFigures(
        effects=dict.fromkeys(map(str, range(100)), 1),
        failures=dict.fromkeys(map(str, range(100)), 1),
    )
    sizes = [
        len(samples(*(SiteReading(status(f"s{number}"), busy) for number in range(sites))))
        for sites in (1, 2, 3)
    ]
    each = sizes[1] - sizes[0]
    assert sizes[2] - sizes[1] == each
    assert each < 80


promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def test_each_alert_is_tried_where_it_fires_and_where_it_is_silent() -> None:
    tried: dict[str, set[bool]] = {}
    for case in yaml.safe_load(CASES.read_text())["tests"]:
        for one in case.get("alert_rule_test", []):
            tried.setdefault(one["alertname"], set()).add(bool(one["exp_alerts"]))
    assert tried == {rule["alert"]: {True, False} for rule in rules()}


@promtool
def test_prometheus_fires_each_alert_where_it_should_and_not_elsewhere() -> None:
    done = subprocess.run(
        ["promtool", "test", "rules", str(CASES)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_promtool_accepts_the_alerts() -> None:
    subprocess.run(["promtool", "check", "rules", str(ALERTS)], check=True)


@promtool
def test_promtool_has_nothing_to_say_about_the_metrics() -> None:
    text = exposition([SiteReading(status())], version="1", started_at="2026-01-01T00:00:00Z")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, check=True
    )
    assert done.stdout + done.stderr == b""


def test_a_refused_configuration_is_a_metric() -> None:
    for is_refused in (False, True):
        text = exposition(
            [], version="1", started_at="2026-01-01T00:00:00Z", is_config_refused=is_refused
        )
        assert f"s3syncd_config_refused {float(is_refused)}\n" in text.decode()
