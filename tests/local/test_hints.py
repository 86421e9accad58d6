"""Hints coalesce, keep what matters, and stay bounded."""

from __future__ import annotations

from s3syncd.local.hints import Hint, HintTable


class _Wakes:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def test_a_path_heard_of_often_is_one_hint_with_first_and_last() -> None:
    table = HintTable(_Wakes())
    table.note("a/f", is_closed=False, now=1.0)
    table.note("a/f", is_closed=False, now=2.0)
    table.note("a/f", is_closed=True, now=3.0)
    assert table.take().paths == {"a/f": Hint(is_closed=True, first=1.0, last=3.0)}
    assert not table.take().paths


def test_a_write_after_the_close_reopens_and_a_chmod_does_not() -> None:
    table = HintTable(_Wakes())
    table.note("f", is_closed=True, now=1.0)
    table.note("f", is_closed=False, is_write=False, now=2.0)
    assert table.take().paths["f"] == Hint(is_closed=True, first=1.0, last=2.0)
    table.note("f", is_closed=True, now=1.0)
    table.note("f", is_closed=False, now=2.0)
    assert table.take().paths["f"].is_closed is False


def test_the_site_is_woken_once_until_it_took() -> None:
    wakes = _Wakes()
    table = HintTable(wakes)
    table.note("f", is_closed=True)
    table.scan("d/")
    table.doubt("overflow")
    assert wakes.count == 1
    table.take()
    table.lose_root("moved")
    table.doubt("overflow")
    assert wakes.count == 2


def test_many_paths_of_a_directory_become_its_scan() -> None:
    table = HintTable(_Wakes(), max_per_directory=3)
    for number in range(4):
        table.note(f"d/{number}", is_closed=True)
    table.note("e/1", is_closed=True)
    hints = table.take()
    assert hints.directories == {"d/": False}
    assert set(hints.paths) == {"e/1"}
    assert not hints.is_doubt


def test_a_recursive_wish_is_not_narrowed_by_a_shallow_one() -> None:
    table = HintTable(_Wakes(), max_per_directory=1)
    table.scan("d/", is_recursive=True)
    table.scan("d/")
    table.note("d/1", is_closed=True)
    table.note("d/2", is_closed=True)
    assert table.take().directories == {"d/": True}


def test_too_many_paths_become_one_doubt_and_cost_nothing_more() -> None:
    table = HintTable(_Wakes(), max_paths=10)
    for number in range(1_000):
        table.note(f"{number}/f", is_closed=True)
        table.scan(f"{number}/")
    assert len(table) == 0
    hints = table.take()
    assert hints.is_doubt
    assert hints.doubt_reason == "storm"
    assert not hints.paths
    table.note("x", is_closed=True)
    assert set(table.take().paths) == {"x"}, "after the doubt was taken hints count again"


def test_too_many_directories_become_one_doubt() -> None:
    table = HintTable(_Wakes(), max_directories=5)
    for number in range(6):
        table.scan(f"{number}/", is_recursive=True)
    hints = table.take()
    assert hints.is_doubt
    assert not hints.directories


def test_a_storm_does_not_hide_that_the_root_was_lost() -> None:
    table = HintTable(_Wakes(), max_paths=1)
    table.lose_root("unmounted")
    for number in range(5):
        table.note(f"{number}/f", is_closed=True)
    assert table.take().root_lost == "unmounted"


def test_hints_noted_beside_a_plain_doubt_are_kept() -> None:
    table = HintTable(_Wakes())
    table.doubt("overflow")
    table.note("f", is_closed=True)
    hints = table.take()
    assert hints.is_doubt
    assert set(hints.paths) == {"f"}
