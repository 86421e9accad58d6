"""`sync`: done here, or by the daemon that runs; what it waits for and says."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli import sync
from s3syncd.cli.progress import Progress
from s3syncd.config.models import Config
from tests.cli.daemon import LATER, FakeDaemon, site_status, write_config
from tests.cli.typed import parse
from tests.terminal import Terminal


def test_sync_without_a_daemon_does_it_here_and_reports(config: Path) -> None:
    asked: list[str | None] = []
    stream = io.StringIO()

    def do(_: Config, site: str | None, progress: Any) -> tuple[int, dict[str, Any]]:
        asked.append(site)
        progress(Progress("photos", 3, 30, 0, 0, 3, is_scanning=False))
        report = {"version": "0.1.0", "started_at": None, "sites": [site_status()]}
        return 0, report

    assert sync.execute(parse(config, "sync", "photos"), sync=do, stream=stream) == 0
    assert asked == ["photos"]
    assert "photos: 100%  3/3 files" in stream.getvalue()
    assert "idle" in stream.getvalue()


@pytest.mark.parametrize(
    ("stream", "changes", "level"),
    [
        (io.StringIO(), {}, "info"),
        (Terminal(), {}, "error"),
        (Terminal(), {"log": "{file: sync.log}"}, "info"),
    ],
    ids=["no terminal", "a log line would tear the bar", "the log goes elsewhere"],
)
def test_sync_keeps_its_bar_and_the_log_apart(
    tmp_path: Path, stream: io.StringIO, changes: dict[str, str], level: str
) -> None:
    levels: list[str] = []

    def do(config: Config, *_: object) -> tuple[int, None]:
        levels.append(config.log_level)
        return 0, None

    sync.execute(parse(write_config(tmp_path, **changes), "sync"), sync=do, stream=stream)
    assert levels == [level]


def test_sync_of_a_paused_site_says_so_and_who_ends_it(config: Path) -> None:
    stream = io.StringIO()

    def do(_: Config, _site: str | None, progress: Any) -> tuple[int, dict[str, Any]]:
        progress(Progress("photos", 0, 0, 0, 0, 0, False, True, "paused"))
        paused = site_status(state="paused", in_sync=False)
        return 4, {"version": "0.1.0", "started_at": None, "sites": [paused]}

    assert sync.execute(parse(config, "sync"), sync=do, stream=stream) == 4
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("s3syncd 0.1.0")  # not a bar of what is not done
    assert f"  nothing is sent before: s3syncd -c {config} resume photos" in lines
    assert lines[-2:] == [
        "not done: photos is paused",
        "a pause is ended through the daemon: start it, then resume",
    ]


@pytest.mark.parametrize("waiting", [0, 3])
def test_sync_of_a_site_that_the_daemon_has_paused_is_not_done_and_says_so_once(
    tmp_path: Path, config: Path, waiting: int
) -> None:
    stream, pending = io.StringIO(), {"actions": waiting, "bytes": waiting}
    paused = site_status(state="paused", pending=pending, in_sync=not waiting)
    both = [[paused, site_status("docs")], [paused, site_status("docs", last_reconcile_at=LATER)]]
    with FakeDaemon(tmp_path / "state", *both) as daemon:
        assert sync.execute(parse(config, "sync", "photos"), stream=stream) == 4
        daemon.steps = list(both)
        assert sync.execute(parse(config, "sync", "--json"), stream=io.StringIO()) == 4
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("s3syncd 0.1.0")
    assert lines[-1] == "not done: photos is paused"
    assert sum("nothing is sent" in line for line in lines) == 1


def test_what_sync_waits_for_is_not_said_twice(tmp_path: Path, config: Path) -> None:
    stream, halted = io.StringIO(), site_status(state="halted", in_sync=False)
    with FakeDaemon(tmp_path / "state", [halted]):
        assert sync.execute(parse(config, "sync"), stream=stream) == 3
    assert stream.getvalue().count("halted: a person is waited for") == 1


def test_sync_with_a_daemon_lets_it_do_the_work(tmp_path: Path, config: Path) -> None:
    busy = {"state": "syncing", "in_sync": False}
    stream = io.StringIO()
    steps = [
        [site_status()],
        [site_status(pending={"actions": 4, "bytes": 400}, **busy)],
        [site_status(pending={"actions": 1, "bytes": 100}, **busy)],
        [site_status(last_reconcile_at=LATER)],
    ]

    def never(*_: object) -> tuple[int, None]:
        raise AssertionError("the daemon runs")

    with FakeDaemon(tmp_path / "state", *steps) as daemon:
        assert sync.execute(parse(config, "sync"), sync=never, stream=stream) == 0
    assert daemon.commands == [("sync", {})]
    assert "100%  4/4 files, 400 B/400 B" in stream.getvalue()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"state": "idle"}, "scanning (12 345 seen)"),
        ({"state": "scanning", "in_sync": False}, "scanning (12 345 seen)"),
        ({"state": "unavailable", "in_sync": False}, "waiting for the directory or the bucket"),
    ],
    ids=["not begun", "scanning", "unavailable"],
)
def test_sync_through_the_daemon_is_not_done_before_it_has_looked(
    tmp_path: Path, config: Path, changes: dict[str, Any], shown: str
) -> None:
    stream = io.StringIO()
    steps = [[site_status()], [site_status(**changes)], [site_status(last_reconcile_at=LATER)]]
    with FakeDaemon(tmp_path / "state", *steps):
        sync.execute(parse(config, "sync"), stream=stream)
    assert stream.getvalue().splitlines()[0] == f"photos: {shown}"


def test_sync_as_json_prints_the_last_status_and_nothing_else(tmp_path: Path, config: Path) -> None:
    stream = io.StringIO()
    steps = [[site_status()], [site_status(last_reconcile_at=LATER)]]
    with FakeDaemon(tmp_path / "state", *steps):
        assert sync.execute(parse(config, "sync", "--json"), stream=stream) == 0
    assert json.loads(stream.getvalue())["sites"] == steps[-1]


def test_sync_through_the_daemon_tells_held_deletions(tmp_path: Path, config: Path) -> None:
    held = site_status(last_reconcile_at="2026-11-21T07:00:00Z", in_sync=False, held_deletions=9)
    with FakeDaemon(tmp_path / "state", [site_status()], [held]):
        assert sync.execute(parse(config, "sync"), stream=io.StringIO()) == 3
