"""What a limit says about itself, which decides whether anybody has to ask it again."""

from __future__ import annotations

import pytest

from s3syncd.core.later import Later
from s3syncd.core.paths import Scope
from s3syncd.core.rate import Period, Schedule
from s3syncd.core.safety import LEAST_ROOM_BYTES, least_room
from s3syncd.core.turns import InForce, Limits, Turnstile

ALWAYS = Schedule((Period(1000),))
BY_NIGHT = Schedule((Period(1000, begin=22 * 60, end=6 * 60),))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        pytest.param(InForce(None, None), InForce(None, None), InForce(None, None), id="none"),
        pytest.param(InForce(5, None), InForce(None, 2.0), InForce(5, 2.0), id="one each"),
        pytest.param(InForce(5, 3.0), InForce(7, 2.0), InForce(5, 2.0), id="the smaller"),
        pytest.param(InForce(0, 0.0), InForce(7, None), InForce(0, 0.0), id="nothing at all"),
    ],
)
def test_where_two_limits_hold_the_stricter_one_counts(
    one: InForce, other: InForce, both: InForce
) -> None:
    assert one.with_other(other) == both
    assert other.with_other(one) == both


@pytest.mark.parametrize(
    ("limits", "is_set", "is_constant"),
    [
        pytest.param(Limits(), False, True, id="none"),
        pytest.param(Limits(requests_per_second=2.0), True, True, id="requests"),
        pytest.param(Limits(ALWAYS), True, True, id="bandwidth at all times"),
        pytest.param(Limits(BY_NIGHT), True, False, id="bandwidth by night"),
    ],
)
def test_limits_tell_whether_they_are_and_whether_they_change(
    limits: Limits, is_set: bool, is_constant: bool
) -> None:
    assert limits.is_set is is_set
    assert limits.is_constant is is_constant


def test_rates_are_looked_at_again_only_while_somebody_waits_for_one_that_changes() -> None:
    turnstile = Turnstile()
    turnstile.limit(Limits(), {"night": Limits(BY_NIGHT, requests_per_second=1.0)})
    assert len(turnstile) == 0
    assert turnstile.is_constant
    for number in range(3):
        turnstile.join("night", 10, number, now=0.0, minute_of_week=0)
    assert len(turnstile) == 3
    assert not turnstile.is_constant
    turnstile.limit(Limits(BY_NIGHT), {"night": Limits(ALWAYS)})
    assert not turnstile.is_constant
    turnstile.limit(Limits(ALWAYS), {"night": Limits(ALWAYS)})
    assert turnstile.is_constant


def test_a_site_that_is_gone_is_forgotten_when_nothing_of_it_waits() -> None:
    turnstile = Turnstile()
    slow = Limits(requests_per_second=1.0)
    turnstile.limit(Limits(), {"gone": slow, "waits": slow})
    for number in range(9):
        turnstile.join("waits", 0, number, now=0.0, minute_of_week=0)
    turnstile.advance(0.0, 0)
    turnstile.limit(Limits(), {})
    assert set(turnstile._lines) == {"waits"}


@pytest.mark.parametrize(
    ("exclusions", "inclusions", "takes_all"),
    [([], [], True), ([], [".*"], True), (["x"], [], False), ([], ["x"], False)],
)
def test_a_scope_tells_whether_it_lets_every_path_in(
    exclusions: list[str], inclusions: list[str], takes_all: bool
) -> None:
    scope = Scope(prefix="", exclusions=exclusions, inclusions=inclusions)
    assert scope.takes_all is takes_all


def test_a_small_disk_needs_less_room_than_a_large_one_and_that_no_more_than_enough() -> None:
    assert least_room(0) == 0
    assert 0 < least_room(16 * 2**20) < LEAST_ROOM_BYTES
    assert least_room(2**50) == LEAST_ROOM_BYTES


def test_what_begins_later_is_kept_as_it_was_given() -> None:
    resumed: list[object] = []
    Later(lambda resume: resume("done")).start(resumed.append)
    assert resumed == ["done"]
