"""Whose deadline it is: only a file that looks have found longer and longer comes to it."""

from __future__ import annotations

from s3syncd.core.entry import LocalEntry
from s3syncd.core.settle import Growth, SettleEntry, SettleTable
from tests.core.settling import table


def file(size_bytes: int, *, inode: int = 7, at: int = 0) -> LocalEntry:
    return LocalEntry("p", size_bytes, at, at, inode, 0o100644)


def looked_at(paths: SettleTable, *looks: tuple[float, LocalEntry]) -> SettleEntry:
    """Look at a path heard of at 0 again and again, and never find it quiet."""
    paths.note("p", 0.0, is_closed=False)
    for now, local in looks:
        [(_path, entry)] = paths.due(now, 1)
        entry = paths.met(entry, local, now)
        assert paths.again("p", now, 0.1, entry=entry)
    found = paths.get("p")
    assert found is not None
    return found


def test_one_look_tells_nothing_of_growth():
    assert looked_at(table(), (8.0, file(10))).growth is Growth.UNKNOWN


def test_a_file_that_is_longer_at_each_look_grows():
    entry = looked_at(table(), (8.0, file(10)), (10.0, file(20, at=1)), (12.0, file(30, at=2)))
    assert (entry.growth, entry.deadline_at) == (Growth.SEEN, 60.0)


def test_a_file_that_is_as_long_as_before_and_changed_is_rewritten_and_no_growth():
    entry = looked_at(table(), (8.0, file(10)), (10.0, file(10, at=1)), (12.0, file(30, at=2)))
    assert (entry.growth, entry.deadline_at) == (Growth.NONE, 60.0)


def test_another_file_has_a_deadline_of_its_own():
    entry = looked_at(table(), (8.0, file(10)), (12.0, file(20, inode=8)))
    assert (entry.growth, entry.deadline_at) == (Growth.UNKNOWN, 72.0)


def test_a_file_that_rested_since_has_a_deadline_of_its_own():
    """A path may wait for something else: for what became of a lost answer."""
    looks = [(8.0 + 1.5 * number, file(10)) for number in range(5)]
    assert looked_at(table(), *looks).deadline_at == 74.0


def test_a_second_look_within_the_wait_is_no_rest():
    entry = looked_at(table(), (8.0, file(10)), (8.2, file(10)), (12.9, file(10)))
    assert (entry.growth, entry.deadline_at, entry.met_at) == (Growth.UNKNOWN, 60.0, 8.0)


def test_what_looks_have_found_is_kept_when_more_is_heard():
    paths = table()
    looked_at(paths, (8.0, file(10)), (10.0, file(20, at=1)))
    paths.note("p", 10.5, is_closed=True)
    entry = paths.get("p")
    assert entry is not None
    assert (entry.growth, entry.file) == (Growth.SEEN, file(20, at=1))
