"""Parses limits: `2MiB/s`, `mon-fri 08:00-18:00 2MiB/s`, requests per second; and spells them.

Pure, and like `parse` silent about the value itself.
"""

from __future__ import annotations

import math
import re

from s3syncd.config.parse import UnusableError, size_bytes
from s3syncd.core.rate import DAY_MINUTES, EVERY_DAY, Period, Schedule

__all__ = ["bandwidth", "per_second", "period", "schedule", "spelled"]

LEAST_BYTES_PER_SECOND = 1024  # less is a forgotten unit: one part of 8 MiB would take two hours
_WRITE = "write bytes per second such as 2MiB/s, or off, after days and times if it has them"
_OFF = frozenset({"off", "unlimited"})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_SPLIT_RATE = re.compile(r"(?:(?<=\s)|^)(\d[\d.]*) +(?=[A-Za-z]+(?:/s)?$)")  # "2 MiB/s": one word
_IS_RATE = re.compile(r"\d[\d.]*( ?[a-z]+)?(/s)?", re.IGNORECASE)
# Largest first: a rate is spelled in the first that divides it.
_UNITS = (
    ("GiB", 2**30),
    ("GB", 10**9),
    ("MiB", 2**20),
    ("MB", 10**6),
    ("KiB", 2**10),
    ("kB", 10**3),
)


def bandwidth(value: object) -> Schedule | None:
    """Take a rate, or a list of periods; None when nothing is ever limited."""
    if isinstance(value, Schedule):
        return value
    given = value if isinstance(value, list | tuple) else [value]
    return schedule([period(each) for each in given])


def schedule(periods: list[Period]) -> Schedule | None:
    """Make a schedule; None when nothing is ever limited."""
    if not periods:
        raise UnusableError("is empty", "write a rate such as 2MiB/s, or off")
    if any(each.is_always for each in periods[:-1]):
        raise UnusableError(
            "has an entry that is never reached", "write the entry without days and times last"
        )
    if all(each.bytes_per_second is None for each in periods):
        return None
    return Schedule(tuple(periods))


def period(value: object) -> Period:
    """Take one entry: days (mon-fri, sat,sun), times (22:00-06:00), then the rate."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnusableError("is not a rate", _WRITE)
    words = _SPLIT_RATE.sub(r"\1", str(value)).split()
    if not 1 <= len(words) <= 3:
        raise UnusableError("is not a rate", _WRITE)
    *when, rate = words
    days: tuple[int, ...] = EVERY_DAY
    begin, end = 0, DAY_MINUTES
    if when and ":" not in when[0]:
        days = _days(when.pop(0))
    if when:
        begin, end = _times(when.pop(0))
    if when:
        raise UnusableError("has days after times", "write days, then times: mon-fri 08:00-18:00")
    return Period(_rate(rate), days, begin, end)


def per_second(value: object) -> float | None:
    """Take a number above zero; `off` is no limit."""
    if value == "off":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and number > 0:
            return number
    raise UnusableError(
        "is not a number above zero", "write a number such as 50 or 0.5, or off for no limit"
    )


def spelled(limits: Schedule) -> str | list[str]:
    """Spell a schedule so that `bandwidth` takes it."""
    entries = [_spelled_period(each) for each in limits.periods]
    return entries[0] if len(entries) == 1 and limits.is_constant else entries


def _days(word: str) -> tuple[int, ...]:
    chosen: set[int] = set()
    for each in word.lower().split(","):
        first, dash, last = each.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise UnusableError(
                "names no days", "write mon tue wed thu fri sat sun, such as mon-fri or sat,sun"
            )
        day, end = _DAYS.index(first), _DAYS.index(last or first)
        chosen.add(day)
        while day != end:
            day = (day + 1) % len(_DAYS)
            chosen.add(day)
    return tuple(sorted(chosen))


def _times(word: str) -> tuple[int, int]:
    found = _TIMES.fullmatch(word)
    hours = [int(text) for text in found.groups()] if found else [99, 99, 99, 99]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    is_clock = max(hours[1], hours[3]) < 60 and begin < DAY_MINUTES and end <= DAY_MINUTES
    if not is_clock:
        raise UnusableError("has no times of a day", "write from-to in 24 hours: 08:00-18:00")
    if begin == end:
        raise UnusableError(
            "begins and ends at the same time", "leave the times out for the whole day"
        )
    return begin, end


def _rate(word: str) -> int | None:
    if word.lower() in _OFF:
        return None
    if not _IS_RATE.fullmatch(word):
        raise UnusableError("is not a rate", _WRITE)
    size = word.removesuffix("/s")
    # A small b is bits to whoever writes Mb/s.
    if not (size.isdigit() or (word != size and size.endswith("B"))):
        raise UnusableError("is not in bytes per second", "write such as 2MiB/s or 250kB/s")
    try:
        rate = size_bytes(int(size) if size.isdigit() else size)
    except UnusableError:
        raise UnusableError("is not a rate", _WRITE) from None
    if rate < LEAST_BYTES_PER_SECOND:
        raise UnusableError(
            "is less than 1KiB/s", "write a larger rate, with its unit (2MiB/s); pause stops a site"
        )
    return rate


def _spelled_period(each: Period) -> str:
    words = []
    if each.days != EVERY_DAY:
        words.append(",".join(_DAYS[day] for day in each.days))
    if (each.begin, each.end) != (0, DAY_MINUTES):
        words.append(f"{_clock(each.begin)}-{_clock(each.end)}")
    return " ".join([*words, _spelled_rate(each.bytes_per_second)])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _spelled_rate(rate: int | None) -> str:
    if rate is None:
        return "off"
    for unit, factor in _UNITS:
        if rate % factor == 0:
            return f"{rate // factor}{unit}/s"
    return str(rate)
