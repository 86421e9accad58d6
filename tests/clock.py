"""A clock that tests set: seconds go by when they say so."""

from __future__ import annotations

__all__ = ["Clock"]


class Clock:
    """Seconds that only the test moves on."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
