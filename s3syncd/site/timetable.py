"""When a site rescans and reconciles: intervals, wishes, doubts, and distances after failures.

Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

__all__ = ["Timetable", "Whole"]

_DOUBT_CAP_SECONDS = 60.0  # repeated doubt rescans at most this often
_DOUBT_CALM_SECONDS = 120.0  # after this long without doubt the back-off starts anew
_RETRY_SECONDS = 5.0  # a pass that failed is begun anew after this ...
_RETRY_CAP_SECONDS = 300.0  # ... then twice that, and so on: a listing of millions costs money
_MAX_DOUBLINGS = 7  # 2 ** 7 is above either cap


class Whole(Enum):
    """The two kinds of a pass over everything."""

    RESCAN = "rescan"
    RECONCILE = "reconcile"


class Timetable:
    """What pass is due when. All times are monotonic seconds.

    Args:
        rescan_seconds: gives the interval of the moment (shorter where nothing watches).
        reconcile_seconds: the interval.
        jitter: numbers in [0, 1).
    """

    def __init__(
        self,
        *,
        rescan_seconds: Callable[[], float],
        reconcile_seconds: float,
        jitter: Callable[[], float],
    ) -> None:
        self._rescan_seconds = rescan_seconds
        self._reconcile_seconds = reconcile_seconds
        self._jitter = jitter
        self._is_wanted = {Whole.RECONCILE: True, Whole.RESCAN: False}
        self._not_before = {Whole.RECONCILE: 0.0, Whole.RESCAN: 0.0}
        self._again_at = float("inf")
        self._next = {Whole.RECONCILE: float("inf"), Whole.RESCAN: float("inf")}
        self._failures = {Whole.RECONCILE: 0, Whole.RESCAN: 0}
        self._doubts = 0
        self._last_doubt_at = float("-inf")
        self.is_doubtful = False
        self._is_doubt_met = False

    def is_wanted(self, now: float) -> bool:
        """Whether a pass is wanted and not put off because the last one failed."""
        return any(
            self._is_wanted[each] and (not self._failures[each] or now >= self._not_before[each])
            for each in Whole
        )

    def want(self, whole: Whole) -> None:
        """Ask for a pass as soon as possible."""
        self._is_wanted[whole] = True
        self._not_before[whole] = 0.0

    def want_at(self, when: float) -> None:
        """Ask for one reconcile that begins at `when` or later, whatever is done before."""
        self._again_at = when

    def doubt(self, now: float) -> None:
        """Events were lost: rescan, at growing distances while it keeps happening."""
        if now - self._last_doubt_at > _DOUBT_CALM_SECONDS:
            self._doubts = 0
        if not (self._is_wanted[Whole.RESCAN] and self.is_doubtful):
            delay = min(_DOUBT_CAP_SECONDS, 2.0**self._doubts - 1.0)
            self._not_before[Whole.RESCAN] = max(self._not_before[Whole.RESCAN], now + delay)
            self._doubts = min(self._doubts + 1, _MAX_DOUBLINGS)
        self._last_doubt_at = now
        self._is_wanted[Whole.RESCAN] = self.is_doubtful = True
        self._is_doubt_met = False

    def due(self, now: float) -> Whole | None:
        """Return the pass that may begin now; a reconcile does a rescan's work too."""
        if now >= self._again_at:
            self._is_wanted[Whole.RECONCILE], self._again_at = True, float("inf")
        for each in (Whole.RECONCILE, Whole.RESCAN):
            if now >= self._next[each]:
                self._is_wanted[each], self._next[each] = True, float("inf")
            if self._is_wanted[each] and now >= self._not_before[each]:
                return each
        return None

    def put_off(self, whole: Whole, until: float) -> None:
        """A pass that is due cannot begin yet."""
        self._not_before[whole] = until

    def began(self, whole: Whole) -> None:
        """A pass begins: it meets what was wanted and doubted so far."""
        self._is_wanted[Whole.RESCAN] = False
        if whole is Whole.RECONCILE:
            self._is_wanted[Whole.RECONCILE] = False
        self._is_doubt_met = self.is_doubtful

    def done(self, whole: Whole, now: float) -> None:
        """A pass came to its end."""
        self.is_doubtful = self.is_doubtful and not self._is_doubt_met
        self._failures[Whole.RESCAN] = 0
        # Jitter of 3/4 to 5/4 keeps a thousand sites from scanning at the same moment.
        self._next[Whole.RESCAN] = now + self._rescan_seconds() * (0.75 + self._jitter() / 2)
        if whole is Whole.RECONCILE:
            self._failures[whole] = 0
            self._next[whole] = now + self._reconcile_seconds * (0.75 + self._jitter() / 2)

    def failed(self, whole: Whole, now: float, *, is_scan_fine: bool) -> None:
        """A pass came to nothing: later again; where only the listing failed, a rescan at once."""
        self._is_doubt_met = False
        self._failures[whole] = min(self._failures[whole] + 1, _MAX_DOUBLINGS)
        delay = min(_RETRY_CAP_SECONDS, _RETRY_SECONDS * 2.0 ** (self._failures[whole] - 1))
        self._is_wanted[whole] = self._is_wanted[Whole.RESCAN] = True
        self._not_before[whole] = now + delay
        if not is_scan_fine:
            self._not_before[Whole.RESCAN] = now + delay

    def next_due(self) -> float:
        """Return when the next pass may begin."""
        wanted = [self._not_before[each] for each in Whole if self._is_wanted[each]]
        return min(self._again_at, *self._next.values(), *wanted)
