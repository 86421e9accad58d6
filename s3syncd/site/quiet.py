"""What the worker is told, so that it can prove a file quiet."""

from __future__ import annotations

from s3syncd.core.entry import Settle
from s3syncd.core.settle import Growth, SettleEntry
from s3syncd.site.parts import Parts
from s3syncd.site.steady import Steady

__all__ = ["Quiet"]


class Quiet:
    """Puts together what is known of a path's times; owned by the site thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._steady = Steady(parts.clock, parts.wall)

    def settle(
        self, entry: SettleEntry | None, now: float, *, planned_at: float, is_late: bool
    ) -> Settle:
        """Give the rule for an upload that begins now (monotonic seconds).

        Args:
            entry: what was heard of the path; None: a pass met it.
            now: monotonic seconds.
            planned_at: when it was decided on.
            is_late: its deadline has passed.
        """
        settings = self._parts.settings
        heard = 0.0
        if entry is not None:
            heard = self._parts.wall() - max(0.0, now - entry.first_hint_at)
        growth = Growth.UNKNOWN if entry is None else entry.growth
        watched, leapt = self._steady.look()
        return Settle(
            settings.settle_seconds,
            settings.settle_open_seconds,
            is_closed=entry is not None and entry.is_closed,
            is_past_deadline=is_late and growth is not Growth.UNKNOWN,
            is_growing=growth is Growth.SEEN,
            first_seen_wall_ns=int(heard * 1e9),
            decided_seconds_ago=max(0.0, now - planned_at),
            watched_seconds=watched,
            leapt_seconds_ago=leapt,
        )
