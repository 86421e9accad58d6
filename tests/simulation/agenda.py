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
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Note what happened."""
        self._hash.update(line.encode())
        if self._is_kept:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """The hash of everything until now."""
        return self._hash.hexdigest()[:16]


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

    def next_at(self) -> float:
        """Tell when the next thing happens."""
        self._drop_dead()
        return self._heap[0][0] if self._heap else float("inf")

    def step(self) -> bool:
        """Let the next thing happen; tell whether there was any."""
        self._drop_dead()
        if not self._heap:
            return False
        at, _, _, label, act = heapq.heappop(self._heap)
        self.now = max(self.now, at)
        self.trace.add(f"{self.now:.6f} {label}\n")
        act()
        return True

    def run_until(self, moment: float) -> None:
        """Let everything happen until a moment."""
        while self.next_at() <= moment:
            self.step()
        self.now = max(self.now, moment)

    def leap(self, seconds: float) -> None:
        """Let time pass without anything happening in time: all that is due comes late."""
        self.now += seconds

    def _drop_dead(self) -> None:
        heap, life = self._heap, self.life
        while heap and heap[0][2] not in (-1, life):
            heapq.heappop(heap)
