"""Ledgers read by others than their daemon: beside it, without it, and never changed."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from s3syncd.errors import LedgerError
from s3syncd.ledger import Ledger
from tests.ledger.rows import IDENTITY, all_paths, filled, open_ledger, row


def test_a_reader_sees_what_the_daemon_commits_and_cannot_write(tmp_path: Path) -> None:
    daemon = open_ledger(tmp_path)
    reader = Ledger.open_readonly(daemon.path, identity=IDENTITY)
    daemon.record(row("a"))
    daemon.commit()
    assert all_paths(reader) == ["a"]
    with pytest.raises(LedgerError, match="reading only"):
        reader.record(row("b"))
    with pytest.raises(sqlite3.OperationalError), closing(reader._db) as db:
        db.execute("DELETE FROM baseline")
    daemon.record(row("c"))
    daemon.commit()
    daemon.close()


def test_a_reader_works_without_a_daemon_and_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()
    reader = Ledger.open_readonly(path, identity=IDENTITY)
    assert reader.count()[0] == 200
    reader.close()
    assert path.read_bytes() == before
    ledger = open_ledger(tmp_path)
    assert ledger.put_aside is None
    assert ledger.count()[0] == 200
    ledger.close()


def _seen(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in folder.iterdir()}


def test_readers_leave_nothing_beside_a_ledger_that_nobody_writes(tmp_path: Path) -> None:
    path = filled(tmp_path)
    before = _seen(tmp_path)
    first = Ledger.open_readonly(path, identity=IDENTITY)
    second = Ledger.open_readonly(path, identity=IDENTITY)
    assert len(all_paths(first)) == len(all_paths(second)) == 200
    first.close()
    assert len(all_paths(second)) == 200
    second.close()
    assert _seen(tmp_path) == before


def test_a_reader_of_what_a_killed_daemon_left_leaves_it_as_it_is(tmp_path: Path) -> None:
    daemon = open_ledger(tmp_path / "living")
    daemon.record(row("a"))
    daemon.commit()
    shutil.copytree(tmp_path / "living", tmp_path / "left")  # as `kill -9` at this moment
    daemon.close()
    before = _seen(tmp_path / "left")
    assert len(before["ledger.db-wal"][0]) > 0
    reader = Ledger.open_readonly(tmp_path / "left" / "ledger.db", identity=IDENTITY)
    assert all_paths(reader) == ["a"]
    reader.close()
    after = _seen(tmp_path / "left")
    assert after["ledger.db"] == before["ledger.db"]
    assert after["ledger.db-wal"] == before["ledger.db-wal"]


def test_a_daemon_that_begins_beside_a_reader_is_seen_and_keeps_all(tmp_path: Path) -> None:
    path = filled(tmp_path, rows=3)
    reader = Ledger.open_readonly(path, identity=IDENTITY)
    daemon = open_ledger(tmp_path)
    daemon.record(row("z"))
    daemon.commit()
    assert all_paths(reader)[-1] == "z"
    reader.close()
    daemon.record(row("zz"))
    daemon.commit()
    late = Ledger.open_readonly(path, identity=IDENTITY)
    daemon.close()
    assert all_paths(late)[-2:] == ["z", "zz"]
    late.close()
    again = open_ledger(tmp_path)
    assert again.was_clean
    assert all_paths(again)[-2:] == ["z", "zz"]
    again.close()
    assert [one.name for one in tmp_path.iterdir()] == ["ledger.db"]


READ = """
import os, sys
from pathlib import Path
from s3syncd.ledger import Ledger
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
path = Path(sys.argv[1])
assert not os.access(path.parent, os.W_OK)
reader = Ledger.open_readonly(path, identity=sys.argv[2])
print(reader.count()[0])
reader.close()
"""


def test_a_ledger_in_a_directory_that_may_only_be_read_is_read() -> None:
    with tempfile.TemporaryDirectory() as name:  # others may enter
        folder = Path(name)
        path = filled(folder)
        path.chmod(0o444)
        folder.chmod(0o555)
        before = _seen(folder)
        done = subprocess.run(
            [sys.executable, "-c", READ, path, IDENTITY], check=True, capture_output=True, text=True
        )
        assert done.stdout == "200\n"
        assert _seen(folder) == before
        folder.chmod(0o755)


@pytest.mark.parametrize("case", ["missing", "other identity", "damaged"])
def test_where_the_daemon_would_begin_anew_a_reader_sees_an_empty_ledger(
    tmp_path: Path, case: str
) -> None:
    path, identity = tmp_path / "ledger.db", IDENTITY
    if case == "other identity":
        filled(tmp_path)
        identity = "other"
    elif case == "damaged":
        path.write_bytes(b"nonsense" * 100)
    before = path.read_bytes() if path.exists() else None
    reader = Ledger.open_readonly(path, identity=identity)
    assert reader.was_fresh
    assert reader.page("") == []
    assert reader.count() == (0, 0)
    reader.close()
    assert (path.read_bytes() if path.exists() else None) == before
