"""Files: begun, recognised, checked, put aside; never deleted."""

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
from s3syncd.ledger import Ledger, put_aside
from s3syncd.ledger.opening import SCHEMA_VERSION
from tests.ledger.rows import IDENTITY, all_paths, open_ledger, row


def _filled(folder: Path, *, rows: int = 200) -> Path:
    ledger = open_ledger(folder)
    for number in range(rows):
        ledger.record(row(f"file-{number:05}"))
    ledger.close()
    return ledger.path


def _crash(ledger: Ledger) -> None:
    """Let go of the files without the note of a clean stop."""
    ledger._disconnect()


def test_a_new_ledger_is_fresh_and_private(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "new" / "site" / "ledger.db", identity=IDENTITY)
    assert ledger.was_fresh
    assert ledger.put_aside is None
    assert ledger.path.stat().st_mode & 0o077 == 0
    ledger.record(row("a"))
    ledger.commit()
    assert Path(f"{ledger.path}-wal").stat().st_mode & 0o077 == 0
    ledger.close()
    again = Ledger.open(ledger.path, identity=IDENTITY)
    assert not again.was_fresh
    again.close()


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(_filled(tmp_path))) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (0x53335359,)
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_another_bucket_begins_a_new_ledger_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    ledger = Ledger.open(path, identity="other bucket")
    assert ledger.was_fresh
    assert ledger.count() == (0, 0)
    assert ledger.put_aside == path.with_name("ledger.db.replaced-1")
    ledger.close()
    kept = Ledger.open(ledger.put_aside, identity=IDENTITY)
    assert kept.count()[0] == 200
    kept.close()


def test_two_files_put_aside_get_two_names(tmp_path: Path) -> None:
    first = put_aside(_filled(tmp_path), "reset")
    second = put_aside(_filled(tmp_path), "reset")
    assert [first.name, second.name] == ["ledger.db.reset-1", "ledger.db.reset-2"]
    assert first.exists()
    assert second.exists()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"not a database, but longer than a header is, by some bytes" * 20, id="text"),
        pytest.param(b"SQLite format 3\x00" + b"\xff" * 5000, id="header and nonsense"),
    ],
)
def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    ledger = open_ledger(tmp_path)
    assert ledger.was_fresh
    assert ledger.put_aside is not None
    assert ledger.put_aside.read_bytes() == content
    ledger.record(row("a"))
    ledger.close()


def test_somebody_elses_database_is_put_aside_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE precious (x)")
    before = path.read_bytes()
    ledger = open_ledger(tmp_path)
    assert ledger.put_aside is not None
    assert ledger.put_aside.read_bytes() == before
    ledger.close()


def test_an_empty_file_is_a_ledger_that_a_crash_kept_from_beginning(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    ledger = open_ledger(tmp_path)
    assert ledger.was_fresh
    assert ledger.put_aside is None
    ledger.close()


def test_a_truncated_file_is_found_after_an_unclean_stop(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    _crash(open_ledger(tmp_path))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size // 2)
    ledger = open_ledger(tmp_path)
    assert ledger.was_fresh
    assert ledger.put_aside is not None
    assert ledger.put_aside.name == "ledger.db.corrupt-1"
    ledger.close()


def _damage_leaf(path: Path) -> None:
    """Overwrite the content of a page in the middle, not the header."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)


def test_damage_is_found_after_an_unclean_stop(tmp_path: Path) -> None:
    path = _filled(tmp_path, rows=2000)
    _crash(open_ledger(tmp_path))
    _damage_leaf(path)
    ledger = open_ledger(tmp_path)
    assert ledger.put_aside is not None
    assert ledger.was_fresh
    ledger.close()


def test_damage_met_while_running_is_an_error_and_the_ledger_can_begin_anew(
    tmp_path: Path,
) -> None:
    path = _filled(tmp_path, rows=2000)
    _damage_leaf(path)
    ledger = open_ledger(tmp_path)  # stopped cleanly: not checked
    ledger.record(row("acknowledged"))
    with pytest.raises(LedgerError) as failed:
        all_paths(ledger, limit=1000)
    assert "begun anew" in failed.value.hint
    assert ledger.is_damaged
    with pytest.raises(LedgerError, match="damaged"):
        ledger.commit()
    ledger.begin_anew()
    assert ledger.was_fresh
    assert ledger.put_aside is not None
    ledger.commit()
    assert all_paths(ledger) == ["acknowledged"]
    assert ledger.count() == (1, 1)
    ledger.close()
    assert ledger.put_aside.exists()


def test_a_ledger_of_the_first_schema_is_brought_up_to_this_one(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        (wanted,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'late'").fetchone()
        db.execute("DROP TABLE late")
        db.execute("PRAGMA user_version = 1")
    with pytest.raises(LedgerError):
        Ledger.open_readonly(path, identity=IDENTITY)
    ledger = open_ledger(tmp_path)
    assert not ledger.was_fresh
    assert all_paths(ledger)
    assert ledger.lates() == []
    ledger.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        (made,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'late'").fetchone()
    assert made == wanted


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(LedgerError, match=f"schema {SCHEMA_VERSION + 1}") as failed:
        open_ledger(tmp_path)
    assert "reset" in failed.value.hint
    assert [found.name for found in tmp_path.iterdir()] == ["ledger.db"]
    with pytest.raises(LedgerError):
        Ledger.open_readonly(path, identity=IDENTITY)


def test_a_place_that_cannot_hold_a_ledger_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError) as failed:
        Ledger.open(tmp_path / "file" / "ledger.db", identity=IDENTITY)
    assert failed.value.hint
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError):
        open_ledger(tmp_path)


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
    path = _filled(tmp_path)
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
    path = _filled(tmp_path)
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
    path = _filled(tmp_path, rows=3)
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
        path = _filled(folder)
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
        _filled(tmp_path)
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


def test_the_ledger_belongs_to_one_thread(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ledger = open_ledger(tmp_path)
    with ThreadPoolExecutor(1) as other, pytest.raises(sqlite3.ProgrammingError):
        other.submit(ledger.baseline, "a").result()
    ledger.close()
