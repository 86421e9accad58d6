"""The demo: what it replaces in the example, what it shows, and the whole tour."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from s3syncd.cli import demo_world
from s3syncd.cli.demo import _server_wanted, own_command
from s3syncd.cli.demo_world import changes_between, example_path, temporary


def test_only_what_must_be_temporary_is_replaced(tmp_path: Path) -> None:
    example = {
        "access_key": "mine",
        "upload_workers": 3,
        "sites": [
            {"path": "/srv/photos", "bucket": "b", "prefix": "p", "session": "kept"},
            {"path": "/srv/docs", "bucket": "c", "endpoint": "https://s3", "access_key": "mine"},
        ],
    }
    written = temporary(example, tmp_path, "http://127.0.0.1:1")
    assert "mine" not in str(written)
    assert written["upload_workers"] == 3
    assert written["endpoint"] == "http://127.0.0.1:1"
    assert written["state_dir"] == str(tmp_path / "state")
    assert written["sites"] == [
        {"path": str(tmp_path / "photos"), "bucket": "b", "prefix": "p", "session": "kept"},
        {"path": str(tmp_path / "docs"), "bucket": "c", "endpoint": "http://127.0.0.1:1"},
    ]


def test_the_shipped_example_is_what_the_demo_runs_on(tmp_path: Path) -> None:
    example = demo_world._plain(demo_world._read_example())
    assert example_path().name == "config.example.yml"
    assert [site["bucket"] for site in temporary(example, tmp_path, "http://h")["sites"]]


def test_the_example_is_shipped_with_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert shipped["config.example.yml"] == "s3syncd/config.example.yml"


def test_changes_of_the_bucket_are_told_by_key() -> None:
    before = {"a": ("1", 1), "b": ("2", 2), "c": ("3", 3)}
    now = {"b": ("2", 2), "c": ("4", 4), "d": ("5", 5)}
    assert list(changes_between(before, now)) == [("-", "a", 1), ("~", "c", 4), ("+", "d", 5)]


def test_equal_means_the_same_names_and_the_same_content(tmp_path: Path) -> None:
    site = demo_world.DemoSite("s", tmp_path, "bucket", "p/")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(b"")
    assert demo_world._files(site) == {"p/d/a": ("d41d8cd98f00b204e9800998ecf8427e", 0)}


def test_the_commands_it_shows_run_this_very_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, other, linked = tmp_path / "my venv/python", tmp_path / "other", tmp_path / "linked"
    for folder in (python.parent, other, linked):
        folder.mkdir()
    assert own_command(python) == f"'{python}' -m s3syncd"
    command = python.with_name("s3syncd")
    for program in (command, other / "s3syncd"):
        program.touch(mode=0o755)
    (linked / "s3syncd").symlink_to(command)
    monkeypatch.setenv("PATH", str(other))
    assert own_command(python) == f"'{command}'"
    monkeypatch.setenv("PATH", str(linked))
    assert own_command(python) == "s3syncd"


def test_what_it_misses_can_be_had_for_a_checkout_too() -> None:
    wanted = _server_wanted()  # not `s3syncd[demo]`: no index has that
    assert wanted.startswith("moto[s3,server]")
    assert ">=5" in wanted
    assert ";" not in wanted


@pytest.mark.e2e
@pytest.mark.timeout(150)
def test_the_whole_tour_is_verified_and_leaves_nothing_behind(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "s3syncd", "demo", "--once"],
        capture_output=True,
        text=True,
        check=False,
        timeout=140,
        env={**os.environ, "TMPDIR": str(tmp_path), "http_proxy": "http://127.0.0.1:9"},
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    assert result.stdout.count("  in sync") == 5
    assert "+ s3://example-photos/originals/holidays/summer/beach.txt" in result.stdout
    assert "- s3://example-photos/originals/hello.txt" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.e2e
@pytest.mark.timeout(150)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0)])
def test_ending_the_demo_ends_the_daemon_and_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "s3syncd", "demo"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
    )
    try:
        assert demo.stdout is not None
        seen = next(line for line in demo.stdout if "daemon: pid" in line)
        shown = next(line for line in demo.stdout if line.endswith(" status\n"))
        asked = subprocess.run(
            shlex.split(shown), check=False, env={"PATH": ""}, capture_output=True
        )
        assert asked.returncode == 0, asked.stderr
        next(line for line in demo.stdout if "Ctrl-C ends the demo" in line)
        demo.send_signal(number)
        demo.stdout.read()
        assert demo.wait(60) == code
    finally:
        demo.kill()
        demo.wait()
        demo.stdout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(seen.split("pid")[1]), 0)
    assert list(tmp_path.iterdir()) == []
