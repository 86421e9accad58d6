"""Starts sites, a few at a time: a thousand at once keep one another from ever being started.

A site that starts has five threads that want the interpreter, and whoever waits for that looks for
it every 5 ms: of 1,000 sites none was in sync after 200 s, of 500 all after 41 (two cores).
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

__all__ = ["Startable", "Starts"]

_AT_ONCE = 32  # more than one core has use for; a turn of the main loop adds as many each second
_PATIENCE_SECONDS = 10.0  # a server or a disk that is silent holds nobody else up for longer


class Startable(Protocol):
    """A site that can be started."""

    @property
    def is_leaving(self) -> bool:
        """Whether it was told to stop for good."""

    @property
    def is_starting(self) -> bool:
        """Whether it runs, and has not yet seen its directory and its bucket."""

    def launch(self) -> None:
        """Start its thread."""


class Starts:
    """Whose turn it is to start; belongs to the main thread."""

    def __init__(self) -> None:
        self._waiting: deque[Startable] = deque()
        self._under_way: list[tuple[Startable, float]] = []

    def add(self, life: Startable) -> None:
        """Start this one when it is its turn."""
        self._waiting.append(life)

    def advance(self, now: float) -> list[Startable]:
        """Start those whose turn it is, and give them; `now`: monotonic seconds."""
        self._under_way = [
            (life, since)
            for life, since in self._under_way
            if life.is_starting and now < since + _PATIENCE_SECONDS
        ]
        started = []
        while self._waiting and len(self._under_way) < _AT_ONCE:
            life = self._waiting.popleft()
            if not life.is_leaving:  # a reload may have taken it away
                life.launch()
                started.append(life)
                self._under_way.append((life, now))
        return started
