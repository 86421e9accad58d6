"""approve, rescan, reload: what is sent to the daemon, and what is said of its answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3syncd.cli.client import RefusedError, ask
from s3syncd.cli.main import main
from tests.cli.daemon import (
    FakeDaemon,
    site_status,
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


def test_one_thing_is_approved_alone_and_told_what_else_waits(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {
        "ok": True, "count": 0, "list": None, "drift": 2, "held_list": "0123456789ab",
        "waits": {"root_replaced": 1, "deletions": 40},
    }  # fmt: skip
    assert main(["approve", "photos", "--only", "drift", "-c", str(config)]) == 0
    assert daemon.commands == [("approve", {"site": "photos", "only": "drift"})]
    begun = f"s3syncd -c {config} approve photos"
    assert capsys.readouterr().out.splitlines() == [
        "approved to overwrite 2 objects of photos others changed",
        "what waits besides, and what approves it:",
        f"  root_replaced (1): {begun} --only root_replaced",
        f"  deletions (40): {begun} --list 0123456789ab",
    ]


def test_where_that_one_thing_does_not_wait_it_is_said(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {"ok": True, "waits": {"drift": 1}, "held_list": None}
    assert main(["approve", "photos", "--only", "mount_new", "-c", str(config)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "nothing of mount_new waits for approval at photos",
        "what waits besides, and what approves it:",
        f"  drift (1): s3syncd -c {config} approve photos --only drift",
    ]


def test_a_list_is_of_deletions_and_of_nothing_else(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["approve", "photos", "-c", str(config), "--list", "0123456789ab", "--only"]
    assert main([*both, "drift"]) == 2
    assert "not allowed with --only drift" in capsys.readouterr().err
    assert daemon.commands == []
    assert main([*both, "deletions"]) == 0
    asked = {"site": "photos", "list": "0123456789ab", "only": "deletions"}
    assert daemon.commands == [("approve", asked)]


def test_a_word_that_nothing_waits_by_is_no_command(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["approve", "photos", "-c", str(config), "--only", "mass_delete"])
    assert leaving.value.code == 2
    assert "deletions" in capsys.readouterr().err
    assert daemon.commands == []


def test_a_daemon_that_does_not_know_the_word_approves_nothing(
    daemon: FakeDaemon, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that left out what it does not know would approve everything."""
    with pytest.raises(RefusedError) as refused:
        ask(tmp_path / "state", "approve", {"site": "photos", "of_later": "drift"})
    assert daemon.commands == []
    said = refused.value.message
    daemon.answers["approve"] = {"ok": False, "error": said, "hint": ""}
    assert main(["approve", "photos", "--only", "drift", "-c", str(config)]) == 1
    assert "the daemon is older than this command" in capsys.readouterr().err
    assert main(["approve", "photos", "-c", str(config)]) == 1
    assert said in capsys.readouterr().err


def test_rescan_returns_when_accepted(daemon: FakeDaemon, config: Path) -> None:
    assert main(["rescan", "-c", str(config)]) == 0
    assert main(["rescan", "photos", "--remote", "-c", str(config)]) == 0
    assert daemon.commands == [
        ("rescan", {"remote": False}),
        ("rescan", {"site": "photos", "remote": True}),
    ]


SITES = [
    site_status("photos", state="paused"),
    site_status("docs"),
    site_status("a\x1bb", state="unavailable", paused_at="2026-11-21T06:00:00Z"),
]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pause"], ["paused: docs", "was paused before: photos, a\\x1bb"]),
        (["pause", "docs"], ["paused: docs"]),
        (["pause", "--wait", "docs"], ["paused: docs"]),
        (["pause", "photos"], ["was paused before: photos"]),
        (["resume"], ["resumed: photos, a\\x1bb", "was not paused: docs"]),
        (["resume", "photos"], ["resumed: photos"]),
        (["resume", "docs"], ["was not paused: docs"]),
        (["resume", "docs", "--wait"], ["was not paused: docs", "in sync"]),
    ],
)
def test_pause_and_resume_name_the_sites_and_what_was_so_before(
    daemon: FakeDaemon,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: list[str],
) -> None:
    paused = site_status("docs", state="paused")
    daemon.steps = [SITES, [paused]] if words[:2] == ["pause", "--wait"] else [SITES]
    assert main([*words, "-c", str(config)]) == 0
    assert capsys.readouterr().out.splitlines() == said
    (command,) = daemon.commands
    assert command[0] == words[0]


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
