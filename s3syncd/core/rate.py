"""How much may be used of something per second, and when: schedules and budgets, as arithmetic.

A `Schedule` says which rate is in force at which minute of the week. A `Budget` says what may be
used of one rate: tokens for what fits into its burst, and one loan at a time for what does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "DAY_MINUTES",
    "Budget",
    "Period",
    "Schedule",
]

DAY_MINUTES: Final = 24 * 60
EVERY_DAY: Final = (0, 1, 2, 3, 4, 5, 6)

BURST_SECONDS: Final = 1.0
"""What was not used of so many seconds may be used at once: enough that a late wake-up loses
nothing, too little to fill the queues of a line."""

_LEAST_BURST: Final = 1.0
"""One request must fit, however few are allowed per second."""

_SLACK: Final = 1e-6
"""Of a byte or request: what the rounding of a clock's float may leave missing."""


@dataclass(frozen=True, slots=True)
class Period:
    """A rate and when it is in force.

    `days` count from Monday, 0, and name the day on which it begins. `begin` and `end` are minutes
    of the day, `end` excluded; where `end` is not after `begin` it is on the next day.
    `bytes_per_second` None is no limit.
    """

    bytes_per_second: int | None
    days: tuple[int, ...] = EVERY_DAY
    begin: int = 0
    end: int = DAY_MINUTES

    @property
    def is_always(self) -> bool:
        """Whether it is in force at all times."""
        return self.begin == 0 and self.end == DAY_MINUTES and len(self.days) == len(EVERY_DAY)

    def covers(self, minute_of_week: int) -> bool:
        """Whether it is in force at this minute; the week begins on Monday at 0:00."""
        day, minute = divmod(minute_of_week, DAY_MINUTES)
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        if minute >= self.begin:
            return day in self.days
        return minute < self.end and (day - 1) % len(EVERY_DAY) in self.days


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rates by the time of the week: the first period that covers a minute says."""

    periods: tuple[Period, ...]

    @property
    def is_constant(self) -> bool:
        """Whether one rate is in force at all times."""
        return self.periods[0].is_always

    def rate_at(self, minute_of_week: int) -> int | None:
        """Give the bytes per second that are in force; None: no limit."""
        for period in self.periods:
            if period.covers(minute_of_week):
                return period.bytes_per_second
        return None


class Budget:
    """What may be used of one rate now. Times are monotonic seconds.

    What fits into the burst takes tokens. What is larger takes a loan, one at a time, and the next
    waits until it is paid back: so 8 MiB at 2 MiB/s go every 4 s. While a loan is paid back, what
    comes in is divided by the number of those that wait on either side, so that small amounts need
    not wait for a large one.

    In any time of t seconds no more is used than rate * t + burst + the largest single amount
    above the burst. Nothing of the rate is lost while somebody waits for it.

    Attributes:
        rate: per second; None: no limit.
        burst: most tokens there are; larger amounts take a loan.
        tokens: may be used now; below zero after a `charge`.
        loan: still to be paid back.
    """

    __slots__ = ("_at", "_share", "burst", "loan", "rate", "tokens")

    def __init__(self) -> None:
        self.rate: float | None = None
        self.burst = self.tokens = self.loan = 0.0
        self._at = 0.0
        self._share = 0.0  # of what comes in, for tokens while there is a loan

    def set_rate(self, rate: float | None, now: float) -> None:
        """Go over to another rate; what was used before stays used."""
        if rate == self.rate:
            return
        was_limited = self.rate is not None
        self.refill(now)
        self.rate, self._at = rate, now
        self.burst = 0.0 if rate is None else max(_LEAST_BURST, rate * BURST_SECONDS)
        self.tokens = min(self.tokens, self.burst) if was_limited else self.burst
        if rate is None:
            self.loan = 0.0

    def refill(self, now: float) -> None:
        """Add what has become free since the last time."""
        if self.rate is None:
            return
        amount = self.rate * max(0.0, now - self._at)
        self._at = now
        beside = amount * (1 - self._share) if self.loan else 0.0
        self.loan -= beside
        self.tokens += amount - beside
        if self.loan < 0:
            self.tokens -= self.loan
            self.loan = 0.0
        if self.tokens > self.burst:
            self.loan = max(0.0, self.loan - (self.tokens - self.burst))
            self.tokens = self.burst

    def divide(self, small: int, large: int) -> None:
        """Note how many wait for tokens, and how many for the loan to be paid back."""
        self._share = small / (small + max(1, large))

    def is_large(self, amount: float) -> bool:
        """Whether this takes a loan."""
        return self.rate is not None and amount > self.burst

    def has_room(self, amount: float) -> bool:
        """Whether this may be used now."""
        if self.rate is None or not amount:
            return True
        if amount > self.burst:
            return self.loan <= _SLACK
        return self.tokens + _SLACK >= amount

    def take(self, amount: float) -> None:
        """Use it; there is room."""
        if self.rate is None:
            return
        if amount > self.burst:
            self.loan += amount
        else:
            self.tokens -= amount

    def charge(self, amount: float) -> None:
        """Count what was used without asking: whoever comes next waits the longer."""
        if self.rate is not None:
            self.tokens -= amount

    def wait_seconds(self, amount: float) -> float:
        """Give how long until there is room, if nothing else is used and waiting stays as it is."""
        if self.rate is None or self.has_room(amount):
            return 0.0
        if amount > self.burst:
            needed, share, beside = self.loan, 1 - self._share, self.burst - self.tokens
        else:
            needed, share, beside = amount - self.tokens, self._share, self.loan
        if not self.loan:
            share = 1.0
        # The other side takes its share until it needs no more.
        last = (needed + beside) / self.rate
        return min(last, needed / (self.rate * share)) if share else last
