import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.settle import MAX_PACES, SettleEntry, SettleTable


def table(**more):
    settings = {"settle_seconds": 1.0, "settle_open_seconds": 5.0, "deadline_seconds": 60.0}
    return SettleTable(**(settings | more))


def names(due):
    return [path for path, _entry in due]


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


def test_a_file_that_never_rests_is_due_at_its_deadline():
    paths = table()
    for second in range(100, 160):
        paths.note("log", float(second), is_closed=False)
    assert paths.next_due() == 160.0
    [(_path, entry)] = paths.due(160.0, 1)
    assert paths.is_past_deadline(entry, 160.0)
    assert not paths.is_past_deadline(entry, 159.9)


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


def test_a_path_asked_for_again_keeps_its_deadline():
    paths = table()
    paths.note("p", 100.0, is_closed=False)
    [(_path, entry)] = paths.due(105.0, 1)
    assert paths.again("p", 105.0, 3.0, entry=entry)
    assert paths.next_due() == 108.0
    [(_path, entry)] = paths.due(108.0, 1)
    paths.again("p", 158.0, 30.0, entry=entry)
    assert paths.next_due() == 160.0
    assert paths.due(160.0, 1)[0][1].first_hint_at == 100.0


def test_a_path_asked_for_again_from_nowhere_begins_anew():
    paths = table()
    paths.again("p", 100.0, 3.0)
    [(_path, entry)] = paths.due(103.0, 1)
    assert (entry.first_hint_at, entry.deadline_at) == (100.0, 160.0)


def test_a_close_that_came_meanwhile_is_not_made_to_wait():
    paths = table()
    paths.note("p", 100.0, is_closed=False)
    [(_path, entry)] = paths.due(105.0, 1)
    paths.note("p", 105.1, is_closed=True)
    paths.again("p", 105.2, 4.0, entry=entry)
    assert paths.next_due() == 106.1
    [(_path, entry)] = paths.due(107.0, 1)
    assert (entry.first_hint_at, entry.is_closed) == (100.0, True)


def test_past_its_deadline_a_path_comes_back_when_asked_for_and_hints_do_not_hurry_it():
    paths = table()
    paths.note("db", 0.0, is_closed=False)
    [(_path, entry)] = paths.due(60.0, 1)
    paths.note("db", 60.1, is_closed=True)
    paths.again("db", 60.2, 120.0, entry=entry)
    assert paths.next_due() == 180.2
    paths.note("db", 61.0, is_closed=True)
    assert paths.next_due() == 180.2
    [(_path, entry)] = paths.due(180.2, 1)
    assert paths.is_past_deadline(entry, 180.2)


def test_a_back_off_longer_than_any_deadline_is_waited_for_in_full():
    paths = table()
    paths.again("db", 0.0, 240.0)
    assert paths.next_due() == 240.0
    paths.note("db", 1.0, is_closed=True)
    assert paths.next_due() == 240.0
    [(_path, entry)] = paths.due(240.0, 1)
    assert paths.is_past_deadline(entry, 240.0)


def test_a_wait_for_quiet_is_shortened_by_a_close():
    paths = table()
    paths.again("p", 0.0, 5.0)
    paths.note("p", 1.0, is_closed=True)
    assert paths.next_due() == 2.0


def test_hints_on_a_path_overdue_leave_it_due():
    paths = table()
    paths.note("p", 0.0, is_closed=False)
    paths.note("p", 70.0, is_closed=False)
    assert names(paths.due(70.0, 1)) == ["p"]


def test_a_growing_file_whose_upload_is_slow_is_sent_less_often():
    paths = table()
    paths.set_pace("log", 10.0)
    for second in range(400):
        paths.note("log", float(second), is_closed=False)
        assert not paths.due(float(second), 1) or second >= 200
    paths = table()
    paths.set_pace("log", 10.0)
    paths.set_pace("log", 1.0)  # 20 s: the common deadline is longer
    paths.note("log", 0.0, is_closed=False)
    for second in range(1, 60):
        paths.note("log", float(second), is_closed=False)
    assert paths.next_due() == 60.0


