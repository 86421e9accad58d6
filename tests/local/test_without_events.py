"""Where the kernel tells nothing, or not of all: polled, scanned in turn, or another observer."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from s3syncd.local.hints import HintTable
from s3syncd.local.watcher import ObserverReader, Watcher
from tests.local.follower import following, make_tree
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


def test_a_polling_watcher_watches_nothing(root: Path) -> None:
    make_tree(root, "a/f")
    with following(root, mode="polling") as follower:
        assert follower.watcher.kind == "polling"
        assert follower.watcher.beat(0.0)
        assert follower.watcher.status().watched == 0
        assert not follower.watcher.is_alive()


def test_a_root_on_an_unknown_filesystem_is_polled(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / {root} rw - nfs4 x rw\n")
    watcher = Watcher(root, HintTable(lambda: None))
    watcher._mounts._source = table
    watcher.start()
    assert watcher.kind == "polling"
    assert watcher.stop(5)


_LIMITED = """
import sys
from pathlib import Path
from tests.local.follower import following, make_tree
from tests.waiting import until
root = Path(sys.argv[1])
make_tree(root, *(f"d{number:02}/sub/f" for number in range(20)))
with following(root) as follower:
    status = follower.watcher.status()
    assert 0 < status.watched < 12, status
    assert status.unwatched == 41 - status.watched, status
    assert "sysctl -w fs.inotify.max_user_watches=524288" in status.message, status
    assert status.message.startswith(f"{status.unwatched} directories are not watched"), status
    follower.follow()
    follower.watcher.beat(0.0)
    make_tree(root, "d19/sub/new", "d19/made/later/f", "d00/again")
    assert not follower.is_told("d19/sub/new"), "nobody can have heard"
    follower.watcher.beat(1e9)
    until(lambda: follower.is_told("d19/sub/new") and follower.is_told("d19/made/later/f"))
    Path("/proc/sys/user/max_inotify_watches").write_text("1000")
    follower.full()
    status = follower.watcher.status()
    assert (status.watched, status.unwatched, status.message) == (43, 0, ""), status
print("done")
"""


def test_directories_beyond_the_limit_are_scanned_in_turn_and_named(tmp_path: Path) -> None:
    folder = tempfile.mkdtemp()
    command = [
        "unshare", "-Ur", "sh", "-c",
        'echo 10 > /proc/sys/user/max_inotify_watches && exec "$@"', "sh",
    ]  # fmt: skip
    try:
        if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
            pytest.skip("a namespace with limits of its own is not possible here")
        done = subprocess.run(
            [*command, sys.executable, "-c", textwrap.dedent(_LIMITED), Path(folder).resolve()],
            check=False,
            capture_output=True,
            text=True,
            timeout=40,
        )
        assert done.stdout.strip() == "done", done.stderr
    finally:
        shutil.rmtree(folder)


def test_the_public_observer_gives_the_same_hints(root: Path) -> None:
    wakes: list[int] = []
    hints = HintTable(lambda: wakes.append(1))
    reader = ObserverReader(root, hints)
    reader.start()
    try:
        make_tree(root, "f")
        told: set[str] = set()
        until(lambda: told.update(hints.take().paths) or "f" in told)
        (root / "d").mkdir()
        scans: dict[str, bool] = {}
        until(lambda: scans.update(hints.take().directories) or scans.get("d/"))
        assert reader.is_alive()
    finally:
        reader.stop()
        reader.join(10)
    assert not reader.is_alive()
