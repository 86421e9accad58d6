"""The command line as a whole: options before and after the command, help, errors, exit codes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import s3syncd
from s3syncd.cli.main import build_parser, main
from s3syncd.cli.output import guarded
from tests.cli.daemon import EXPLAINED, FakeDaemon, site_status, write_config

COMMANDS = (
    "run", "check", "plan", "sync", "status", "approve", "rescan", "pause", "resume", "reload",
    "reset", "demo", "verify", "config", "completion",
    "restore", "explain",
)  # fmt: skip
CLIENT_COMMANDS = ("status", "approve", "rescan", "pause", "resume", "reload")


@pytest.mark.parametrize("option", ["-c", "--config", "-config"])
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_the_configuration_may_stand_before_or_after_the_command(
    option: str, is_before: bool
) -> None:
    words = [option, "f.yml", "status"] if is_before else ["status", option, "f.yml"]
    arguments = build_parser().parse_args(words)
    assert arguments.command == "status"
    assert arguments.config == Path("f.yml")


@pytest.mark.parametrize("words", [["-cf.yml"], ["--config=f.yml"], ["-config=f.yml"]])
def test_the_configuration_may_be_glued_to_its_option(words: list[str]) -> None:
    assert build_parser().parse_args(words).config == Path("f.yml")


def test_without_a_command_the_daemon_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build_parser().parse_args(["-c", "f.yml"]).command is None
    assert main(["-c", str(tmp_path / "none.yml")]) == 2
    assert "none.yml" in capsys.readouterr().err


def test_the_default_configuration_is_config_yml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 1
    assert str(tmp_path / "state") in capsys.readouterr().err


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--version"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out == f"s3syncd {s3syncd.__version__}\n"


def test_help_documents_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert f"    {command} " in text
    for code in range(5):
        assert f"\n  {code}  " in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([command, "--help"])
    assert leaving.value.code == 0
    assert "--config" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["frobnicate"], ["status", "--wait", "--timeout", "-1"], ["--x"]]
)
def test_a_command_line_that_makes_no_sense_exits_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(words)
    assert leaving.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("command", CLIENT_COMMANDS)
def test_without_a_daemon_a_client_command_exits_1_and_says_how_to_start_it(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = ["photos"] if command == "approve" else []
    assert main([command, *site, "-c", str(write_config(tmp_path))]) == 1
    assert "s3syncd -c" in capsys.readouterr().err


def test_a_refused_command_exits_1_with_its_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path)
    with FakeDaemon(tmp_path / "state") as daemon:
        daemon.answers["reload"] = {"ok": False, "error": "line 3: no", "hint": "write yes"}
        assert main(["reload", "-c", str(config)]) == 1
    assert capsys.readouterr().err == "s3syncd: line 3: no\n  write yes\n"


def test_a_broken_configuration_lists_every_problem_and_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, upload_workers="many", max_in_flight="many")
    assert main(["check", "--offline", "-c", str(config)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "upload_workers" in line]
    assert [line for line in lines if "max_in_flight" in line]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
@pytest.mark.parametrize(
    "words",
    [["status"], ["status", "--json"], ["config", "show"], ["config", "schema"], ["--help"],
     ["check", "--offline", "--json"], ["completion", "bash"]],
    ids=" ".join,
)  # fmt: skip
def test_an_output_that_cannot_be_written_is_one_line_and_no_success(
    tmp_path: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = write_config(tmp_path)
    with (
        FakeDaemon(tmp_path / "state", [site_status("photos")]),
        Path("/dev/full").open("w", encoding="utf-8") as full,
    ):
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["-c", str(config), *words]) == 1
    full_words = "s3syncd: standard output cannot be written: No space left on device\n"
    assert capsys.readouterr().err.endswith(full_words)


def test_another_error_of_the_system_is_none_of_the_output(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="of another kind"), guarded():
        raise OSError(errno.ENOSPC, "of another kind")


def test_an_output_closed_from_the_start_is_written_to_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(tmp_path)
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["-c", str(config), "config", "show"]) == 0


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    sites = [site_status(f"site-{number}") for number in range(2000)]
    with FakeDaemon(tmp_path / "state", sites):
        process = subprocess.Popen(
            [sys.executable, "-m", "s3syncd", "status", "--json", "-c", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(30) == 1


_SPY = """
import json, os, sys
from s3syncd.cli.main import main
code = main(sys.argv[1:])
heavy = {"boto3", "botocore", "awscrt", "pydantic", "structlog", "watchdog", "sqlite3"}
times = os.times()
seen = {"code": code, "loaded": sorted(heavy & set(sys.modules)), "seconds": sum(times[:2])}
print(json.dumps(seen), file=sys.stderr)
"""


WATCHED = ["status", "--watch", "--timeout", "0"]
EXPLAIN = ["explain", "photos", "a"]
CHEAP = [*([command] for command in CLIENT_COMMANDS), WATCHED, ["completion", "sites"], EXPLAIN]


@pytest.mark.parametrize("words", CHEAP, ids=" ".join)
def test_a_client_command_loads_nothing_heavy_and_is_cheap(
    words: list[str], tmp_path: Path
) -> None:
    config = write_config(tmp_path)
    site = ["photos"] if words == ["approve"] else []
    seen = []
    with FakeDaemon(tmp_path / "state") as daemon:
        daemon.answers["explain"] = EXPLAINED
        for _ in range(3):  # the best of three: the machine may be busy
            result = subprocess.run(
                [sys.executable, "-c", _SPY, *words, *site, "-c", str(config)],
                capture_output=True,
                check=True,
                env={**os.environ, "PYTHONPATH": str(Path(s3syncd.__file__).parents[1])},
            )
            seen.append(json.loads(result.stderr))
    assert seen[0]["code"] == 0
    assert seen[0]["loaded"] == []
    # A start with all that is heavy takes 0.35 s, one without 0.09; busy neighbours make it 0.16.
    assert min(each["seconds"] for each in seen) < 0.25
