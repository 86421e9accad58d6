"""Deadlines of paths that do not rest, and what is asked for again: late, and not too often."""

from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.settle import MAX_PACES
from tests.core.settling import names, table


def test_a_file_that_never_rests_is_due_at_its_deadline():
    paths = table()
    for second in range(100, 160):
        paths.note("log", float(second), is_closed=False)
    assert paths.next_due() == 160.0
    [(_path, entry)] = paths.due(160.0, 1)
    assert paths.is_past_deadline(entry, 160.0)
    assert not paths.is_past_deadline(entry, 159.9)


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
