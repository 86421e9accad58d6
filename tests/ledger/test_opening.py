"""Files: begun, recognised, checked, put aside; never deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from s3syncd.errors import LedgerError
from s3syncd.ledger import Ledger, put_aside
from s3syncd.ledger.opening import SCHEMA_VERSION
from tests.ledger.rows import IDENTITY, all_paths, filled, open_ledger, row


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
    with closing(sqlite3.connect(filled(tmp_path))) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (0x53335359,)
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_another_bucket_begins_a_new_ledger_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = filled(tmp_path)
    ledger = Ledger.open(path, identity="other bucket")
    assert ledger.was_fresh
    assert ledger.count() == (0, 0)
    assert ledger.put_aside == path.with_name("ledger.db.replaced-1")
    ledger.close()
    kept = Ledger.open(ledger.put_aside, identity=IDENTITY)
    assert kept.count()[0] == 200
    kept.close()


def test_two_files_put_aside_get_two_names(tmp_path: Path) -> None:
    first = put_aside(filled(tmp_path), "reset")
    second = put_aside(filled(tmp_path), "reset")
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
    path = filled(tmp_path)
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
    path = filled(tmp_path, rows=2000)
    _crash(open_ledger(tmp_path))
    _damage_leaf(path)
    ledger = open_ledger(tmp_path)
    assert ledger.put_aside is not None
    assert ledger.was_fresh
    ledger.close()


def test_damage_met_while_running_is_an_error_and_the_ledger_can_begin_anew(
    tmp_path: Path,
) -> None:
    path = filled(tmp_path, rows=2000)
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
    path = filled(tmp_path)
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
    path = filled(tmp_path)
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


def test_the_ledger_belongs_to_one_thread(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ledger = open_ledger(tmp_path)
    with ThreadPoolExecutor(1) as other, pytest.raises(sqlite3.ProgrammingError):
        other.submit(ledger.baseline, "a").result()
    ledger.close()
