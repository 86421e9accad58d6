"""Since when the wall clock goes steadily: by it the age of a file is told, and it may leap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["Steady"]

_LEAP_SECONDS: Final = 0.1
"""Between the two clocks' readings less may pass on a busy machine; a leap seen in vain costs
nothing but the question whether a file has a writer."""


class Steady:
    """Compares the wall clock with one that never leaps (but stands still while all is suspended).

    Args:
        clock: monotonic seconds.
        wall: seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock, self._wall = clock, wall
        self._began = clock()
        self._ahead = wall() - self._began
        self._leapt = float("-inf")

    def look(self) -> tuple[float, float]:
        """Return for how long it was watched, and since when no leap ahead was seen (seconds ago).

        A leap counts from when it is noticed, at one of these calls.
        """
        now = self._clock()
        ahead = self._wall() - now
        if ahead > self._ahead + _LEAP_SECONDS:
            self._leapt = now
        self._ahead = ahead
        return now - self._began, now - self._leapt
