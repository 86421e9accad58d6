"""When a path that was heard of is due: how long it waits for quiet, and what shortens it."""

import pytest

from s3syncd.core.settle import SettleEntry
from tests.core.settling import names, table


def test_a_closed_file_is_due_after_the_short_wait():
    paths = table()
    assert paths.note("p", 100.0, is_closed=True)
    assert paths.next_due() == 101.0
    assert paths.due(100.9, 10) == []
    assert names(paths.due(101.0, 10)) == ["p"]
    assert "p" not in paths
    assert paths.next_due() is None


def test_an_open_file_waits_longer():
    paths = table()
    paths.note("p", 100.0, is_closed=False)
    assert paths.next_due() == 105.0


def test_the_last_hint_decides_how_long():
    paths = table()
    paths.note("p", 100.0, is_closed=False)
    paths.note("p", 101.0, is_closed=True)
    assert paths.next_due() == 102.0
    paths.note("p", 101.5, is_closed=False)
    assert paths.next_due() == 106.5
    [(_path, entry)] = paths.due(200.0, 1)
    assert (entry.first_hint_at, entry.last_hint_at, entry.is_closed) == (100.0, 101.5, False)


def test_coalesced_hints_count_from_the_first():
    paths = table()
    paths.note("p", 100.0, is_closed=False, first=42.0)
    assert paths.next_due() == 102.0
    paths.note("q", 100.0, is_closed=True, first=200.0)
    assert paths.due(102.0, 5)[0][1].first_hint_at == 100.0  # a later "first" is none


def test_the_longest_due_come_first_and_no_more_than_asked():
    paths = table()
    for number, path in enumerate(["c", "a", "b"]):
        paths.note(path, float(number), is_closed=True)
    assert names(paths.due(10.0, 2)) == ["c", "a"]
    assert names(paths.due(10.0, 2)) == ["b"]


def test_a_forgotten_path_is_not_due():
    paths = table()
    paths.note("p", 0.0, is_closed=True)
    paths.forget("p")
    paths.forget("never noted")
    assert len(paths) == 0
    assert paths.next_due() is None
    assert paths.due(99.0, 9) == []


def test_a_full_table_says_so_and_keeps_what_it_has():
    paths = table(max_paths=2)
    assert paths.note("a", 0.0, is_closed=True)
    assert paths.note("b", 0.0, is_closed=True)
    assert not paths.note("c", 0.0, is_closed=True)
    assert not paths.again("c", 0.0, 1.0)
    assert paths.note("a", 1.0, is_closed=True)
    assert paths.again("b", 1.0, 1.0)
    assert len(paths) == 2
    assert "c" not in paths


def test_a_close_that_came_meanwhile_is_not_made_to_wait():
    paths = table()
    paths.note("p", 100.0, is_closed=False)
    [(_path, entry)] = paths.due(105.0, 1)
    paths.note("p", 105.1, is_closed=True)
    paths.again("p", 105.2, 4.0, entry=entry)
    assert paths.next_due() == 106.1
    [(_path, entry)] = paths.due(107.0, 1)
    assert (entry.first_hint_at, entry.is_closed) == (100.0, True)


def test_a_wait_for_quiet_is_shortened_by_a_close():
    paths = table()
    paths.again("p", 0.0, 5.0)
    paths.note("p", 1.0, is_closed=True)
    assert paths.next_due() == 2.0


def test_memory_does_not_grow_with_hints_about_the_same_path():
    paths = table()
    for number in range(10_000):
        paths.note("p", number / 1000, is_closed=True)
    assert len(paths._heap) < 100


@pytest.mark.parametrize("count", [1, 5])
def test_length_counts_paths_not_hints(count):
    paths = table()
    for number in range(count):
        paths.note(f"p{number}", 0.0, is_closed=True)
        paths.note(f"p{number}", 0.1, is_closed=True)
    assert len(paths) == count


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_word_that_is_no_news_of_a_writer_leaves_what_was_heard_of_him(is_closed):
    paths = table()
    paths.note("p", 100.0, is_closed=is_closed)
    paths.note("p", 101.0, is_closed=None)
    assert paths.next_due() == 102.0, "due as soon as a closed one"
    entry = paths.get("p")
    assert entry is not None
    assert entry.is_closed is is_closed


def test_of_a_path_of_which_nothing_was_heard_no_close_is_known():
    paths = table()
    paths.note("p", 100.0, is_closed=None)
    entry = paths.get("p")
    assert entry is not None
    assert not entry.is_closed
    assert paths.get("q") is None


def test_an_entry_that_takes_over_another_is_as_old_and_due_as_early() -> None:
    older = SettleEntry(1.0, 2.0, is_closed=False, due_at=7.0, deadline_at=61.0)
    newer = SettleEntry(5.0, 6.0, is_closed=True, due_at=6.1, deadline_at=65.0, again_at=9.0)
    taken = newer.since(older)
    assert (taken.first_hint_at, taken.deadline_at) == (1.0, 61.0)
    assert taken[1:4] == newer[1:4]
    assert taken.again_at == 9.0
    assert older.since(newer) == older
