"""What commit promises, and what happens when the disk does not keep its side."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from s3syncd.errors import LedgerError
from s3syncd.ledger import Intent, Ledger
from tests.ledger.rows import IDENTITY, all_paths, open_ledger, row

_CHILD = """
import sys
from pathlib import Path
from s3syncd.core.entry import BaselineRow
from s3syncd.failpoints import arm
from s3syncd.ledger import Intent, Ledger

ledger = Ledger.open(Path(sys.argv[1]), identity=sys.argv[2])
ledger.record(BaselineRow("kept", 1, 2, 3, 4, 5, None, "e", "STANDARD"))
ledger.commit()
arm(sys.argv[3])
if sys.argv[3].startswith("intent"):
    ledger.put_intent(Intent("new", "op", "Upload"))
else:
    ledger.record(BaselineRow("new", 1, 2, 3, 4, 5, None, "e", "STANDARD"))
ledger.commit()
raise SystemExit("the failpoint was not reached")
"""


def _kill_at(folder: Path, point: str) -> Ledger:
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, folder / "ledger.db", IDENTITY, f"{point}=kill"],
        capture_output=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    return open_ledger(folder)


def test_a_kill_before_the_commit_loses_that_group_only(tmp_path: Path) -> None:
    ledger = _kill_at(tmp_path, "record.before_commit")
    assert all_paths(ledger) == ["kept"]
    ledger.close()


def test_a_kill_after_the_commit_loses_nothing(tmp_path: Path) -> None:
    ledger = _kill_at(tmp_path, "record.after_commit")
    assert all_paths(ledger) == ["kept", "new"]
    assert ledger.count() == (2, 2)
    ledger.close()


@pytest.mark.parametrize(("point", "found"), [("before", []), ("after", ["new"])])
def test_an_intent_counts_from_its_commit_on(tmp_path: Path, point: str, found: list[str]) -> None:
    ledger = _kill_at(tmp_path, f"intent.{point}_commit")
    assert [intent.path for intent in ledger.intents()] == found
    ledger.close()


def test_every_connection_that_writes_is_durable(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    assert ledger._rows("PRAGMA synchronous") == [(2,)], "FULL is 2"
    assert ledger._rows("PRAGMA journal_mode") == [("wal",)]
    ledger._disconnect()
    ledger.record(row("a"))
    assert ledger._rows("PRAGMA synchronous") == [(2,)], "after a reconnect too"
    ledger.close()


def test_an_open_group_is_visible_here_and_to_nobody_else(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.record(row("a"))
    assert ledger.pending_writes == 1
    assert all_paths(ledger) == ["a"]
    reader = Ledger.open_readonly(ledger.path, identity=IDENTITY)
    assert all_paths(reader) == []
    ledger.commit()
    assert ledger.pending_writes == 0
    assert all_paths(reader) == ["a"]
    reader.close()
    ledger.close()


@contextmanager
def _files_no_larger_than(size_bytes: int) -> Iterator[None]:
    """Make real writes fail (EFBIG), as a full or failing disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_group_that_the_disk_refused_is_written_when_the_disk_is_well(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.record(row("before", size_bytes=3))
    ledger.commit()
    for number in range(300):
        ledger.record(row(f"new-{number:04}", size_bytes=2))
    ledger.forget("before")
    ledger.want_deletion("before", "DeleteRemote", 1000.0)
    writes = ledger.pending_writes
    with _files_no_larger_than(4096):
        with pytest.raises(LedgerError) as failed:
            ledger.commit()
        assert failed.value.hint
        with pytest.raises(LedgerError):
            ledger.commit()
        assert ledger.pending_writes == writes, "the group was lost"
        with pytest.raises(LedgerError):
            ledger.record(row("while it fails", size_bytes=1))
    ledger.commit()
    ledger.close()
    again = open_ledger(tmp_path)
    assert again.put_aside is None
    assert again.count() == (301, 601)
    assert len(all_paths(again, limit=100)) == 301
    assert "while it fails" in all_paths(again, limit=100)
    assert again.count_deletions("waiting") == 1
    assert again.seq() == 303
    again.close()


def test_a_full_disk_says_so_and_the_group_is_kept(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    (pages,) = ledger._rows("PRAGMA page_count")[0]
    ledger._rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match="full") as failed:
        for number in range(1000):
            ledger.record(row(f"new-{number:04}"))
    assert "free space" in failed.value.hint
    kept = ledger.pending_writes
    ledger.commit()  # a new connection, without the limit
    assert ledger.count() == (kept, kept)
    ledger.close()


def test_after_a_failure_the_connection_is_a_new_one(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    old = ledger._db
    ledger.record(row("a"))
    with _files_no_larger_than(0), pytest.raises(LedgerError):
        ledger.commit()
    ledger.commit()
    assert ledger._db is not None
    assert ledger._db is not old
    assert not Path(f"{ledger.path}-wal").stat().st_size > 1 << 20
    ledger.close()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="reads /proc")
def test_after_a_failure_nothing_of_the_old_connection_is_left(tmp_path: Path) -> None:
    """Not its files, nor its locks, nor what it keeps in memory of pages that were not written."""

    def held() -> list[str]:
        links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
        return [link for link in links if link.startswith(str(tmp_path))]

    ledger = open_ledger(tmp_path)
    assert held()
    ledger.record(row("a"))
    with _files_no_larger_than(0), pytest.raises(LedgerError):
        ledger.commit()
    assert held() == []
    with _files_no_larger_than(0), pytest.raises(LedgerError):
        ledger.commit()
    assert held() == []
    ledger.commit()
    assert held()
    ledger.close()
    assert held() == []


def test_the_wal_is_moved_into_the_database_before_a_new_connection_is_used(
    tmp_path: Path,
) -> None:
    ledger = open_ledger(tmp_path)
    ledger.record(row("a"))
    ledger.commit()
    reader = Ledger.open_readonly(ledger.path, identity=IDENTITY)  # keeps the WAL alive
    ledger._disconnect()
    wal = Path(f"{ledger.path}-wal")
    assert wal.stat().st_size > 0
    assert ledger.count() == (1, 1)
    assert wal.stat().st_size == 0
    reader.close()
    ledger.close()


def test_a_write_that_cannot_be_right_is_a_mistake_and_not_a_failing_disk(tmp_path: Path) -> None:
    import sqlite3

    ledger = open_ledger(tmp_path)
    ledger.record(row("good"))
    with pytest.raises(sqlite3.IntegrityError):
        ledger.record(row("bad")._replace(etag=None))  # type: ignore[arg-type]
    ledger.commit()
    assert all_paths(ledger) == ["good"]
    assert ledger.count() == (1, 1)
    ledger.close()


def test_a_failed_replay_does_not_count_twice(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.record(row("a", size_bytes=5))
    ledger.put_intent(Intent("a", "op", "Upload"))
    ledger._disconnect()
    ledger._disconnect()
    ledger.record(row("b", size_bytes=5))
    ledger._disconnect()
    ledger.commit()
    assert ledger.count() == (2, 10)
    ledger.close()


def test_a_closed_ledger_stays_closed(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.baseline("a")
