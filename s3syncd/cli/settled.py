"""Judges when waiting for sites to be in sync is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from s3syncd.core.standing import is_left_to_person, waits_for_person

__all__ = ["Settled", "is_in_sync", "is_stopped"]

_STAYS_SECONDS: Final = 5.0
"""What only a person can put right has to stay for so long: `sync` waits as long for it.

Who has just put it right is not told otherwise before the daemon has heard of it and looked.
"""


class Settled:
    """Whether all is in sync, or some site will not be without a person; asked at each look.

    Args:
        waits_for_paused: False: what is paused comes no further, and is not waited for.
        clock: monotonic seconds.
    """

    def __init__(
        self, *, waits_for_paused: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._waits_for_paused = waits_for_paused
        self._clock = clock
        self._since: float | None = None

    def __call__(self, status: dict[str, Any]) -> bool:
        """Judge a status document."""
        sites = status["sites"]
        if any(map(waits_for_person, sites)):
            return True
        behind = [
            site
            for site in sites
            if not site["in_sync"] and (self._waits_for_paused or not is_stopped(site))
        ]
        if not all(map(is_left_to_person, behind)):
            self._since = None
            return False
        now = self._clock()
        self._since = now if self._since is None else self._since
        return not behind or now - self._since >= _STAYS_SECONDS


def is_in_sync(status: dict[str, Any]) -> bool:
    """Whether every site of a status document is in sync."""
    return all(site["in_sync"] for site in status["sites"])


def is_stopped(site: dict[str, Any]) -> bool:
    """Whether a site is paused and has something to do."""
    return site["state"] == "paused" and not site["in_sync"]
