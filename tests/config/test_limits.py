"""Limits of bandwidth and requests, as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.config import rates
from s3syncd.core.rate import DAY_MINUTES, Period, Schedule
from tests.config.texts import ONE

MIB = 2**20
NIGHT = (22 * 60, 6 * 60)


def _always(rate: int) -> Schedule:
    return Schedule((Period(rate),))


@pytest.mark.parametrize(
    ("written", "bytes_per_second"),
    [
        ("2MiB/s", 2 * MIB),
        ("2 MiB/s", 2 * MIB),
        ("1.5GiB/s", 3 * 2**29),
        ("250kB/s", 250_000),
        ("64KiB/s", 65_536),
        ("3MB/s", 3_000_000),
        ("2048B/s", 2048),
        ("1048576", MIB),
        ("1024", 1024),
    ],
)
def test_a_rate_is_in_bytes_per_second(loaded, written, bytes_per_second):
    config = loaded(f"bandwidth_limit: {written}\n{ONE}  bandwidth_limit: {written}\n")
    assert config.bandwidth_limit == _always(bytes_per_second)
    assert config.sites[0].bandwidth_limit == _always(bytes_per_second)


@pytest.mark.parametrize(
    "written", ["off", "unlimited", "null", "", "[off]", "[mon 1:00-2:00 off]"]
)
def test_a_limit_that_never_limits_is_none(loaded, written):
    assert loaded(f"bandwidth_limit: {written}\n{ONE}").bandwidth_limit is None


@pytest.mark.parametrize(
    ("entry", "period"),
    [
        ("08:00-18:00 2MiB/s", Period(2 * MIB, begin=480, end=1080)),
        ("8:00-18:30 off", Period(None, begin=480, end=1110)),
        ("00:00-24:00 1MiB/s", Period(MIB)),
        ("22:00-06:00 1MiB/s", Period(MIB, begin=1320, end=360)),
        ("mon-fri 08:00-18:00 1MiB/s", Period(MIB, (0, 1, 2, 3, 4), 480, 1080)),
        ("Sat,Sun 5 MiB/s", Period(5 * MIB, (5, 6))),
        ("sat-mon 1MiB/s", Period(MIB, (0, 5, 6))),
        ("mon,wed-thu 22:00-06:00 1MiB/s", Period(MIB, (0, 2, 3), *NIGHT)),
        ("mon-sun 1MiB/s", Period(MIB)),
    ],
)
def test_an_entry_has_days_and_times(loaded, entry, period):
    config = (
        loaded(f"bandwidth_limit:\n- {entry}\n- 9MiB/s\n{ONE}")
        if not period.is_always
        else (loaded(f"bandwidth_limit:\n- {entry}\n{ONE}"))
    )
    assert config.bandwidth_limit.periods[0] == period


def test_a_schedule_is_read_in_its_order_and_both_levels_are_kept_apart(loaded):
    config = loaded(
        "bandwidth_limit:\n- mon-fri 08:00-18:00 2MiB/s\n- 10MiB/s\nrequests_per_second: 100\n"
        f"{ONE}  requests_per_second: 0.5\n- path: /srv/b\n  bucket: bucket-b\n"
    )
    rates_of_all = [period.bytes_per_second for period in config.bandwidth_limit.periods]
    assert rates_of_all == [2 * MIB, 10 * MIB]
    assert config.requests_per_second == 100.0
    assert [site.requests_per_second for site in config.sites] == [0.5, None]
    assert [site.bandwidth_limit for site in config.sites] == [None, None]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2", "is less than 1KiB/s; write a larger rate, with its unit (2MiB/s); pause stops a"),
        ("0", "is less than 1KiB/s; write a larger rate"),
        ("1e9", "is not a rate; write bytes per second such as 2MiB/s, or off"),
        ("2MiB", "is not in bytes per second; write such as 2MiB/s or 250kB/s"),
        ("16Mbit/s", "is not in bytes per second; write such as 2MiB/s or 250kB/s"),
        ("16Mb/s", "is not in bytes per second; write such as 2MiB/s or 250kB/s"),
        ("16 Mbps", "is not in bytes per second; write such as 2MiB/s or 250kB/s"),
        ("2XiB/s", "is not a rate; write bytes per second such as 2MiB/s, or off"),
        ("fast", "is not a rate; write bytes per second such as 2MiB/s, or off"),
        ("{a: 1}", "is not a rate; write bytes per second such as 2MiB/s, or off"),
        ("true", "is not a rate; write bytes per second such as 2MiB/s, or off"),
        ("mo 1MiB/s", "names no days; write mon tue wed thu fri sat sun"),
        ("mon- 1MiB/s", "names no days; write mon tue wed thu fri sat sun"),
        ("8-18 1MiB/s", "names no days; write mon tue wed thu fri sat sun"),
        ("8:00-25:00 1MiB/s", "has no times of a day; write from-to in 24 hours: 08:00-18:00"),
        ("8:60-9:00 1MiB/s", "has no times of a day; write from-to in 24 hours: 08:00-18:00"),
        ("24:00-9:00 1MiB/s", "has no times of a day; write from-to in 24 hours: 08:00-18:00"),
        ("8:00-8:00 1MiB/s", "begins and ends at the same time; leave the times out"),
        ("8:00-9:00 mon 1MiB/s", "has days after times; write days, then times"),
        ("mon 8:00-9:00", "is not a rate; write bytes per second such as 2MiB/s, or off"),
        ("a b c d", "is not a rate; write bytes per second such as 2MiB/s, or off"),
        ("[]", "is empty; write a rate such as 2MiB/s, or off"),
        ("[1MiB/s, mon 2MiB/s]", "has an entry that is never reached; write the entry without"),
        ("${LIMIT}", "refers to a variable; write the value: only secrets take ${VAR}"),
    ],
)
def test_what_is_no_limit_is_refused_with_what_to_write(problems, written, problem):
    found = problems(f"{ONE}  bandwidth_limit: {written}\n")
    assert len(found) == 1
    assert found[0].startswith(f"4: sites[0].bandwidth_limit: {problem}")


def test_each_bad_entry_is_named_at_its_own_line(problems):
    assert problems(f"bandwidth_limit:\n- mon 1MiB/s\n- fast\n- 5\n{ONE}") == [
        "3: bandwidth_limit[1]: is not a rate; write bytes per second such as 2MiB/s, or off, "
        "after days and times if it has them",
        "4: bandwidth_limit[2]: is less than 1KiB/s; write a larger rate, with its unit (2MiB/s); "
        "pause stops a site",
    ]


@pytest.mark.parametrize("written", ["0", "-1", '"5"', ".inf", "fast", "true", "[1]", "{a: 1}"])
def test_requests_per_second_is_a_number_above_zero(problems, written):
    assert problems(f"requests_per_second: {written}\n{ONE}") == [
        "1: requests_per_second: is not a number above zero; write a number such as 50 or 0.5, or "
        "off for no limit"
    ]


@pytest.mark.parametrize("written", ["off", "null"])
def test_requests_per_second_can_be_off(loaded, written):
    assert loaded(f"requests_per_second: {written}\n{ONE}").requests_per_second is None


PERIODS = st.builds(
    Period,
    st.none() | st.integers(1024, 10**12),
    st.lists(st.integers(0, 6), min_size=1, unique=True).map(lambda days: tuple(sorted(days))),
    st.integers(0, DAY_MINUTES - 1),
    st.integers(0, DAY_MINUTES),
).filter(lambda period: period.begin != period.end)


@given(periods=st.lists(PERIODS, min_size=1, max_size=4))
def test_what_is_spelled_means_the_same(periods):
    limits = Schedule(tuple(periods))
    has_unreachable = any(period.is_always for period in periods[:-1])
    is_none = all(period.bytes_per_second is None for period in periods)
    if not has_unreachable and not is_none:
        assert rates.bandwidth(rates.spelled(limits)) == limits
