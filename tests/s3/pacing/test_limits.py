"""Limited requests wait for their turn, and end at once with their site."""

from __future__ import annotations

import threading

import pytest

from s3syncd.core.rate import Period, Schedule
from s3syncd.core.turns import Limits
from tests.s3.pacing.asked import (
    KIB,
    NONE,
    SLOW,
    SLOW_BYTES,
    Asked,
    begin_at_once,
    is_canceled,
    request_of,
)


@pytest.mark.parametrize(
    ("overall", "own"),
    [
        pytest.param(NONE, NONE, id="nothing is limited"),
        pytest.param(Limits(Schedule((Period(1, begin=5, end=6),))), NONE, id="not at this time"),
        pytest.param(NONE, Limits(Schedule((Period(None),))), id="off"),
    ],
)
def test_a_request_without_a_limit_is_the_request_itself(pacing, overall, own):
    pacing.limit(overall, {"a": own, "other": SLOW})
    assert pacing.turns("a").paced(request_of(5), begin_at_once) is begin_at_once


def test_a_site_without_limits_starts_no_thread(pacing):
    pacing.limit(NONE, {"a": NONE})
    assert "limits" not in [thread.name for thread in threading.enumerate()]


def test_one_goes_and_the_next_waits(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(3)
    assert asked.answer() == "sent"
    asked.turns.leave()
    assert is_canceled(asked.answer())
    assert is_canceled(asked.answer())


def test_bodies_that_wait_are_sent_when_there_is_room_again(pacing):
    pacing.limit(NONE, {"a": Limits(Schedule((Period(1000 * KIB),)))})
    asked = Asked(pacing.turns("a"))
    asked.ask(12, size_bytes=100 * KIB)
    assert [asked.answer() for _ in range(12)] == ["sent"] * 12


def test_the_overall_limit_and_the_site_s_own_hold_at_once(pacing, wall):
    pacing.limit(SLOW, {"a": SLOW_BYTES})
    assert pacing.in_force("a") == (KIB, 0.001)
    assert pacing.in_force("b") == (None, 0.001)
    both = Asked(pacing.turns("a"))
    both.ask(1, size_bytes=8 * KIB)  # borrows of its site's bytes, takes the one request of all
    assert both.answer() == "sent"
    other = Asked(pacing.turns("b"))
    other.ask()
    pacing.limit(NONE, {"a": SLOW_BYTES})
    assert other.answer() == "sent"
    both.ask(1, size_bytes=8 * KIB)
    both.turns.leave()
    assert is_canceled(both.answer())


def test_after_a_site_leaves_only_what_has_its_turn_at_once_is_sent(pacing):
    pacing.limit(NONE, {"a": SLOW})
    asked = Asked(pacing.turns("a"))
    asked.turns.leave()
    asked.ask()
    assert asked.answer() == "sent"
    asked.ask()
    assert is_canceled(asked.answer())


def test_a_deletion_goes_before_the_site_s_other_requests(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(5, method="HEAD")
    assert asked.answer() == "sent"
    deletion = asked.turns.paced(request_of(method="DELETE"), lambda resume: resume("deleted"))
    deletion(asked.answers.put)
    pacing.limit(Limits(requests_per_second=100), {})
    assert [asked.answer() for _ in range(5)] == ["deleted", "sent", "sent", "sent", "sent"]


def test_a_site_that_leaves_takes_no_other_along(pacing):
    pacing.limit(SLOW, {})
    gone, stays = Asked(pacing.turns("gone")), Asked(pacing.turns("stays"))
    gone.ask(2)
    assert gone.answer() == "sent"
    stays.ask(1)
    gone.turns.leave()
    assert is_canceled(gone.answer())
    pacing.limit(NONE, {})
    assert stays.answer() == "sent"


def test_the_end_cancels_all_that_wait_and_all_that_come_after_it(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(3)
    assert asked.answer() == "sent"
    pacing.stop()
    assert all(is_canceled(asked.answer()) for _ in range(2))
    asked.ask()
    assert is_canceled(asked.answer())


def test_a_changed_limit_holds_for_those_that_wait(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(20)
    assert asked.answer() == "sent"
    pacing.limit(Limits(requests_per_second=1000), {})
    assert [asked.answer() for _ in range(19)] == ["sent"] * 19


def test_a_period_that_ends_lets_go_and_one_that_begins_holds(pacing, wall):
    pacing.limit(Limits(Schedule((Period(KIB, begin=0, end=1), Period(KIB, begin=2, end=3)))), {})
    asked = Asked(pacing.turns("a"))
    asked.ask(3, size_bytes=100 * KIB)
    assert asked.answer() == "sent"
    wall.minute = 1  # as if the clock had been set: its minute is not over yet
    assert [asked.answer(), asked.answer()] == ["sent"] * 2
    wall.minute = 2
    asked.ask(2, size_bytes=100 * KIB)
    assert asked.answer() == "sent"
    asked.turns.leave()
    assert is_canceled(asked.answer())
