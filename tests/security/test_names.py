"""Names that people who may write below the root choose: they are names, and nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
import unicodedata

import pytest

from tests.e2e.daemon import COMMAND, Daemon
from tests.e2e.world import World
from tests.waiting import until

pytestmark = pytest.mark.e2e

_CLEAR = "\x1b[2J\x1b]0;owned\x07"
_NAMES = [
    f"{_CLEAR}esc",
    '{"level":"info","event":"fake.line"}\n{"level":"info","event":"fake.line"}',
    "\r2026-11-21 [error] fake.line",
    "c1 \x9b2J \x85 del \x7f",
    "turned \u202egnp.exe",
    "line\u2028separator",
    "$(touch owned); `touch owned` 'quote\" \\",
    "-rf",
    "[bold red]markup",
    "%(levelname)s {0.__class__} ${jndi:ldap}",
]


def _obeyed(text: str) -> list[str]:
    """Give what a terminal would obey, but for colours and line breaks of our own."""
    for known in (
        "\x1b[31m",
        "\x1b[32m",
        "\x1b[33m",
        "\x1b[1m",
        "\x1b[2m",
        "\x1b[0m",
        "\r\n",
        "\n",
    ):
        text = text.replace(known, "")
    return [
        repr(each) for each in text if unicodedata.category(each) in {"Cc", "Zl", "Zp"}
        or unicodedata.bidirectional(each) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI"}
    ]  # fmt: skip


def _on_a_terminal(daemon: Daemon, *words: str) -> str:
    ours, theirs = pty.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(ours, 65536):
                pieces.append(piece)
        except OSError:  # the other end is closed
            return

    thread = threading.Thread(target=read)
    thread.start()
    subprocess.run(
        [str(COMMAND), "-c", str(daemon.config), *words],
        stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    os.close(theirs)
    thread.join(20)
    os.close(ours)
    return b"".join(pieces).decode()


def test_name_of_any_kind_drives_no_terminal_and_forges_no_line(strict_world: World) -> None:
    world = strict_world
    site = world.site(bucket="bucket", retire_deleted=True, max_delete=2)
    for name in _NAMES:
        site.write(name, "content")
        (site.root / f"link {name}").symlink_to("nowhere")  # a problem, so that it is shown
    site.write("stays")
    daemon = world.daemon(log={"format": "json", "level": "trace"}).start()
    until(lambda: site.names() == {*_NAMES, "stays"}, 20, "every name is a key")
    daemon.in_sync()
    assert not (site.root / "owned").exists()
    shown = _on_a_terminal(daemon, "status")
    assert "markup" in shown
    for name in _NAMES:
        (site.root / name).unlink()
    daemon.wait(lambda s: s["held_deletions"] == len(_NAMES))
    for words in (["status"], ["plan"], ["plan", "data"], ["check"], ["approve", _CLEAR]):
        shown += _on_a_terminal(daemon, *words)
    assert daemon.run("status", "--json").returncode == 3
    assert _obeyed(shown) == []
    log = daemon.log_path.read_text()
    assert _obeyed(log) == []
    assert not daemon.events("fake.line")
    assert len(log.splitlines()) == len(log.strip("\n").split("\n"))


def test_file_that_is_called_like_a_list_of_exclusions_is_a_file(world: World) -> None:
    """Exclusions are the configuration's: who may write below the root cannot hide files."""
    site = world.site(retire_deleted=True)
    site.write(".s3syncignore", "*\n**/*\n!nothing\n")
    site.write("d/.s3syncignore", "file\n")
    site.write("d/file", "content")
    site.write(".gitignore", "*")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.assert_equal()
    assert site.names() == {".s3syncignore", "d/.s3syncignore", "d/file", ".gitignore"}


def test_removal_file_by_file_is_held_as_a_whole(world: World) -> None:
    """`rm -r` at 50 files a second, far slower than looks and deletions are."""
    site = world.site(retire_deleted=True, max_delete=20)
    names = [f"d/{number}" for number in range(70)]
    for name in (*names, "stays"):
        site.write(name, name)
    daemon = world.daemon(delete_grace_seconds=0.5).start()
    daemon.in_sync()
    pace = threading.Event()
    for name in names:
        (site.root / name).unlink()
        pace.wait(0.02)
    daemon.wait(lambda s: s["held_deletions"] == len(names), timeout=45)
    assert daemon.site()["reason"] == "mass_delete"
    assert len(site.names()) == len(names) + 1
    assert not daemon.events("object.deleted")
