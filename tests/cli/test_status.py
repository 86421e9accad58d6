"""`status`: the document of all sites or of one, and whether the daemon lives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3syncd.cli.main import main
from tests.cli.daemon import (
    OUT_OF_SYNC,
    FakeDaemon,
    site_status,
)


def test_status_prints_the_documents_json(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status("photos"), site_status("docs", **OUT_OF_SYNC)]]
    assert main(["status", "--json", "-c", str(config)]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == "0.1.0"
    assert document["sites"] == daemon.steps[0]


def test_status_of_one_site_speaks_of_that_site_only(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status("photos"), site_status("docs", **OUT_OF_SYNC)]]
    assert main(["status", "photos", "--json", "-c", str(config)]) == 0
    assert [site["name"] for site in json.loads(capsys.readouterr().out)["sites"]] == ["photos"]


def test_live_asks_for_nothing_but_life(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status(in_sync=False, state="unavailable")]]
    assert main(["status", "--live", "-c", str(config)]) == 0
    daemon.live = {"ok": False, "error": "site photos has not turned for 31 s", "hint": ""}
    assert main(["status", "--live", "-c", str(config)]) == 1
    assert "31 s" in capsys.readouterr().err


# --- a file that cannot be used any more ----------------------------------------------------------


def test_the_status_is_told_though_the_file_was_broken(
    config: Path, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text() + "sites: {\n")
    assert main(["-c", str(config), "status", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["sites"]
    assert "is not valid YAML" in shown.err
    assert "goes on" in shown.err


def test_a_probe_for_life_does_not_mind_a_broken_file(config: Path, daemon: FakeDaemon) -> None:
    config.write_text(f"state_dir: '{config.parent}/state' # here\nsites: []\n")
    assert main(["-c", str(config), "status", "--live"]) == 0


def test_a_broken_file_is_the_mistake_where_no_daemon_answers(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text() + "sites: {\n")
    for command in ("status", "reload"):
        assert main(["-c", str(config), command]) == 2
        assert "is not valid YAML" in capsys.readouterr().err


def test_the_daemon_is_told_to_reload_a_broken_file_and_says_what_is_wrong(
    config: Path, daemon: FakeDaemon
) -> None:
    config.write_text(config.read_text() + "sites: {\n")
    main(["-c", str(config), "reload"])
    assert [command for command, _ in daemon.commands] == ["reload"]
