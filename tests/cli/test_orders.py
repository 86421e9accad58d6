"""approve, rescan, reload: what is sent to the daemon, and what is said of its answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3syncd.cli.main import main
from tests.cli.daemon import (
    FakeDaemon,
)


def test_approve_sends_site_and_list_and_prints_what_was_approved(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {"ok": True, "count": 42, "list": "0123456789ab"}
    assert main(["approve", "photos", "--list", "0123456789ab", "-c", str(config)]) == 0
    assert daemon.commands == [("approve", {"site": "photos", "list": "0123456789ab"})]
    assert capsys.readouterr().out == "approved 42 deletions of photos (list 0123456789ab)\n"


def test_approve_as_json_is_the_daemons_answer(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {"ok": True, "count": 42, "list": "0123456789ab"}
    assert main(["approve", "photos", "--json", "-c", str(config)]) == 0
    assert json.loads(capsys.readouterr().out) == daemon.answers["approve"]


def test_approve_tells_what_else_it_ended(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {"ok": True, "count": 0, "list": None, "root": True, "drift": 2}
    assert main(["approve", "photos", "-c", str(config)]) == 0
    assert daemon.commands == [("approve", {"site": "photos"})]
    printed = capsys.readouterr().out
    assert "the directory of photos as it is now" in printed
    assert "overwrite 2 objects" in printed


def test_approve_with_nothing_to_approve_says_so(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["approve", "photos", "-c", str(config)]) == 0
    assert "nothing waits" in capsys.readouterr().out


def test_rescan_returns_when_accepted(daemon: FakeDaemon, config: Path) -> None:
    assert main(["rescan", "-c", str(config)]) == 0
    assert main(["rescan", "photos", "--remote", "-c", str(config)]) == 0
    assert daemon.commands == [
        ("rescan", {"remote": False}),
        ("rescan", {"site": "photos", "remote": True}),
    ]


def test_reload_tells_what_it_changes_and_what_waits_for_a_restart(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["reload"] = {
        "ok": True, "stopped": [], "restarted": ["photos"], "started": ["a", "b"],
        "needs_restart": ["upload_workers"],
    }  # fmt: skip
    assert main(["reload", "-c", str(config)]) == 0
    assert capsys.readouterr().out == (
        "reloaded; restarts: photos; starts: a, b\n"
        "takes effect when the daemon is restarted: upload_workers\n"
    )
    assert main(["reload", "--json", "-c", str(config)]) == 0
    assert json.loads(capsys.readouterr().out) == daemon.answers["reload"]


def test_a_reload_refused_for_the_configuration_is_a_configuration_error(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"ok": False, "error": "c.yml:3: one\nc.yml:4: two", "hint": ""}
    daemon.answers["reload"] = {**refusal, "reason": "configuration"}
    assert main(["reload", "-c", str(config)]) == 2
    assert capsys.readouterr().err == "c.yml:3: one\nc.yml:4: two\n"
    daemon.answers["reload"] = {"ok": False, "error": "the daemon is busy", "hint": ""}
    assert main(["reload", "-c", str(config)]) == 1
    assert capsys.readouterr().err == "s3syncd: the daemon is busy\n"
