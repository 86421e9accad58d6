"""Every command that is printed can be copied: with the file, the site and the list of the case."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.advice import advice_of
from s3syncd.cli.main import build_parser, main
from s3syncd.core.advice import ADVISED, CLIENTS, Advice
from s3syncd.core.safety import REASONS
from s3syncd.core.standing import APPROVALS, DELETIONS
from s3syncd.site.problems import _HINTS as HINTS
from tests.cli.daemon import FakeDaemon, site_status, write_config

REPOSITORY = Path(__file__).parents[2]


def test_the_deletions_that_a_guard_holds_are_approved_by_their_list_alone() -> None:
    for reason in ("mass_delete", "root_emptied"):
        remedy = REASONS[reason].remedy
        assert "approve SITE --list HASH`" in remedy
        assert "exactly" not in remedy  # where no list is known, it is none


@pytest.mark.parametrize("word", sorted(set(APPROVALS) - {DELETIONS}))
def test_what_may_be_approved_alone_is_advised_alone(word: str) -> None:
    hint = REASONS[word].remedy if word in REASONS else HINTS[word]
    assert f"`s3syncd approve SITE --only {word}`" in hint


def test_no_advice_approves_everything() -> None:
    folders = [REPOSITORY / name for name in ("s3syncd", "docs", "contrib")]
    texts = [path for folder in folders for path in folder.rglob("*.*") if path.is_file()]
    texts = [path for path in texts if path.suffix in {".py", ".md", ".yml", ".yaml", ".json"}]
    found = [
        f"{path.name}: {one.group()}"
        for path in [*texts, REPOSITORY / "README.md"]
        for one in re.finditer(
            r"s3syncd approve (SITE|photos)(?! --(list|only)).{20}", path.read_text()
        )
    ]
    assert len(texts) > 100
    assert found == []


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["status"], Advice()),
        (["status", "-c", "a b"], Advice(config="'a b'")),
        (["-c", "c", "status"], Advice(config="c")),
        (["status", "--state-dir", "/s d"], Advice(state_dir="'/s d'")),
    ],
)
def test_it_is_the_command_line_that_decides(words: list[str], advice: Advice) -> None:
    assert advice_of(build_parser().parse_args(words)) == advice


HELD = {"in_sync": False, "held_deletions": 9, "held_list": "0123456789ab"}


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_the_commands_of_every_guard_are_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    config = write_config(tmp_path)
    stuck = site_status("my site", reason=reason, hint=REASONS[reason].remedy, **HELD)
    printed(tmp_path, stuck, ["status", "-c", str(config)], capsys)


@pytest.mark.parametrize("reason", sorted(HINTS))
def test_the_commands_of_every_problem_are_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    write_config(tmp_path)
    problem = {"path": "a", "reason": reason, "hint": HINTS[reason], "since": None}
    stuck = site_status("my site", problems=[problem], problems_total=1, state="paused", **HELD)
    printed(tmp_path, stuck, ["status", "--state-dir", str(tmp_path / "state")], capsys)


def printed(
    tmp_path: Path, site: dict[str, Any], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeDaemon(tmp_path / "state", [site]):
        main(words)
    text = capsys.readouterr().out
    found = [part for part in text.replace("`", "\n").splitlines() if "s3syncd " in part]
    commands = [
        part[part.index("s3syncd ") :].rstrip(" .") for part in found if "started" not in part
    ]
    assert commands
    for command in commands:
        arguments = build_parser().parse_args(shlex.split(command)[1:])
        assert getattr(arguments, "site", None) in {None, "my site"}, command
        where = {str(getattr(arguments, "config", "")), str(getattr(arguments, "state_dir", ""))}
        given = {str(tmp_path / "config.yml"), str(tmp_path / "state"), "FILE"}
        assert where & given, command


@pytest.mark.parametrize("words", [["--json"], ["--json", "--watch", "--timeout", "0"]])
def test_a_program_is_told_whole_commands_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    config = write_config(tmp_path)
    hint = REASONS["mass_delete"].remedy
    problem = {"path": "a", "reason": "drift", "hint": HINTS["drift"], "since": None}
    stuck = site_status("my site", reason="mass_delete", hint=hint, problems=[problem], **HELD)
    with FakeDaemon(tmp_path / "state", [stuck]):
        assert main(["status", "-c", str(config), *words]) == 3
    (site,) = json.JSONDecoder().raw_decode(capsys.readouterr().out)[0]["sites"]
    begun = f"`s3syncd -c {config} approve 'my site'"
    assert f"{begun} --list 0123456789ab`" in site["hint"]
    assert f"{begun} --only drift`" in site["problems"][0]["hint"]


def test_an_error_is_told_with_the_file_that_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path)
    assert main(["status", "-c", str(config)]) == 1
    assert f"start it with `s3syncd -c {config}`" in capsys.readouterr().err


def test_the_words_are_those_of_the_command_line() -> None:
    parser = build_parser()
    for command in ADVISED:
        with pytest.raises(SystemExit) as leaving:
            parser.parse_args([command, "--help"])
        assert leaving.value.code == 0
    assert set(ADVISED) >= CLIENTS


# --- the file is gone -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["approve", "photos"], ["rescan"], ["pause"], ["resume"], ["reload"],
        ["status", "--live"],
    ],
)  # fmt: skip
def test_whoever_knows_the_state_directory_needs_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    config = write_config(tmp_path)
    config.unlink()
    with FakeDaemon(tmp_path / "state"):
        assert main([*words, "-c", str(config)]) == 2
        said = capsys.readouterr().err
        assert f"{config}: cannot be read: No such file or directory" in said
        assert "ask with --state-dir DIR" in said
        assert main([*words, "--state-dir", str(tmp_path / "state")]) == 0


@pytest.mark.parametrize("words", [["approve", "photos"], ["rescan"], ["pause"], ["resume"]])
def test_a_broken_file_still_leads_every_command_to_its_daemon(
    tmp_path: Path, words: list[str]
) -> None:
    config = write_config(tmp_path)
    config.write_text(f"state_dir: {tmp_path}/state\nsites: [\n")
    with FakeDaemon(tmp_path / "state"):
        assert main([*words, "-c", str(config)]) == 0


def test_only_a_daemon_explains_where_no_file_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "photos", "a", "--state-dir", str(tmp_path)]) == 1
    assert "no daemon answers" in capsys.readouterr().err