def test_hints_that_came_during_a_slow_upload_wait_its_pace_too():
    paths = table()
    for second in range(50):
        paths.note("log", float(second), is_closed=False)
    paths.set_pace("log", 10.0)
    for second in range(50, 100):
        paths.note("log", float(second), is_closed=False)
    assert paths.next_due() == 104.0
    [(_path, entry)] = paths.due(104.0, 1)
    assert entry.deadline_at == 200.0


def test_remembered_paces_are_bounded():
    paths = table()
    for number in range(MAX_PACES + 10):
        paths.set_pace(f"p{number}", 10.0)
    paths.note("p0", 0.0, is_closed=False)
    paths.note(f"p{MAX_PACES}", 0.0, is_closed=False)
    deadlines = {path: entry.deadline_at for path, entry in paths.due(9.0, 9)}
    assert deadlines == {"p0": 60.0, f"p{MAX_PACES}": 200.0}


def test_memory_does_not_grow_with_hints_about_the_same_path():
    paths = table()
    for number in range(10_000):
        paths.note("p", number / 1000, is_closed=True)
    assert len(paths._heap) < 100


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["note", "close", "due", "forget", "again"]),
        st.sampled_from("abc"),
        st.floats(0, 20),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_a_noted_path_comes_out_by_its_deadline_or_when_asked_for(steps):
    paths, now, taken = table(), 0.0, {}
    for step, path, wait in steps:
        now += wait
        if step == "note" or step == "close":
            assert paths.note(path, now, is_closed=step == "close")
        elif step == "forget":
            paths.forget(path)
            taken.pop(path, None)
        elif step == "again" and path in taken:
            assert paths.again(path, now, wait, entry=taken.pop(path))
        else:
            for name, entry in paths.due(now, 10):
                assert entry.due_at <= now
                taken[name] = entry
            assert paths.next_due() is None or paths.next_due() > now
    left = {name for name in "abc" if name in paths}
    assert len(left) == len(paths)
    assert set(names(paths.due(now + 61.0, 10))) == left


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


def test_a_deadline_is_not_that_of_a_writer_who_has_rested_since():
    """Nobody looked for long: what is heard now is of another writer, who has just begun."""
    paths = table()
    paths.note("p", 0.0, is_closed=True)
    paths.note("p", 120.0, is_closed=False)
    [(_path, entry)] = paths.due(120.0, 1)
    assert not paths.is_past_deadline(entry, 179.9)
    assert paths.is_past_deadline(entry, 180.0)


def test_a_path_that_nobody_took_in_time_is_not_past_its_deadline_when_it_is_taken():
    paths = table()
    paths.note("p", 0.0, is_closed=True)
    [(_path, entry)] = paths.due(120.0, 1)
    assert not paths.is_past_deadline(entry, 120.0)
    assert paths.again("p", 121.0, 5.0, entry=entry)
    assert paths.next_due() == 126.0
    [(_path, entry)] = paths.due(126.0, 1)
    assert not paths.is_past_deadline(entry, 179.9)
    assert paths.is_past_deadline(entry, 180.0)


def test_a_path_heard_of_late_is_not_past_its_deadline_at_once():
    paths = table()
    paths.note("p", 120.0, is_closed=False, first=0.0)
    [(_path, entry)] = paths.due(130.0, 1)
    assert not paths.is_past_deadline(entry, 130.0)


def test_a_file_that_never_rests_and_of_which_nothing_is_heard_comes_to_its_deadline():
    """As on network file systems: only attempts tell that it changes."""
    paths, now = table(), 0.0
    paths.again("log", now, 5.0)
    for _ in range(11):
        now += 5.1
        [(_path, entry)] = paths.due(now, 1)
        assert not paths.is_past_deadline(entry, now)
        paths.again("log", now, 5.0, entry=entry)
    [(_path, entry)] = paths.due(60.0, 1)
    assert paths.is_past_deadline(entry, 60.0)


def test_an_entry_that_takes_over_another_is_as_old_and_due_as_early() -> None:
    older = SettleEntry(1.0, 2.0, is_closed=False, due_at=7.0, deadline_at=61.0)
    newer = SettleEntry(5.0, 6.0, is_closed=True, due_at=6.1, deadline_at=65.0, again_at=9.0)
    taken = newer.since(older)
    assert (taken.first_hint_at, taken.deadline_at) == (1.0, 61.0)
    assert taken[1:4] == newer[1:4]
    assert taken.again_at == 9.0
    assert older.since(newer) == older
