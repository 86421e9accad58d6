"""How many requests a bucket bears, learnt from its answers."""

from __future__ import annotations

from typing import Final

__all__ = ["Window"]

MAX_REST_SECONDS: Final = 5.0
"""Longest rest: a request every 5 s is no load, and shows soon that the store has recovered."""

_PATIENCE: Final = 4
"""Refusals in a row, at the narrowest, that cost no rest: a store that refuses every second request
at random shall not be asked two a second."""

_MOST_REFUSALS: Final = 20
"""Refusals beyond which no rest gets longer: keeps 2 ** refusals a small number."""


class Window:
    """How many requests a bucket gets at once: one more per full window, half when throttled.

    Pure: told of every answer. One burst of "slow down" halves it once, since the answers to the
    requests sent before the first of them say nothing new. At its narrowest it rests when nothing
    but refusals comes: one request after the other is a thousand per second on a store that
    refuses quickly.

    Args:
        most: the widest it gets, and where it begins.
        least: the narrowest it gets.
    """

    __slots__ = ("_answers_to_skip", "_least", "_most", "_refusals", "_successes", "limit")

    def __init__(self, most: int, *, least: int = 1) -> None:
        self.limit = most
        self._most = most
        self._least = least
        self._successes = 0
        self._answers_to_skip = 0
        self._refusals = 0

    @property
    def rest_seconds(self) -> float:
        """How long to send nothing after the last answer: 0, or in the end 1, 2, 4, 5, 5 .."""
        doublings = self._refusals - _PATIENCE - 1
        return min(MAX_REST_SECONDS, 2.0**doublings) if doublings >= 0 else 0.0

    def succeeded(self) -> None:
        """Count an answer that was no throttling; a full window of them widens it by one."""
        self._answers_to_skip = max(0, self._answers_to_skip - 1)
        self._refusals = 0
        self._successes += 1
        if self._successes >= self.limit:
            self._successes = 0
            self.limit = min(self._most, self.limit + 1)

    def throttled(self) -> None:
        """Count an answer that asked for less."""
        if self._answers_to_skip:
            self._answers_to_skip -= 1
            return
        self._answers_to_skip = self.limit - 1
        self._successes = 0
        if self.limit == self._least:
            self._refusals = min(self._refusals + 1, _MOST_REFUSALS)
        self.limit = max(self._least, self.limit // 2)
