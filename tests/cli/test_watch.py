"""`status --watch`: in place on a terminal, block after block elsewhere, until Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import s3syncd
from s3syncd.cli.main import main
from s3syncd.cli.watch import Screen, watch
from tests.cli.daemon import FakeDaemon, site_status
from tests.terminal import Terminal
from tests.waiting import until


def looks(*given: tuple[str, int]) -> Callable[[], tuple[str, int]]:
    """Give one look after the other, then Ctrl-C."""
    left: Iterator[tuple[str, int]] = iter(given)

    def look() -> tuple[str, int]:
        try:
            return next(left)
        except StopIteration:
            raise KeyboardInterrupt from None

    return look


def test_it_goes_on_until_ctrl_c_and_gives_the_code_of_the_last_look() -> None:
    drawn: list[str] = []
    code = watch(looks(("a", 0), ("b", 4), ("c", 3)), drawn.append, every_seconds=0.001)
    assert (drawn, code) == (["a", "b", "c"], 3)


def test_ctrl_c_before_anything_was_seen_says_nothing_of_the_state() -> None:
    assert watch(looks(), lambda _: None) == 130


def test_it_ends_when_the_time_is_over() -> None:
    drawn: list[str] = []
    assert watch(lambda: ("a", 4), drawn.append, timeout_seconds=0) == 4
    assert drawn == ["a"]


def test_looks_that_take_long_are_not_made_up_for() -> None:
    moments = iter([0.0, 7.5, 7.5, 8.0])
    waited: list[float] = []

    def clock() -> float:
        waited.append(next(moments, 8.0))
        return waited[-1]

    drawn: list[str] = []
    watch(looks(("a", 0), ("b", 0)), drawn.append, clock=clock)
    assert drawn == ["a", "b"]
    assert waited[:4] == [0.0, 7.5, 7.5, 8.0]


def test_off_a_terminal_blocks_follow_each_other() -> None:
    stream = io.StringIO()
    with Screen(stream) as screen:
        screen.draw("one\n  more")
        screen.draw("two")
    assert stream.getvalue() == "one\n  more\n\ntwo\n"


def test_on_a_terminal_a_picture_takes_the_place_of_the_one_before() -> None:
    stream = Terminal()
    with Screen(stream, lines=lambda: 24) as screen:
        screen.draw("one\n  more")
        screen.draw("two")
        assert stream.getvalue().endswith("\x1b[Htwo\x1b[K\x1b[J")
    text = stream.getvalue()
    assert text.startswith("\x1b[?1049h")
    assert text.endswith("\x1b[?1049ltwo\n"), "the last state stays on the screen of the shell"
    for mode in ("?25", "?7", "?1049"):
        assert f"\x1b[{mode}h" in text
        assert f"\x1b[{mode}l" in text


def test_a_picture_is_cut_to_the_height_of_the_terminal() -> None:
    stream = Terminal()
    with Screen(stream, lines=lambda: 3) as screen:
        screen.draw("\n".join("abcde"))
        assert "\x1b[Ha\x1b[K\r\nb\x1b[K\r\n... 3 more lines\x1b[K\x1b[J" in stream.getvalue()


def test_status_is_shown_again_and_its_code_is_the_last_one(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    behind = [site_status(in_sync=False, state="syncing")]
    with FakeDaemon(tmp_path / "state", [site_status()], behind):
        assert main(["status", "--watch", "--timeout", "0", "-c", str(config)]) == 4
        assert "syncing" in capsys.readouterr().out
        assert main(["status", "--watch", "--json", "--timeout", "0", "-c", str(config)]) == 4
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["sites"] == behind


def test_of_many_sites_those_that_need_somebody_are_shown(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", "8")
    sites = [site_status(f"calm-{number}") for number in range(50)]
    sites.insert(20, site_status("behind", in_sync=False))
    sites.insert(40, site_status("held", in_sync=False, held_deletions=30))
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    with FakeDaemon(tmp_path / "state", sites):
        assert main(["status", "--watch", "--timeout", "0", "-c", str(config)]) == 3
    last = stream.getvalue().rpartition("\x1b[?1049l")[2]
    assert re.findall(r"^(held|behind|calm-\d+) ", last, re.MULTILINE) == [
        "held", "behind", "calm-0", "calm-1",
    ]  # fmt: skip
    assert "and 48 more sites, 0 of them not in sync" in last


def test_without_a_daemon_it_does_not_begin(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--watch", "-c", str(config)]) == 1
    assert "no daemon answers" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["--wait", "--live"])
def test_it_is_not_together_with_what_ends_by_itself(other: str, config: Path) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["status", "--watch", other, "-c", str(config)])
    assert leaving.value.code == 2


def test_a_terminal_sees_it_live_until_ctrl_c_also_when_the_daemon_goes_away(
    tmp_path: Path, config: Path
) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(Path(s3syncd.__file__).parents[1])}
    seen = bytearray()

    def shows(text: str) -> bool:
        while select.select([ours], [], [], 0)[0]:
            seen.extend(os.read(ours, 65536))
        return text.encode() in seen

    with FakeDaemon(tmp_path / "state"):
        process = subprocess.Popen(
            [sys.executable, "-m", "s3syncd", "status", "--watch", "-c", str(config)],
            stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        )  # fmt: skip
        try:
            until(lambda: shows("photos"), timeout=20)
        except AssertionError:
            process.kill()
            process.wait()
            raise
    try:
        until(lambda: shows("no daemon answers"), timeout=20)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
        assert shows("\x1b[?1049l")
    finally:
        process.kill()
        process.wait()
        os.close(theirs)
        os.close(ours)
