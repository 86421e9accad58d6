"""Exit codes: what waits for a person first, and mistakes of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.exits import exit_code_of
from s3syncd.cli.main import main
from tests.cli.daemon import (
    DRIFT,
    DRIFTED,
    OUT_OF_SYNC,
    FakeDaemon,
    site_status,
)


@pytest.mark.parametrize(
    ("sites", "code"),
    [
        ([{}], 0),
        ([], 0),
        ([{}, OUT_OF_SYNC], 4),
        ([OUT_OF_SYNC, {"in_sync": False, "held_deletions": 30}], 3),
        ([{"in_sync": False, "state": "halted"}, OUT_OF_SYNC], 3),
        ([{"in_sync": False, "state": "unavailable"}], 4),
        ([{"in_sync": False, "state": "paused"}], 4),
        ([OUT_OF_SYNC, DRIFTED], 3),
        ([{"in_sync": False, "problems": [{**DRIFT, "reason": "unstable"}]}], 4),
    ],
    ids=[
        "in sync",
        "no site",
        "behind",
        "held before behind",
        "halted",
        "unavailable",
        "paused",
        "drift",
        "another problem",
    ],
)
def test_the_exit_code_tells_what_waits_for_a_person_first(
    sites: list[dict[str, Any]], code: int
) -> None:
    assert exit_code_of([site_status(**changes) for changes in sites]) == code


def test_status_of_an_unknown_site_names_the_known_ones(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "music", "-c", str(config)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("s3syncd: the daemon has no site 'music'\n")
    assert "sites: photos" in told


@pytest.mark.parametrize("words", [["approve"], ["rescan"], ["pause"], ["resume"]])
def test_a_command_to_an_unknown_site_is_a_mistake_of_the_command_line(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    daemon.answers[words[0]] = {
        "ok": False, "error": "there is no site 'music'", "hint": "sites: photos",
        "reason": "unknown_site",
    }  # fmt: skip
    assert main([*words, "music", "-c", str(config)]) == 2
    assert capsys.readouterr().err.startswith("s3syncd: ")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["stauts"], "status"),
        (["-c", "c.yml", "aprove", "photos"], "approve"),
        (["config", "shwo"], "show"),
        (["approve", "photos", "--only", "drifts"], "drift"),
        (["xyzzy"], None),
        (["status", "--unknown"], None),
    ],
)
def test_who_mistypes_a_word_is_told_what_was_meant(
    capsys: pytest.CaptureFixture[str], words: list[str], meant: str | None
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(words)
    assert leaving.value.code == 2
    told = capsys.readouterr().err.rstrip()
    if meant is None:
        assert "did you mean" not in told
    else:
        assert told.endswith(f"; did you mean {meant}?")
