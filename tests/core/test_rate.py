"""Schedules by the minute of the week, and what a budget allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.rate import DAY_MINUTES, Budget, Period, Schedule

MIB = 2**20


def _at(day: int, hour: int, minute: int = 0) -> int:
    return day * DAY_MINUTES + hour * 60 + minute


OFFICE = Period(1, days=(0, 1, 2, 3, 4), begin=8 * 60, end=18 * 60)
NIGHT = Period(2, begin=22 * 60, end=6 * 60)
FRIDAY_NIGHT = Period(3, days=(4,), begin=22 * 60, end=6 * 60)
SUNDAY_NIGHT = Period(3, days=(6,), begin=22 * 60, end=6 * 60)


@pytest.mark.parametrize(
    ("period", "minute", "is_covered"),
    [
        pytest.param(OFFICE, _at(0, 8), True, id="its first minute is in it"),
        pytest.param(OFFICE, _at(0, 7, 59), False, id="the minute before is not"),
        pytest.param(OFFICE, _at(4, 17, 59), True, id="its last minute is in it"),
        pytest.param(OFFICE, _at(4, 18), False, id="its end is not in it"),
        pytest.param(OFFICE, _at(5, 12), False, id="another day is not in it"),
        pytest.param(NIGHT, _at(3, 23), True, id="before midnight"),
        pytest.param(NIGHT, _at(3, 5, 59), True, id="after midnight"),
        pytest.param(NIGHT, _at(3, 6), False, id="its end on the next day"),
        pytest.param(FRIDAY_NIGHT, _at(5, 3), True, id="Friday's night reaches into Saturday"),
        pytest.param(FRIDAY_NIGHT, _at(4, 3), False, id="Friday's early hours are Thursday's"),
        pytest.param(SUNDAY_NIGHT, _at(0, 3), True, id="Sunday's night reaches into Monday"),
        pytest.param(Period(9), _at(6, 23, 59), True, id="without times it is always"),
    ],
)
def test_a_period_covers_its_minutes(period, minute, is_covered):
    assert period.covers(minute) is is_covered


def test_the_first_period_that_covers_a_minute_says_the_rate():
    schedule = Schedule((OFFICE, NIGHT, Period(7)))
    assert [schedule.rate_at(_at(0, hour)) for hour in (9, 20, 23)] == [1, 7, 2]
    assert not schedule.is_constant
    assert Schedule((Period(7),)).is_constant


def test_outside_of_every_period_there_is_no_limit():
    assert Schedule((OFFICE,)).rate_at(_at(6, 9)) is None
    assert Schedule((Period(None, begin=0, end=60), Period(5))).rate_at(30) is None


def _budget(rate: float | None) -> Budget:
    budget = Budget()
    budget.set_rate(rate, 100.0)
    return budget


def test_a_large_body_borrows_and_the_next_waits_in_proportion():
    budget = _budget(2 * MIB)
    budget.take(8 * MIB)
    assert not budget.has_room(8 * MIB)
    assert budget.wait_seconds(8 * MIB) == pytest.approx(4.0)
    budget.refill(103.99)
    assert not budget.has_room(8 * MIB)
    budget.refill(104.0)
    assert budget.has_room(8 * MIB)


def test_small_amounts_share_the_rate_with_the_loan_that_is_paid_back():
    budget = _budget(2 * MIB)
    budget.take(2 * MIB)
    budget.take(8 * MIB)
    budget.divide(small=1, large=1)
    assert budget.wait_seconds(MIB) == pytest.approx(1.0)  # half of the rate
    assert budget.wait_seconds(8 * MIB) == pytest.approx(5.0)  # all, once the burst is full
    budget.refill(101.0)
    assert budget.has_room(MIB)


def test_a_rate_below_one_lets_one_go_at_once_and_then_waits():
    budget = _budget(0.5)
    assert budget.has_room(1)
    budget.take(1)
    assert budget.wait_seconds(1) == pytest.approx(2.0)


def test_what_was_sent_without_asking_delays_the_next():
    budget = _budget(1.0)
    for _ in range(3):
        budget.charge(1)
    assert budget.wait_seconds(1) == pytest.approx(3.0)


def test_another_rate_gives_no_new_burst_and_forgets_no_loan():
    budget = _budget(2 * MIB)
    budget.take(2 * MIB)
    budget.take(8 * MIB)
    budget.set_rate(4 * MIB, 100.0)
    assert not budget.has_room(1)
    assert budget.wait_seconds(8 * MIB) == pytest.approx(2.0)


def test_a_clock_that_goes_back_stalls_nothing():
    budget = _budget(1.0)
    budget.take(1)
    budget.refill(50.0)
    budget.refill(51.0)
    assert budget.has_room(1)


def test_without_a_rate_there_is_always_room():
    budget = _budget(None)
    budget.take(10**12)
    assert budget.has_room(10**12)
    assert budget.wait_seconds(10**12) == 0


@given(
    rate=st.floats(1, 1e7),
    used=st.lists(st.floats(0, 1e8), max_size=5),
    wanted=st.floats(1, 1e8),
    waiting=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_after_the_wait_it_told_there_is_room_and_not_before(rate, used, wanted, waiting):
    budget = _budget(rate)
    for amount in used:
        if budget.has_room(amount):
            budget.take(amount)
    is_large = budget.is_large(wanted)
    budget.divide(waiting[0] + (not is_large), waiting[1] + is_large)
    wait = budget.wait_seconds(wanted)
    if wait > 0.01:
        budget.refill(100.0 + wait * 0.999)
        assert not budget.has_room(wanted)
    budget.refill(100.0 + wait * 1.001 + 1e-6)
    assert budget.has_room(wanted)
