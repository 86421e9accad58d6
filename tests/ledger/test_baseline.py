"""Baseline rows: what is recorded is read back, in key order, and counted without a scan."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from s3syncd.core.entry import BaselineRow
from s3syncd.ledger import Ledger
from tests.ledger.rows import all_paths, open_ledger, row


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


def test_a_row_is_read_back_as_it_was_recorded(ledger: Ledger) -> None:
    recorded = BaselineRow("d/ä\n😀", 5, -6, 7, 8, 0o100755, None, 'W/"x-3"', "GLACIER_IR")
    ledger.record(recorded)
    ledger.commit()
    assert ledger.baseline("d/ä\n😀") == recorded._replace(changed_seq=1)
    assert isinstance(ledger.baseline("d/ä\n😀"), BaselineRow)
    assert ledger.page("") == [recorded._replace(changed_seq=1)]
    assert ledger.baseline("d/ä") is None


@pytest.mark.parametrize(
    ("inode", "time_ns"),
    [
        pytest.param(2**64 - 1, -(2**31) * 10**9, id="NFS inode, 1901"),
        pytest.param(2**63, 2**63, id="first beyond 63 bits"),
        pytest.param(1, 2**63 - 1, id="last within 63 bits"),
        pytest.param(2**63 - 1, 15_032_385_535 * 10**9 + 999_999_999, id="2446, last of ext4"),
        pytest.param(0, 16_299_260_425 * 10**9, id="2486, last of XFS"),
    ],
)
def test_stat_numbers_beyond_63_bits_keep_their_value(
    ledger: Ledger, inode: int, time_ns: int
) -> None:
    recorded = row("p", inode=inode, mtime_ns=time_ns)._replace(ctime_ns=time_ns)
    ledger.record(recorded)
    assert ledger.baseline("p") == recorded._replace(changed_seq=1)
    assert ledger.page("") == [recorded._replace(changed_seq=1)]
    assert ledger.by_inode(inode, 1) == ["p"]


def test_a_time_that_no_column_can_hold_is_still_recorded(ledger: Ledger) -> None:
    ledger.record(row("p", mtime_ns=2**70))  # tmpfs takes any second
    ledger.commit()
    assert ledger.count() == (1, 1)


def test_pages_come_in_the_order_in_which_s3_lists_keys(ledger: Ledger) -> None:
    paths = ["a", "a/b", "a-b", "a0", "Z", "é", "\uffff", "\U00010000", "a/b/c"]
    for path in paths:
        ledger.record(row(path))
    assert all_paths(ledger) == sorted(paths, key=str.encode)


def test_a_page_of_a_directory_holds_only_what_is_below_it(ledger: Ledger) -> None:
    for path in ["a", "a-b", "a/1", "a/2", "a/b/3", "a0", "b"]:
        ledger.record(row(path))
    assert all_paths(ledger, prefix="a/") == ["a/1", "a/2", "a/b/3"]
    assert [found.path for found in ledger.page("a/1", prefix="a/")] == ["a/2", "a/b/3"]
    assert ledger.page("a/b/3", prefix="a/") == []


def test_a_page_of_stats_is_the_beginning_of_the_same_rows(ledger: Ledger) -> None:
    for number in range(30):
        ledger.record(row(f"{'ab'[number % 2]}/{number}"))
    whole = ledger.page("a/2", prefix="a/", limit=7)
    assert ledger.stat_page("a/2", prefix="a/", limit=7) == [tuple(each[:6]) for each in whole]


def test_the_path_so_many_rows_ahead_is_found_until_the_end(ledger: Ledger) -> None:
    for number in range(10):
        ledger.record(row(f"d/{number}"))
    assert ledger.path_behind("", 4) == "d/3"
    assert ledger.path_behind("d/3", 4) == "d/7"
    assert ledger.path_behind("d/7", 4) is None
    assert ledger.path_behind("d/7", 2) == "d/9"


def test_counts_follow_new_changed_and_forgotten_rows(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.record(row("a", size_bytes=10))
    ledger.record(row("b", size_bytes=5))
    ledger.record(row("a", size_bytes=3))
    assert ledger.count() == (2, 8)
    ledger.forget("b")
    ledger.forget("never recorded")
    assert ledger.count() == (1, 3)
    ledger.close()
    again = open_ledger(tmp_path)
    assert again.count() == (1, 3)
    again.close()


def test_a_hard_link_or_rename_is_found_by_inode_and_size(ledger: Ledger) -> None:
    ledger.record(row("new", inode=9, size_bytes=4))
    ledger.record(row("old", inode=9, size_bytes=4))
    ledger.record(row("reused inode", inode=9, size_bytes=5))
    assert ledger.by_inode(9, 4) == ["new", "old"]
    ledger.forget("old")
    assert ledger.by_inode(9, 4) == ["new"]


def test_a_file_is_known_by_its_content_too(ledger: Ledger) -> None:
    one = row("old", inode=9, size_bytes=4)
    ledger.record(one)
    ledger.record(one._replace(path="other content", md5="f" * 32))
    ledger.record(one._replace(path="touched", mtime_ns=77))
    ledger.record(one._replace(path="unread", md5=None))
    ledger.record(one._replace(path="unread and touched", md5=None, mtime_ns=77))
    assert ledger.other_names(one) == ["touched", "unread"]
    assert ledger.other_names(one._replace(md5=None)) == ["other content", "unread"]


def test_a_sample_is_spread_over_the_whole_baseline(ledger: Ledger) -> None:
    for number in range(100):
        ledger.record(row(f"{number:03}"))
    found = [found.path for found in ledger.sample(10)]
    assert found == [f"{number:03}" for number in range(0, 100, 10)]
    assert len(ledger.sample(1000)) == 100


def test_a_path_recorded_after_the_pass_began_is_known_as_changed(ledger: Ledger) -> None:
    ledger.record(row("before"))
    began = ledger.begin_pass()
    ledger.record(row("after"))
    assert not ledger.changed_since("before", began)
    assert ledger.changed_since("after", began)
    ledger.record(row("before"))
    assert ledger.changed_since("before", began)


def test_a_path_forgotten_during_a_pass_is_known_as_changed_until_it_ends(ledger: Ledger) -> None:
    ledger.record(row("gone"))
    began = ledger.begin_pass()
    ledger.forget("gone")
    assert ledger.changed_since("gone", began)
    assert ledger.page("") == []
    ledger.end_pass()
    ledger.begin_pass()
    assert not ledger.changed_since("gone", began), "the tombstone outlived the pass"


def test_tombstones_stay_until_the_last_of_two_passes_ends(ledger: Ledger) -> None:
    ledger.record(row("gone"))
    began = ledger.begin_pass()
    ledger.begin_pass()
    ledger.forget("gone")
    ledger.end_pass()
    assert ledger.changed_since("gone", began)


def test_the_counter_grows_over_restarts(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.record(row("a"))
    ledger.forget("a")
    seq = ledger.seq()
    ledger.close()
    again = open_ledger(tmp_path)
    again.record(row("b"))
    assert again.changed_since("b", seq)
    again.close()


def test_a_path_with_lone_surrogates_is_refused_and_leaves_no_trace(ledger: Ledger) -> None:
    with pytest.raises(UnicodeEncodeError):
        ledger.record(row("\udcff"))
    assert ledger.pending_writes == 0
    ledger.record(row("good"))
    ledger.commit()
    assert all_paths(ledger) == ["good"]


def test_a_setting_is_kept_and_removed(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.set_meta("etag_is_md5", "no")
    ledger.close()
    again = open_ledger(tmp_path)
    assert again.meta("etag_is_md5") == "no"
    again.set_meta("etag_is_md5", None)
    assert again.meta("etag_is_md5") is None
    again.close()


_paths = st.sampled_from(["a", "a/b", "a/b/c", "a0", "é", "z"])


class LedgerLaws(RuleBasedStateMachine):
    """A ledger is a dict whose last commit survives a crash."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-laws-"))
        self.ledger = open_ledger(self.folder)
        self.rows: dict[str, BaselineRow] = {}
        self.durable: dict[str, BaselineRow] = {}

    @rule(path=_paths, size=st.integers(0, 99), inode=st.integers(0, 2**64 - 1))
    def record(self, path: str, size: int, inode: int) -> None:
        recorded = row(path, size_bytes=size, inode=inode)
        self.ledger.record(recorded)
        self.rows[path] = recorded

    @rule(path=_paths)
    def forget(self, path: str) -> None:
        self.ledger.forget(path)
        self.rows.pop(path, None)

    @rule()
    def commit(self) -> None:
        self.ledger.commit()
        self.durable = dict(self.rows)

    @rule()
    def crash(self) -> None:
        # What a kill leaves: the files as they are, nothing closed.
        with tempfile.TemporaryDirectory(prefix="ledger-crash-") as name:
            shutil.copytree(self.folder, name, dirs_exist_ok=True)
            survivor = open_ledger(Path(name))
            found = {r.path: r._replace(changed_seq=0) for r in survivor.page("")}
            counted = survivor.count()
            survivor.close()
        assert found == self.durable
        assert counted == (len(found), sum(r.size_bytes for r in found.values()))

    @rule()
    def restart(self) -> None:
        self.ledger.close()
        self.durable = dict(self.rows)
        self.ledger = open_ledger(self.folder)

    @invariant()
    def equal(self) -> None:
        expected = [self.rows[path] for path in sorted(self.rows, key=str.encode)]
        assert [r._replace(changed_seq=0) for r in self.ledger.page("")] == expected
        total = sum(r.size_bytes for r in expected)
        assert self.ledger.count() == (len(expected), total)

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.folder)


TestLedgerLaws = LedgerLaws.TestCase
# Every commit is a real fsync: few and long runs find more per second than many short ones.
TestLedgerLaws.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
