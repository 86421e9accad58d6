"""The scan thread: what goes first, what it waits for, and what it cannot read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.core.entry import UnknownMark
from s3syncd.core.messages import Looked
from tests.local.follower import Follower, files_below, following, make_tree
from tests.local.listening import Calls
from tests.local.trees import fill
from tests.waiting import until


def test_a_scan_that_nobody_takes_from_pauses_and_the_rest_goes_on(root: Path) -> None:
    fill(root, 512 * 5 + 9)
    make_tree(root, "e/f")
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        assert follower.look("e/f").root_ok
        assert [entry.path for entry in follower.directory("e/", is_recursive=True)] == ["e/f"]
        assert follower.check_root().reason == ""
        assert len(follower.batches[number]) == 4, "no fifth batch before one was taken"
        follower.scanner.taken(number)
        until(lambda: len(follower.batches[number]) == 5)
        follower.look("e/f")
        assert len(follower.batches[number]) == 5
        assert follower.unblock(number).is_complete
        assert {entry.path for entry in follower.entries(number)} == files_below(root)


def test_looks_go_before_directories_and_those_before_a_full_scan(root: Path) -> None:
    fill(root, 600)
    make_tree(root, "e/f")
    follower = Follower(root, is_watching=False)
    follower.scanner.full(1)
    follower.scanner.directory(2, "e/", is_recursive=True)
    follower.scanner.look(["e/f"])
    follower.scanner.start()
    try:
        follower.wait_for(1)
        kinds = [
            "look" if isinstance(message, Looked) else getattr(message, "pass_id", 0)
            for message in follower.messages
        ]
        assert kinds[:3] == ["look", 2, 1]
    finally:
        follower.stop()


def test_a_canceled_scan_ends_and_is_not_complete(root: Path) -> None:
    fill(root, 512 * 5 + 9)
    with following(root, is_started=False) as follower:
        number = follower.begin_blocked()
        follower.scanner.cancel(number)
        assert not follower.wait_for(number).is_complete
        follower.scanner.taken(number)
        follower.is_taking = True
        follower.full()


def test_a_failure_nobody_foresaw_ends_that_scan_alone(root: Path) -> None:
    make_tree(root, "a")

    def fail(path: str) -> None:
        raise RuntimeError("unforeseen")

    with following(root, is_started=False) as follower:
        follower.scanner._watcher = Calls(fail)
        assert follower.full() == []
        assert not follower.batches[1][-1].is_complete
        assert "unforeseen" in follower.scanner.last_error
        assert follower.look("a").root_ok


_AS_SOMEBODY_ELSE = """
import json, os, sys
from pathlib import Path
from tests.local.follower import following
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)  # of all threads, those to come included
with following(root, is_started=False) as follower:
    follower.full()
    entries = [list(entry[:2]) for entry in follower.entries(1)]
    looks = {path: str(look) for path, look in follower.look(*sys.argv[2:]).results.items()}
    is_complete = follower.batches[1][-1].is_complete
    print(json.dumps([entries, looks, is_complete, follower.check_root().reason]))
"""


def scanned_by_somebody_else(root: Path, *paths: str) -> tuple[list, dict, bool, str]:
    done = subprocess.run(
        [sys.executable, "-c", _AS_SOMEBODY_ELSE, root, *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory whose way anybody may pass (pytest's own is private)."""
    folder = Path(tempfile.mkdtemp()).resolve()
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


def test_what_may_not_be_read_is_unknown_and_the_rest_complete(open_folder: Path) -> None:
    make_tree(open_folder, "a/f", "closed/f", "listable/f", "listable/g/h", "z")
    (open_folder / "closed").chmod(0o000)
    (open_folder / "listable").chmod(0o444)  # names, but no looks
    entries, looks, is_complete, _reason = scanned_by_somebody_else(
        open_folder, "closed/f", "closed/none", "listable/f", "a/none"
    )
    assert entries == [
        ["a/f", 3],
        ["closed/", "unreadable"],
        ["listable/f", "unreadable"],
        ["listable/g/", "unreadable"],
        ["z", 1],
    ]
    assert is_complete
    assert looks["closed/f"] == str(UnknownMark("closed/f", "unreadable"))
    assert looks["closed/none"] == str(UnknownMark("closed/none", "unreadable"))
    assert looks["listable/f"] == str(UnknownMark("listable/f", "unreadable"))
    assert looks["a/none"] == "absent"


def test_an_unreadable_root_is_missing_not_empty(open_folder: Path) -> None:
    make_tree(open_folder, "root/f")
    (open_folder / "root").chmod(0o000)
    entries, looks, is_complete, reason = scanned_by_somebody_else(open_folder / "root", "f")
    assert (entries, looks, is_complete, reason) == ([], {}, False, "root_missing")
