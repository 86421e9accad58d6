"""Virtual time: what happens when, and the trace of what happened."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from random import Random

__all__ = ["Agenda", "Trace"]


class Trace:
    """What happened, as one hash; with the lines themselves where somebody wants to read them."""

    def __init__(self, *, is_kept: bool = False) -> None:
        self._hash = hashlib.sha256()
        self._is_kept = is_kept
        self._new: list[str] = []
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Note what happened."""
        self._new.append(line)

    @property
    def digest(self) -> str:
        """The hash of everything until now."""
        self._take_in()
        return self._hash.hexdigest()[:16]

    def _take_in(self) -> None:
        self._hash.update("".join(self._new).encode())
        if self._is_kept:
            self.lines += self._new
        self._new.clear()


class Agenda:
    """What is going to happen, in the order of its time.

    Times of the same moment come in the order in which they were noted. What was noted by a process
    that has died since does not happen.

    Attributes:
        now: monotonic seconds.
        life: number of the process that notes things; counts up with each crash.
        random: the tape of the order: how long everything takes.
    """

    def __init__(self, random: Random, trace: Trace) -> None:
        self.now = 1_000.0
        self.life = 0
        self.random = random
        self.trace = trace
        self._heap: list[tuple[float, int, int, str, Callable[[], object]]] = []
        self._count = 0

    def note(
        self, seconds: float, label: str, act: Callable[[], object], *, outlives: bool = False
    ) -> None:
        """Have something happen after some seconds.

        Args:
            seconds: from now.
            label: for the trace.
            act: does it.
            outlives: it happens also when the process that notes it has died.
        """
        self._count += 1
        life = -1 if outlives else self.life
        heapq.heappush(self._heap, (self.now + seconds, self._count, life, label, act))

    def soon(self, label: str, act: Callable[[], object], *, most_seconds: float = 0.004) -> None:
        """Have something happen in a moment, before or after what else is to happen."""
        self.note(self.random.random() * most_seconds, label, act)

    def run_until(self, moment: float) -> None:
        """Let everything happen until a moment."""
        heap, add = self._heap, self.trace.add
        while heap and heap[0][0] <= moment:
            at, _, life, label, act = heapq.heappop(heap)
            if life in (self.life, -1):
                self.now = at = max(self.now, at)
                add(f"{at:.6f} {label}\n")
                act()
        self.now = max(self.now, moment)

    def leap(self, seconds: float) -> None:
        """Let time pass without anything happening in time: all that is due comes late."""
        self.now += seconds
