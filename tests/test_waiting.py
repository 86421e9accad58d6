from __future__ import annotations

import threading

import pytest

from tests.waiting import until


def test_until_gives_the_first_true_value() -> None:
    values = iter([None, 0, "", "there", "later"])
    assert until(lambda: next(values)) == "there"


def test_until_sees_what_another_thread_does() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.set)
    thread.start()
    assert until(done.is_set)
    thread.join()


def test_until_fails_at_the_deadline_and_says_what_it_waited_for() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.02 s: the cows come home .*False"):
        until(lambda: False, 0.02, "the cows come home")


def test_until_looks_once_even_when_no_time_is_left() -> None:
    assert until(lambda: "here", 0) == "here"
