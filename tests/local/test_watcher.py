"""Whatever happens below a root is told, by a hint or by a scan that a hint asked for."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.local.hints import HintTable
from s3syncd.local.watcher import ObserverReader, Watcher
from tests.local.follower import Follower, files_below, following, make_tree
from tests.local.test_scanner import exchange
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "out").mkdir()
    return tmp_path / "root"


@pytest.fixture
def follower(root: Path) -> Iterator[Follower]:
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        follower.follow()
        yield follower


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


def test_a_renamed_root_is_lost(follower: Follower, root: Path) -> None:
    root.rename(root.parent / "moved")
    until(lambda: follower.lost == ["moved"])


def test_a_deleted_root_is_lost(follower: Follower, root: Path) -> None:
    root.rmdir()
    until(lambda: follower.lost == ["deleted"])


def test_an_unmounted_root_is_lost_and_heard_again_after_the_next_scan(root: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", root]
    if (done := subprocess.run(mount, check=False, capture_output=True)).returncode:
        pytest.skip(f"mounting is not possible here: {done.stderr.decode()}")
    try:
        make_tree(root, "a/f")
        with following(root) as follower:
            follower.scanner.expect_root(follower.check_root().identity)
            subprocess.run(["umount", root], check=True)
            until(lambda: follower.take() or follower.lost == ["unmounted"])
            subprocess.run(mount, check=True)
            follower.scanner.expect_root(None)
            follower.full()
            (root / "g").touch()
            until(lambda: follower.take() or "g" in follower.heard)
    finally:
        subprocess.run(["umount", "-l", root], check=False, capture_output=True)


def test_a_mount_that_comes_or_goes_below_the_root_is_doubt(root: Path) -> None:
    (root / "m").mkdir()
    with following(root) as follower:
        follower.watcher.beat(0.0)
        follower.take()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", root / "m"]
        if (done := subprocess.run(mount, check=False, capture_output=True)).returncode:
            pytest.skip(f"mounting is not possible here: {done.stderr.decode()}")
        try:
            follower.watcher.beat(1.0)
            follower.take()
            assert follower.doubts == ["mounts"]
        finally:
            subprocess.run(["umount", "-l", root / "m"], check=True)


def test_watches_that_lead_out_of_the_tree_are_dropped(root: Path) -> None:
    make_tree(root, "a/b/c/f", "z/f")
    with following(root) as follower:
        assert follower.watcher.status().watched == 5
        (root / "a").rename(root.parent / "out/a")
        follower.full()
        assert follower.watcher.status().watched == 2
        follower.watcher.beat(0.0)
        live = follower.watcher._reader.live()
        assert len(live) == 2


def test_a_directory_met_again_under_its_new_path_stays_watched(root: Path) -> None:
    make_tree(root, "a/f", "z/f")
    with following(root) as follower:
        (root / "a").rename(root.parent / "out/a")
        follower.full()
        (root.parent / "out/a").rename(root / "b")
        follower.directory("b/", is_recursive=True)  # the same inode: the same descriptor
        follower.watcher.beat(0.0)
        (root / "b/g").touch()
        until(lambda: follower.take() or "b/g" in follower.heard)
        assert len(follower.watcher._reader.live()) == 3


def test_a_watch_that_the_kernel_lost_is_found_by_the_audit(root: Path) -> None:
    make_tree(root, "a/f")
    with following(root) as follower:
        watches = follower.watcher._watches
        wd = watches._by_path["a/"]
        follower.watcher._reader.drop([wd])  # as if it had vanished: our table still has it
        watches.enter(wd, "a/", 1)
        until(lambda: wd not in follower.watcher._reader.live())
        follower.take()
        # The scan enters `a/` anew under another descriptor; an audit before it must tell.
        watches.begin_scan()
        watches.enter(wd, "a/", 1)
        follower.watcher.end_scan()
        assert follower.hints.take().directories == {"a/": True}


def test_an_event_of_an_unknown_watch_is_doubt(root: Path) -> None:
    make_tree(root, "a/f")
    with following(root) as follower:
        follower.watcher._watches.forget(follower.watcher._watches._by_path["a/"])
        (root / "a/g").touch()
        until(lambda: follower.take() or "unknown_watch" in follower.doubts)


def test_an_exception_in_the_reader_is_doubt_and_not_its_end(root: Path) -> None:
    with following(root) as follower:
        listener = follower.watcher._listener
        kept = listener._is_pruned

        def broken(directory: str) -> bool:
            raise RuntimeError(directory)

        listener._is_pruned = broken
        (root / "d").mkdir()
        until(lambda: follower.take() or "exception" in follower.doubts)
        listener._is_pruned = kept
        (root / "f").touch()
        until(lambda: follower.take() or "f" in follower.heard)


def test_a_sign_of_life_comes_back(root: Path) -> None:
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        cookie = follower.watcher._cookie
        assert follower.watcher.beat(0.0)
        until(lambda: cookie._sent_at is None)
        assert follower.watcher.beat(60.0)
        assert not follower.hints.take().paths


def test_a_deaf_reader_is_noticed_replaced_and_doubted(root: Path) -> None:
    make_tree(root, "a/f")
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        deaf = follower.watcher._reader
        follower.watcher._cookie.wd = 10_000  # its signs are not recognised
        assert follower.watcher.beat(0.0)
        assert not follower.watcher.beat(60.0)
        assert follower.watcher._reader is not deaf
        until(lambda: not deaf.is_alive())
        follower.follow()
        until(lambda: follower.doubts and follower.watcher.status().watched == 2)
        (root / "a/g").touch()
        until(lambda: follower.is_told("a/g"))


def test_the_watcher_tells_when_it_last_proved_to_hear(root: Path) -> None:
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        watcher, cookie = follower.watcher, follower.watcher._cookie

        def proved_at(now: float) -> float | None:
            watcher.beat(now)
            return watcher.status().proved_at

        assert watcher.status().proved_at is None
        assert proved_at(100.0) == 100.0, "from now on it has to"
        until(lambda: cookie._is_answered)
        assert proved_at(105.0) == 105.0
        until(lambda: cookie._is_answered)
        heard, cookie.wd = cookie.wd, 10_000  # its signs are not recognised
        assert proved_at(110.0) == 110.0
        assert [proved_at(now) for now in (115.0, 119.0)] == [110.0, 110.0]
        cookie.wd = heard
        cookie.answer(heard)
        assert proved_at(120.0) == 120.0


def test_a_sign_that_cannot_be_sent_disproves_nothing(root: Path) -> None:
    cookie_dir = root.parent / "cookie"
    with following(root, cookie_dir=cookie_dir) as follower:
        watcher = follower.watcher
        watcher.beat(0.0)
        until(lambda: watcher._cookie._is_answered)
        (cookie_dir / "cookie").unlink()
        watcher.beat(5.0)
        assert watcher.status().proved_at is None


def test_where_no_sign_can_be_sent_nothing_is_proved_or_disproved(root: Path) -> None:
    with following(root) as follower:
        follower.watcher.beat(0.0)
        assert follower.watcher.status().proved_at is None
    with following(root, cookie_dir=root / "f" / "cookie") as follower:
        (root / "f").touch()
        follower.watcher._cookie.reset()
        follower.watcher.beat(0.0)
        assert follower.watcher.status().proved_at is None


def test_a_dead_reader_is_noticed_and_replaced(root: Path) -> None:
    with following(root) as follower:
        dead = follower.watcher._reader
        dead.stop()
        until(lambda: not dead.is_alive())
        assert follower.watcher.kind == "down"
        assert not follower.watcher.beat(0.0)
        assert follower.watcher.kind == "inotify"
        assert follower.hints.take().doubt_reason == "restart"


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
