"""Whatever happens below a root is told, by a hint or by a scan that a hint asked for."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.local.follower import Follower, files_below, following, make_tree
from tests.local.trees import exchange
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


def all_told(follower: Follower, root: Path, timeout: float = 20) -> None:
    """Wait until every file there is was named; the message lists those that were not."""
    wanted = files_below(root)
    missing: list[str] = []

    def is_told() -> bool:
        missing[:] = [path for path in wanted if not follower.is_told(path)]
        return not missing

    until(is_told, timeout, f"told: {missing}")


def forget(follower: Follower) -> None:
    follower.heard.clear()
    follower.seen.clear()


@pytest.mark.parametrize(
    ("change", "told", "is_closed"),
    [
        (lambda r: (r / "f").write_text("new"), "f", True),
        (lambda r: (r / "d/f").unlink(), "d/f", True),
        (lambda r: (r / "f").rename(r / "g"), "g", True),
        (lambda r: (r / "f").rename(r / "g"), "f", True),
        (lambda r: (r / "f").rename(r.parent / "out/f"), "f", True),
        (lambda r: (r.parent / "out/new").write_text("") and None, None, None),
        (lambda r: (r / "f").chmod(0o600), "f", False),
        (lambda r: os.truncate(r / "f", 0), "f", False),
        (lambda r: os.link(r / "f", r / "h"), "h", False),
        (lambda r: (r / "s").symlink_to("f"), "s", False),
        (lambda r: os.mkfifo(r / "p"), "p", False),
    ],
)
def test_each_change_is_told(
    root: Path, change: Callable[[Path], object], told: str | None, is_closed: bool | None
) -> None:
    make_tree(root, "f", "d/f")
    with following(root) as follower:
        follower.take()
        change(root)
        if told is None:
            (root / "last").touch()
            told = "last"
        until(lambda: follower.take() or told in follower.heard)
        if is_closed:
            until(lambda: follower.take() or follower.heard[told].is_closed)
        elif is_closed is False:
            assert follower.heard[told].is_closed is False
        assert not any("out" in path for path in follower.heard)


def test_a_file_still_open_is_told_as_open(root: Path) -> None:
    with following(root) as follower, (root / "f").open("w") as file:
        file.write("half")
        file.flush()
        until(lambda: follower.take() or "f" in follower.heard)
        assert follower.heard["f"].is_closed is False
        file.close()
        until(lambda: follower.take() or follower.heard["f"].is_closed)


def test_files_of_directories_made_at_once_are_told(follower: Follower, root: Path) -> None:
    for number in range(40):
        make_tree(root, f"n{number}/a/b/c/file", f"n{number}/a/file")
    make_tree(root.parent, *(f"out/t/{number}/f" for number in range(40)))
    (root.parent / "out/t").rename(root / "t")
    all_told(follower, root)
    forget(follower)
    make_tree(root, *(f"t/{number}/late" for number in range(40)))
    until(lambda: all(follower.is_told(f"t/{number}/late") for number in range(40)))


def test_a_nameless_file_linked_into_the_tree_is_told(follower: Follower, root: Path) -> None:
    fd = os.open(root, os.O_TMPFILE | os.O_WRONLY)
    os.write(fd, b"content")
    os.link(f"/proc/self/fd/{fd}", root / "f", src_dir_fd=fd, follow_symlinks=True)
    os.close(fd)
    until(lambda: follower.is_told("f"))


def test_a_deleted_file_that_is_still_written_to_is_silent(root: Path) -> None:
    with following(root) as follower, (root / "f").open("w") as file:
        (root / "f").unlink()
        (root / "g").touch()
        until(lambda: follower.take() or "g" in follower.heard)
        forget(follower)
        file.write("into the void")
        file.flush()
        (root / "h").touch()
        until(lambda: follower.take() or "h" in follower.heard)
        assert "f" not in follower.heard


def test_the_four_steps_that_end_other_watchers(follower: Follower, root: Path) -> None:
    make_tree(root, "build/deep/f")
    until(lambda: follower.is_told("build/deep/f"))
    (root / "build").rename(root.parent / "out/old")
    (root / "build").mkdir()
    (root / "build").rmdir()
    shutil.rmtree(root.parent / "out/old")
    make_tree(root, "after/f")
    until(lambda: follower.is_told("after/f"))
    assert follower.watcher.is_alive()


def test_after_an_exchange_of_directories_changes_are_told_where_they_are(
    follower: Follower, root: Path
) -> None:
    make_tree(root, "a/sub/x", "b/sub/y")
    all_told(follower, root)
    exchange(root / "a", root / "b")
    until(lambda: follower.is_told("a/sub/y") and follower.is_told("b/sub/x"))
    forget(follower)
    (root / "a/sub/new").touch()
    until(lambda: follower.is_told("a/sub/new"))
    assert not follower.is_told("b/sub/new")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chaos_loses_nothing(follower: Follower, root: Path, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(500):
        stir(root, root.parent / "out", dice, number)
    all_told(follower, root)
    # Of each directory that is left, watched under its right path or not, one more is heard.
    for number, path in enumerate(directories(root)):
        (path / f"probe{number}").touch()
    all_told(follower, root)
    assert follower.watcher.is_alive()


def directories(top: Path) -> list[Path]:
    return [top, *(path for path in top.rglob("*") if path.is_dir())]


def stir(root: Path, outside: Path, dice: random.Random, number: int) -> None:
    """Do one of the things that are done to trees."""
    here = dice.choice(directories(root))
    there = dice.choice(directories(root))
    kind = dice.random()
    if kind < 0.3:
        (here / f"d{number}").mkdir()
    elif kind < 0.6 or here == root:
        (here / f"f{number}").write_text(str(number))
    elif kind < 0.75:
        if here not in (there, *there.parents):
            here.rename(there / f"r{number}")
    elif kind < 0.83:
        here.rename(outside / f"o{number}")
    elif kind < 0.95:
        for back in list(outside.iterdir())[:1]:
            back.rename(there / f"i{number}")
    else:
        shutil.rmtree(here)


def overflow(follower: Follower, root: Path) -> None:
    """Make more events than the kernel keeps while nobody reads them."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 20_000:
        pytest.skip("the kernel's queue is too long to be filled in a test")
    with follower.watcher._reader._lock:
        for number in range(limit // 2 + 500):
            os.close(os.open(root / f"d{number % 50}/{number}", os.O_CREAT | os.O_WRONLY))


def test_an_overflow_loses_nothing(root: Path) -> None:
    make_tree(root, *(f"d{number}/" for number in range(50)))
    with following(root) as follower:
        follower.follow()
        overflow(follower, root)
        all_told(follower, root)
        assert "overflow" in follower.doubts
        assert follower.watcher.status().overflows >= 1
        forget(follower)
        make_tree(root, *(f"d{number}/after" for number in range(50)))
        until(lambda: all(follower.is_told(f"d{number}/after") for number in range(50)))


def test_scanning_and_reading_make_no_events(root: Path) -> None:
    make_tree(root, *(f"d{number}/f" for number in range(50)))
    with following(root) as follower:
        follower.full()
        for path in files_below(root):
            (root / path).read_text()
        follower.look(*files_below(root))
        (root / "last").touch()
        until(lambda: follower.take() or "last" in follower.heard)
        assert set(follower.heard) == {"last"}
        assert not follower.doubts
