"""The turnstile: limits hold over every stretch of time, nothing is lost, sites get their turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.rate import Period, Schedule
from s3syncd.core.turns import Limits, Turnstile

KIB = 2**10
MIB = 2**20
NONE = Limits()


class Arrival(NamedTuple):
    at: float
    site: str
    size_bytes: int


class Went(NamedTuple):
    at: float
    site: str
    size_bytes: int
    arrived_at: float


class Run:
    """One turnstile in a time of its own: wakes when something arrives and when it asked to."""

    def __init__(self, overall: Limits = NONE, **sites: Limits) -> None:
        self.turnstile = Turnstile()
        self.limits = {"": overall, **sites}
        self.turnstile.limit(overall, sites)
        self.went: list[Went] = []
        self.wakes = 0
        self.now = 1000.0
        self.minute = 0

    def arrive(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in arrivals:
            self.turnstile.join(
                arrival.site,
                arrival.size_bytes,
                arrival,
                now=self.now,
                minute_of_week=self.minute,
            )

    def advance(self) -> None:
        self.wakes += 1
        for ticket in self.turnstile.advance(self.now, self.minute):
            assert isinstance(ticket, Arrival)
            self.went.append(Went(self.now, ticket.site, ticket.size_bytes, ticket.at))

    def through(self, arrivals: Iterable[Arrival], until: float = float("inf")) -> list[Went]:
        """Play all arrivals (seconds after the start) and go on until nobody waits."""
        start = self.now
        left = sorted(arrivals)
        while left or len(self.turnstile):
            due = self.now + max(1e-6, self.turnstile.due_seconds)
            arrival = start + left[0].at if left else float("inf")
            self.now = max(self.now, min(due, arrival))
            if self.now > start + until:
                break
            count = sum(start + one.at <= self.now for one in left)
            self.arrive(left[:count])
            del left[:count]
            self.advance()
        return self.went


def _bytes_per_second(rate: int) -> Limits:
    return Limits(Schedule((Period(rate),)))


def _check_law(limits: Limits, went: list[Went]) -> None:
    """Over every stretch of time: no more than rate * t + burst, and one larger body."""
    for what, rate in enumerate(limits.at(0)):
        if rate is None:
            continue
        sizes = [one.size_bytes if what == 0 else 1 for one in went]
        most = max(1.0, rate) + max((size for size in sizes if size > rate), default=0)
        # With this, rate * t + burst is a bound on every stretch iff no partial sum rises more.
        level = lowest = 0.0
        before = went[0].at if went else 0.0
        for one, size in zip(went, sizes, strict=True):
            level -= rate * (one.at - before)
            before = one.at
            lowest = min(lowest, level)
            level += size
            assert level - lowest <= most * (1 + 1e-6) + 1e-3, (what, one)


RATES = st.sampled_from([None, 1024, 10_000, MIB, 3 * MIB])
NUMBERS = st.sampled_from([None, 0.5, 1, 2.5, 10, 100])
LIMITS = st.builds(
    lambda rate, number: Limits(None if rate is None else Schedule((Period(rate),)), number),
    RATES,
    NUMBERS,
)
SIZES = st.one_of(st.just(0), st.integers(1, 4096), st.integers(1, 16 * MIB))
ARRIVALS = st.lists(
    st.builds(Arrival, st.floats(0, 30), st.sampled_from(["a", "b", "c"]), SIZES),
    min_size=1,
    max_size=40,
)


@given(overall=LIMITS, a=LIMITS, b=LIMITS, arrivals=ARRIVALS)
def test_no_limit_is_exceeded_in_any_stretch_of_time(overall, a, b, arrivals):
    run = Run(overall, a=a, b=b)
    went = run.through(arrivals)
    assert len(went) == len(arrivals)
    _check_law(overall, went)
    for site, limits in {"a": a, "b": b}.items():
        _check_law(limits, [one for one in went if one.site == site])


@given(overall=LIMITS, a=LIMITS, b=LIMITS, arrivals=ARRIVALS)
def test_it_wakes_for_what_happens_and_not_otherwise(overall, a, b, arrivals):
    run = Run(overall, a=a, b=b)
    run.through(arrivals)
    assert run.wakes <= 8 * len(arrivals) + 8


def test_who_waits_behind_another_wakes_nobody():
    run = Run(_bytes_per_second(100 * KIB))
    run.arrive([Arrival(0.0, "a", 50 * KIB), Arrival(0.0, "b", 40 * KIB)])
    run.advance()
    run.arrive([Arrival(0.0, "b", 80 * KIB), Arrival(0.0, "a", KIB)])  # b had less, and is first
    run.advance()
    assert [one.size_bytes for one in run.went] == [50 * KIB, 40 * KIB]
    assert run.turnstile.due_seconds == pytest.approx(0.7)


@given(overall=LIMITS, a=LIMITS, arrivals=ARRIVALS)
def test_what_waits_lacks_room_somewhere(overall, a, arrivals):
    """Work-conserving: with everything there, the last one goes when the rate has had its time."""
    rate, number = overall.at(0)
    run = Run(overall)
    went = run.through([one._replace(at=0.0) for one in arrivals])
    latest = 0.0
    if rate is not None:
        sizes = [one.size_bytes for one in arrivals]
        latest = sum(sizes) / rate
    if number is not None:
        latest = latest + len(arrivals) / number
    assert went[-1].at - 1000.0 <= latest + 1e-3


def test_parts_of_8_mib_at_2_mib_per_second_go_every_four_seconds():
    run = Run(_bytes_per_second(2 * MIB))
    went = run.through([Arrival(0.0, "a", 8 * MIB)] * 10)
    assert [round(one.at - 1000.0, 3) for one in went] == [4.0 * n for n in range(10)]


def test_a_saved_up_second_goes_at_once_and_no_more():
    run = Run(_bytes_per_second(100 * KIB))
    went = run.through([Arrival(0.0, "a", KIB)] + [Arrival(3600.0, "a", KIB)] * 1000)
    assert sum(one.at == 4600.0 for one in went) == 100
    assert went[-1].at == pytest.approx(4609.0)


def test_a_site_of_huge_files_does_not_hold_up_small_ones_of_another():
    run = Run(_bytes_per_second(MIB))
    small = [Arrival(10 + n / 10, "small", 20 * KIB) for n in range(400)]
    went = run.through([Arrival(0.0, "huge", 16 * MIB)] * 9 + small)
    assert max(one.at - 1000.0 - one.arrived_at for one in went if one.site == "small") < 0.1


def test_a_large_body_does_not_starve_behind_small_ones():
    run = Run(_bytes_per_second(MIB))
    small = [Arrival(n / 20, "small", 100 * KIB) for n in range(1200)]  # twice the rate, a minute
    went = run.through([Arrival(1.0, "huge", 8 * MIB)] * 3 + small, until=60.0)
    assert [one.site for one in went].count("huge") == 3


def test_two_sites_that_always_have_work_get_the_same():
    run = Run(_bytes_per_second(MIB))
    many = [Arrival(0.0, "many", KIB)] * 20_000
    few = [Arrival(0.0, "few", 700 * KIB)] * 30
    went = run.through(many + few, until=20.0)
    sent: Mapping[str, int] = _sums(went)
    assert abs(sent["many"] - sent["few"]) <= 700 * KIB + MIB


def test_large_bodies_of_two_sites_take_turns():
    run = Run(_bytes_per_second(MIB))
    went = run.through(
        [Arrival(0.0, "a", 8 * MIB)] * 20 + [Arrival(0.1, "b", 8 * MIB)] * 20, until=100.0
    )
    counts = [one.site for one in went]
    assert abs(counts.count("a") - counts.count("b")) <= 1


def test_requests_are_shared_between_sites_however_many_one_has_asked_for():
    run = Run(Limits(requests_per_second=10))
    went = run.through([Arrival(0.0, "a", 0)] * 500 + [Arrival(1.0, "b", 0)] * 20, until=30.0)
    b = [one.at - 1001.0 for one in went if one.site == "b"]
    assert len(b) == 20
    assert max(b) < 5.0


def test_a_request_without_a_body_does_not_wait_for_bytes():
    run = Run(_bytes_per_second(10 * KIB))
    went = run.through([Arrival(0.0, "a", 9 * KIB)] * 20 + [Arrival(1.0, "a", 0)])
    assert next(one.at for one in went if not one.size_bytes) == 1001.0


@pytest.mark.parametrize("at_once", [1, 10])
def test_what_goes_first_takes_no_turn_of_another_site(at_once: int) -> None:
    run = Run(Limits(requests_per_second=at_once))
    for number in range(20):
        run.turnstile.join(
            "first", 0, Arrival(0.0, "first", number), now=run.now, minute_of_week=0, is_first=True
        )
    run.arrive([Arrival(0.0, "first", 0)] + [Arrival(0.0, "other", 0)] * 10)
    for _ in range(20 // at_once):
        run.advance()
        run.now += 1
    assert [one.site for one in run.went] == ["first", "other"] * 10
    firsts = [one.size_bytes for one in run.went if one.site == "first"]
    assert firsts == list(range(10))


def test_a_site_that_its_own_limit_held_back_saves_no_turns_up():
    run = Run(_bytes_per_second(MIB), slow=_bytes_per_second(10 * KIB))
    start = run.now
    both = [Arrival(0.0, "slow", 5 * KIB)] * 4000 + [Arrival(0.0, "free", 100 * KIB)] * 4000
    run.through(both, until=60.0)
    run.turnstile.limit(_bytes_per_second(MIB), {})
    before = len(run.went)
    while run.now < start + 70.0:
        run.now += max(1e-6, run.turnstile.due_seconds)
        run.advance()
    sent = _sums(run.went[before:])
    assert sent["free"] >= 4 * MIB


def test_a_period_that_begins_holds_for_those_that_wait_already():
    schedule = Schedule((Period(MIB, begin=1, end=2),))
    run = Run(Limits(schedule))
    run.arrive([Arrival(0.0, "a", 100 * MIB)] * 3)
    run.advance()
    assert len(run.went) == 3  # at minute 0 there is no limit
    run.minute = 1
    run.arrive([Arrival(0.0, "a", 8 * MIB)] * 3)
    run.advance()
    assert len(run.went) == 4
    run.minute = 2
    run.advance()
    assert len(run.went) == 6
    assert not len(run.turnstile)


def test_a_limit_taken_away_lets_all_go():
    run = Run(_bytes_per_second(KIB), a=Limits(requests_per_second=0.001))
    run.arrive([Arrival(0.0, "a", MIB)] * 5)
    run.advance()
    assert len(run.went) == 1
    run.turnstile.limit(NONE, {})
    run.advance()
    assert len(run.went) == 5


def test_what_leaves_is_given_back_and_counts_nowhere():
    run = Run(_bytes_per_second(MIB))
    run.arrive([Arrival(0.0, "a", 8 * MIB), Arrival(0.0, "a", 8 * MIB), Arrival(0.0, "a", 0)])
    run.arrive([Arrival(0.0, "b", 8 * MIB)])
    run.advance()
    assert len(run.went) == 2
    assert run.turnstile.leave("a") == [Arrival(0.0, "a", 8 * MIB)]
    assert len(run.turnstile) == 1
    run.now += 8
    run.advance()
    assert run.went[-1].site == "b"


def test_what_was_sent_without_a_turn_is_waited_for():
    run = Run(Limits(requests_per_second=1))
    for _ in range(5):
        run.turnstile.charge("a", now=run.now, minute_of_week=0)
    went = run.through([Arrival(0.0, "b", 0)])
    assert went[0].at == pytest.approx(1005.0)


def _sums(went: Iterable[Went]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for one in went:
        sums[one.site] += one.size_bytes
    return sums
