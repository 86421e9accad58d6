"""The completion of shells offers what the parser takes, asked of the shells themselves."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import s3syncd
from s3syncd.cli.grammar import grammar
from s3syncd.cli.main import main
from tests.cli.daemon import write_config
from tests.waiting import until

SHELLS = ("bash", "zsh", "fish")
COMMANDS = [each.name for each in grammar().commands]


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which `s3syncd` is this package, and a configuration in `folder`."""
    program = tmp_path / "bin" / "s3syncd"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m s3syncd "$@"\n')
    program.chmod(0o755)
    (tmp_path / "here").mkdir()
    path = write_config(tmp_path / "here")
    text = path.read_text().replace("name: docs", 'name: "two words"')
    path.write_text(text)
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "TERM": "dumb",
        "PYTHONPATH": str(Path(s3syncd.__file__).parents[1]),
        "LC_ALL": "C.UTF-8",
    }  # fmt: skip


def test_of_another_shell_the_known_ones_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["completion", "tcsh"])
    assert leaving.value.code == 2
    said = capsys.readouterr().err
    assert all(shell in said for shell in SHELLS)
    assert "sites" not in said
    (completion,) = [each for each in grammar().commands if each.name == "completion"]
    assert completion.words == SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_has_every_command_and_option(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = script(shell, capsys)
    for command in grammar().commands:
        assert command.name in text
        for option in command.options:
            for name in option.names:
                assert name.lstrip("-") in text


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_accepts_its_script(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(script(shell, capsys))
    done = subprocess.run([shell, "-n", str(path)], capture_output=True, check=True)
    assert done.stderr == b""


def test_the_names_of_the_sites_need_no_daemon_and_no_valid_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config(tmp_path, no_such_key=1)
    assert main(["-c", str(path), "completion", "sites"]) == 0
    assert capsys.readouterr().out == "photos\ndocs\n"


def test_a_name_that_would_drive_the_terminal_is_not_offered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text().replace("name: docs", 'name: "a\\eb"'))
    assert main(["-c", str(path), "completion", "sites"]) == 0
    assert capsys.readouterr().out == "photos\n"


# --- asked of the shells --------------------------------------------------------------------------

ASKED = [
    ("s3syncd sta", {"status"}, set()),
    ("s3syncd status --w", {"--wait", "--watch"}, {"--json"}),
    ("s3syncd -c config.yml config ", {"show", "schema"}, {"run"}),
    ("s3syncd status -c conf", {"config.yml"}, {"config"}),
]
SITES = [
    ("s3syncd -c here/config.yml plan ", {"photos"}),
    ("s3syncd --config here/config.yml plan ph", {"photos"}),
]


def bash(line: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    words = line.split(" ")
    asked = f"""
        source /dev/stdin <<< "$SCRIPT"
        COMP_WORDS=({" ".join(shlex.quote(word) for word in words)})
        COMP_CWORD={len(words) - 1}
        _s3syncd
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", asked],
        env={**environment, "SCRIPT": script("bash", capsys)}, cwd=environment["HOME"] + "/here",
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


def fish(line: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    path = Path(environment["HOME"]) / "s3syncd.fish"
    path.write_text(script("fish", capsys))
    asked = f"source {path}; complete -C {shlex.quote(line)}"
    done = subprocess.run(
        ["fish", "--no-config", "-c", asked],
        env=environment, cwd=environment["HOME"] + "/here",
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    return [each.split("\t")[0] for each in done.stdout.splitlines()]


ASK: dict[str, Callable[..., list[str]]] = {"bash": bash, "fish": fish}


@pytest.mark.parametrize("shell", [pytest.param(each, marks=needs(each)) for each in ASK])
def test_commands_options_words_and_files_are_completed(
    shell: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for line, wanted, unwanted in ASKED:
        offered = set(ASK[shell](line, environment, capsys))
        assert wanted <= offered, line
        assert not unwanted & offered, line
    assert set(COMMANDS) <= set(ASK[shell]("s3syncd ", environment, capsys))


@pytest.mark.parametrize("shell", [pytest.param(each, marks=needs(each)) for each in ASK])
def test_sites_are_those_of_the_configuration_on_the_line(
    shell: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for line, wanted in SITES:
        there = line.replace("here/", "")
        assert wanted <= set(ASK[shell](there, environment, capsys)), line
    offered = ASK[shell]("s3syncd plan -c config.yml two", environment, capsys)
    assert offered == [r"two\ words"] if shell == "bash" else ["two words"]
    assert "photos" not in ASK[shell]("s3syncd -c none.yml plan ", environment, capsys)


@needs("zsh")
def test_zsh_completes_commands_and_sites(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    home = Path(environment["HOME"])
    (home / "script").write_text(script("zsh", capsys))
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        cwd=home / "here", start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen = bytearray()

    def shows(text: str) -> bool:
        while select.select([ours], [], [], 0)[0]:
            seen.extend(os.read(ours, 65536))
        return text.encode() in seen

    try:
        os.write(ours, b"autoload -U compinit; compinit -u -D; source ../script; print rea''dy\n")
        until(lambda: shows("ready"), timeout=20)
        os.write(ours, b"s3syncd -c config.yml rel\t")
        until(lambda: shows("config.yml reload"), timeout=20)
        os.write(ours, b"\x15s3syncd -c config.yml plan ph\t")
        until(lambda: shows("plan photos"), timeout=20)
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)
