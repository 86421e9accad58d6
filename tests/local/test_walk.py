"""A scan gives every file once, in the order of S3 keys, and marks what it cannot tell."""

from __future__ import annotations

import itertools
import os
import resource
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.paths import Scope
from s3syncd.local import directory
from s3syncd.local.identity import open_root
from s3syncd.local.inner import InnerMounts
from s3syncd.local.messages import NamesSkipped
from s3syncd.local.mounts import Mounts
from s3syncd.local.walk import Walk
from tests.local.follower import EVERYTHING, files_below, following, make_tree


def walked(
    root: Path, *, scope: Scope = EVERYTHING, prefix: str = "", is_recursive: bool = True
) -> list[LocalEntry | UnknownMark]:
    """Walk without threads."""
    mounts = InnerMounts(Mounts(root), {}, on_new=lambda _path, _identity: None)
    walk = Walk(scope, prefix=prefix, is_recursive=is_recursive, watch=None, mounts=mounts)
    walk.root_fd = open_root(root)
    try:
        return [entry for entries, _is_last in walk.steps() for entry in entries]
    finally:
        os.close(walk.root_fd)


def names(entries: list[LocalEntry | UnknownMark]) -> list[str]:
    return [entry.path for entry in entries]


def marks(entries: list[LocalEntry | UnknownMark]) -> list[tuple[str, str]]:
    return [(mark.path, mark.reason) for mark in entries if isinstance(mark, UnknownMark)]


def test_directories_compare_with_their_slash(root: Path) -> None:
    make_tree(root, "a/b", "a.txt", "a-b", "a0", "a/b.d/x", "a/b-/y", "é", "z")
    found = names(walked(root))
    assert found == ["a-b", "a.txt", "a/b", "a/b-/y", "a/b.d/x", "a0", "z", "é"]
    assert found == sorted(found, key=str.encode)


_SEGMENT = st.text(alphabet="a.-/!0é\U0001f600", min_size=1, max_size=4)


@settings(max_examples=40)
@given(st.sets(_SEGMENT, max_size=12))
def test_any_tree_comes_whole_and_in_byte_order(wanted: set[str]) -> None:
    folder = tempfile.mkdtemp()
    try:
        root = Path(folder).resolve()
        for path in sorted(wanted):
            parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
            try:
                make_tree(root, "/".join(parts) or "x")
            except OSError:
                continue  # a file stands where a directory was wanted, or the reverse
        found = names(walked(root))
        assert found == sorted(files_below(root), key=str.encode)
    finally:
        shutil.rmtree(folder)


def test_an_entry_is_what_lstat_says(root: Path) -> None:
    make_tree(root, "d/f")
    seen = os.lstat(root / "d/f")
    assert walked(root) == [
        LocalEntry(
            "d/f", seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode
        )
    ]


def test_links_and_special_files_are_marked_as_name_and_as_directory(root: Path) -> None:
    make_tree(root, "d/f", "l.x")
    (root / "l").symlink_to("d")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    entries = walked(root)
    assert marks(entries) == [
        ("l", "symlink"),
        ("l/", "symlink"),
        ("loop", "symlink"),
        ("loop/", "symlink"),
        ("pipe", "special_file"),
        ("pipe/", "special_file"),
    ]
    assert names(entries) == sorted(names(entries))
    assert names(entries).index("l.x") == names(entries).index("l") + 1


def test_a_shallow_scan_stays_in_its_directory(root: Path) -> None:
    make_tree(root, "d/f", "d/e/g", "h")
    assert names(walked(root, prefix="d/", is_recursive=False)) == ["d/f"]
    assert names(walked(root, prefix="d/")) == ["d/e/g", "d/f"]


def test_a_directory_that_is_gone_or_a_file_now_is_empty_not_unknown(root: Path) -> None:
    make_tree(root, "f")
    assert walked(root, prefix="none/") == []
    assert walked(root, prefix="none/below/") == []
    assert walked(root, prefix="f/") == []


def test_a_directory_that_became_a_link_is_unknown(root: Path) -> None:
    make_tree(root, "d/f")
    (root / "l").symlink_to("d")
    assert walked(root, prefix="l/") == [UnknownMark("l/", "symlink")]
    assert walked(root, prefix="l/below/") == [UnknownMark("l/below/", "symlink")]


def test_pruned_directories_are_not_read_and_unselected_files_not_told(root: Path) -> None:
    make_tree(root, "node_modules/x/y", "src/a.tmp", "src/b", "c")
    (root / "src/l.tmp").symlink_to("b")
    scope = Scope(prefix="", exclusions=["node_modules/", r"\.tmp$"], inclusions=[])
    with following(root, scope=scope) as follower:
        assert names(follower.full()) == ["c", "src/b", "src/l.tmp/"]
        assert follower.watcher.status().watched == 2


def test_names_that_are_not_utf8_are_counted_and_sampled(root: Path) -> None:
    make_tree(root, "good")
    for number in range(15):
        (root / os.fsdecode(b"bad\xff%d" % number)).write_text("x")
    (root / os.fsdecode(b"dir\xfe")).mkdir()
    with following(root, is_started=False) as follower:
        assert names(follower.full()) == ["good"]
        (skipped,) = [m for m in follower.messages if isinstance(m, NamesSkipped)]
    assert skipped.count == 16
    assert len(skipped.sample) == 10
    assert all(
        each in {f"bad\\xff{n}" for n in range(15)} | {"dir\\xfe"} for each in skipped.sample
    )


def test_a_directory_larger_than_a_slice_is_whole_and_in_order(root: Path) -> None:
    count = directory.SLICE_NAMES + 700
    make_tree(root, "d/x/inner")
    for number in range(count):
        (root / f"d/{number:05}").touch()
    with following(root, is_started=False) as follower:
        found = names(follower.full())
        assert max(len(batch.entries) for batch in follower.batches[1]) <= 512
    assert found == [f"d/{number:05}" for number in range(count)] + ["d/x/inner"]


def test_the_rest_of_a_large_directory_that_was_replaced_is_unknown(root: Path) -> None:
    count = directory.SLICE_NAMES + 1_000
    for number in range(count):
        (root / f"{number:05}").touch()
    (root / "d").mkdir()
    for path in root.glob("0*"):
        path.rename(root / "d" / path.name)
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        (root / "d").rename(root.parent / "old")
        (root / "d").mkdir()
        follower.unblock(number)
        entries = follower.entries(number)
    assert len(entries) == count
    assert {mark.path for mark in entries[directory.SLICE_NAMES :]} == {
        f"d/{n:05}" for n in range(directory.SLICE_NAMES, count)
    }
    assert all(isinstance(each, UnknownMark) for each in entries[directory.SLICE_NAMES :])
    assert all(isinstance(each, LocalEntry) for each in entries[: directory.SLICE_NAMES])


def _is_free(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


def test_a_tree_deeper_than_the_open_file_limit_is_read(root: Path) -> None:
    make_tree(root, "d/" * 200 + "f")
    *_, last = itertools.islice((number for number in itertools.count() if _is_free(number)), 20)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1, limits[1]))
    try:
        assert names(walked(root)) == ["d/" * 200 + "f"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
