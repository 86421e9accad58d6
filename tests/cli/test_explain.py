"""What `explain` asks and prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.explain import execute
from s3syncd.cli.main import build_parser, main
from tests.cli.daemon import EXPLAINED, FakeDaemon, write_config


def test_the_daemon_is_asked_and_its_answer_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "photos")
    with FakeDaemon(tmp_path / "state") as daemon:
        daemon.answers["explain"] = EXPLAINED
        assert main(["-c", str(config), "explain", "photos", f"{link}/a/"]) == 0
        assert main(["-c", str(config), "explain", "photos", "a", "--json"]) == 0
    asked = [arguments for _, arguments in daemon.commands]
    assert asked[0] == {"site": "photos", "path": str(tmp_path / "photos/a")}
    assert asked[1] == {"id": "0"}
    told, _, document = capsys.readouterr().out.partition("{")
    assert json.loads("{" + document) == EXPLAINED["explanation"]
    assert told.splitlines() == [
        "photos: a\\x1bb",
        "  key         s3://photos-bucket/a\\x1bb",
        "  rule        included: inclusions[2] takes it in. (^a)",
        "  file        2.0 KiB, changed 2026-11-21T10:00:00Z, mode 0644",
        "  object      unknown: SlowDown: less",
        "  remembered  nothing",
        "  state       failed: It failed once.",
        "              settling: It changed.",
        "  site        unavailable: bucket_unavailable: look",
        "  next        nothing (row 0): Nothing is decided.",
    ]


@pytest.mark.parametrize("has_daemon", [True, False])
def test_the_held_list_is_the_one_to_approve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, has_daemon: bool
) -> None:
    approve = "Approve it: `s3syncd approve SITE --list HASH`."
    found = {
        **EXPLAINED["explanation"],
        "standing": [{"word": "held", "text": approve}],
        "next": {"row": 13, "word": "DeleteRemote", "text": approve},
        "site_state": {"state": "idle", "reason": "mass_delete", "hint": approve}
        if has_daemon else None,
        "facts": {"held_list": "0123456789ab"},
    }  # fmt: skip
    arguments = build_parser().parse_args(["-c", str(write_config(tmp_path)), "explain", "photos",
                                           "a"])  # fmt: skip
    assert execute(arguments, explain=lambda *_: found) == 0
    told = capsys.readouterr().out
    assert told.count("approve photos --list 0123456789ab`") == 2 + has_daemon
    assert "HASH" not in told


def test_without_a_daemon_it_is_read_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path)
    seen: list[Any] = []

    def explain(*given: Any) -> dict[str, Any]:
        seen.append(given)
        return {**EXPLAINED["explanation"], "site_state": None, "facts": {"is_paused": True}}

    arguments = build_parser().parse_args(["-c", str(config), "explain", "photos", "a"])
    assert execute(arguments, explain=explain) == 0
    assert seen == [(config, "photos", "a")]
    assert "no daemon runs, and the site is paused" in capsys.readouterr().out
