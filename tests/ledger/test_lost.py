"""What counts for the guard: deletions whose file is nowhere else, and not on its way there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.ledger import Intent, Ledger
from tests.ledger.rows import open_ledger, row


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Four files with inodes 1 to 4, of which `a` and `b` are wanted deleted."""
    made = open_ledger(tmp_path)
    for number, path in enumerate("abcd", start=1):
        made.record(row(path, inode=number))
    made.want_deletion("a", "DeleteRemote", 1.0)
    made.want_deletion("b", "DeleteRemote", 1.0)
    yield made
    made.close()


def test_every_file_that_is_gone_counts(ledger: Ledger) -> None:
    assert ledger.count_lost([], limit=10) == 2


def test_counting_ends_at_the_limit(ledger: Ledger) -> None:
    assert ledger.count_lost([], limit=1) == 1


def test_a_file_known_under_another_name_does_not_count(ledger: Ledger) -> None:
    ledger.record(row("new", inode=1))
    assert ledger.count_lost([], limit=10) == 1


def test_what_is_recorded_of_a_path_that_has_another_file_by_now_does_not_matter(
    ledger: Ledger,
) -> None:
    ledger.record(row("d/\u00e9", inode=1))
    assert ledger.count_lost([7], ["c"], limit=10) == 1
    assert ledger.count_lost([7], ["d/\u00e9"], limit=10) == 2


def test_the_same_goes_for_deletions_without_an_answer(ledger: Ledger) -> None:
    ledger.put_intent(Intent("c", "op", "DeleteRemote"))
    ledger.record(row("new", inode=3))
    assert ledger.count_unanswered("DeleteRemote", limit=10) == 0
    assert ledger.count_unanswered("DeleteRemote", ["new"], limit=10) == 1


def test_another_size_is_another_file(ledger: Ledger) -> None:
    ledger.record(row("new", inode=1, size_bytes=99))
    assert ledger.count_lost([], limit=10) == 2


def test_another_content_is_another_file_that_was_given_the_inode(ledger: Ledger) -> None:
    ledger.put_intent(Intent("c", "op", "DeleteRemote"))
    ledger.record(row("new", inode=1)._replace(md5="f" * 32))
    ledger.record(row("newer", inode=3)._replace(md5="f" * 32))
    assert ledger.count_lost([], limit=10) == 2
    assert ledger.count_unanswered("DeleteRemote", limit=10) == 1


def test_two_names_that_both_go_count_twice(ledger: Ledger) -> None:
    ledger.record(row("new", inode=1))
    ledger.want_deletion("new", "DeleteRemote", 1.0)
    assert ledger.count_lost([], limit=10) == 3


def test_a_file_on_its_way_does_not_count(ledger: Ledger) -> None:
    assert ledger.count_lost([2, 77], limit=10) == 1


def test_a_large_inode_on_its_way_does_not_count(ledger: Ledger) -> None:
    large = (1 << 63) + 5
    ledger.record(row("a", inode=large))
    assert ledger.count_lost([large], limit=10) == 1


def test_a_foreign_object_counts(ledger: Ledger) -> None:
    ledger.want_deletion("theirs", "DeleteRemote", 1.0, foreign=("e", 1))
    assert ledger.count_lost([], limit=10) == 3


def test_cleared_counts_and_held_does_not(ledger: Ledger) -> None:
    ledger.set_deletion_state("cleared", of="waiting")
    assert ledger.count_lost([], limit=10) == 2
    ledger.set_deletion_state("held", of="cleared")
    assert ledger.count_lost([], limit=10) == 0
