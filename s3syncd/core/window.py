"""How many requests a bucket bears, learnt from its answers."""

from __future__ import annotations

from typing import Final

__all__ = ["FIRST", "Window"]

FIRST: Final = 64
"""Where a bucket's window begins: at 20 ms an answer 3,200 small requests a second, and 256 after
200 answers where the store bears them."""

MAX_REST_SECONDS: Final = 5.0
"""Longest rest: a request every 5 s is no load, and shows soon that the store has recovered."""

_PATIENCE: Final = 4
"""Refusals in a row, at the narrowest, that cost no rest: a store that refuses every second request
at random shall not be asked two a second."""

_HOLDS: Final = 2.0
"""Twice the latency at twice the requests is a store that only lets them wait: a round may be so
much slower than the fastest one, and noise and the next file server's cache stay below it."""

_FORGETS: Final = 1.01
"""Per round: a way to the store that is slower for good is taken as it is after some 70 rounds."""

_MOST_REFUSALS: Final = 20
"""Refusals beyond which no rest gets longer: keeps 2 ** refusals a small number."""


class Window:
    """How many requests a bucket gets at once: more while answers come fast, half if throttled.

    Pure: told of every answer. It begins narrow and doubles with each full window of answers while
    their latency holds, until the first doubt; from then on it grows by one. Requests beyond what
    the store works on at a time only wait there, with their bodies in our memory.

    One burst of "slow down" halves it once, since the answers to the requests sent before the
    first of them say nothing new. At its narrowest it rests when nothing but refusals comes: one
    request after the other is a thousand per second on a store that refuses quickly.

    Args:
        most: the widest it gets.
        least: the narrowest it gets.
        first: where it begins; None begins at the widest.

    Attributes:
        limit: how many requests may be on the wire now.
    """

    __slots__ = (
        "_answers_to_skip", "_best_seconds", "_is_doubling", "_least", "_most", "_refusals",
        "_successes", "_timed", "_timed_seconds", "limit",
    )  # fmt: skip

    def __init__(self, most: int, *, least: int = 1, first: int | None = None) -> None:
        self.limit = most if first is None else min(first, most)
        self._most = most
        self._least = least
        self._answers_to_skip = 0
        self._refusals = 0
        self._is_doubling = first is not None
        self._best_seconds = 0.0
        self._begin_round()

    @property
    def rest_seconds(self) -> float:
        """How long to send nothing after the last answer: 0, or in the end 1, 2, 4, 5, 5 .."""
        doublings = self._refusals - _PATIENCE - 1
        return min(MAX_REST_SECONDS, 2.0**doublings) if doublings >= 0 else 0.0

    def succeeded(self, *, seconds: float | None = None, is_full: bool = True) -> None:
        """Count an answer that was no throttling; a full window of them may widen it.

        Args:
            seconds: from the request to the answer; None where a large body makes the time.
            is_full: about as many requests were on the wire as may be. Answers to a trickle do
                not tell what the store bears.
        """
        self._answers_to_skip = max(0, self._answers_to_skip - 1)
        self._refusals = 0
        if not is_full:
            return
        self._successes += 1
        if seconds is not None:
            self._timed += 1
            self._timed_seconds += seconds
        if self._successes >= self.limit:
            if not self._holds():
                self._is_doubling = False
            elif self._is_doubling:
                self.limit = min(self._most, self.limit * 2)
            else:
                self.limit = min(self._most, self.limit + 1)
            self._begin_round()

    def _begin_round(self) -> None:
        self._successes = self._timed = 0
        self._timed_seconds = 0.0

    def _holds(self) -> bool:
        """Whether the answers of this round came about as fast as the fastest round's."""
        if self._timed * 2 < self._successes:
            return True  # large bodies: what they wait for is the line, and bytes are budgeted
        mean = self._timed_seconds / self._timed
        if not self._best_seconds or mean < self._best_seconds:
            self._best_seconds = mean
        is_as_fast = mean <= self._best_seconds * _HOLDS
        self._best_seconds *= _FORGETS
        return is_as_fast

    def throttled(self) -> None:
        """Count an answer that asked for less."""
        if self._answers_to_skip:
            self._answers_to_skip -= 1
            return
        self._answers_to_skip = self.limit - 1
        self._is_doubling = False
        self._begin_round()
        if self.limit == self._least:
            self._refusals = min(self._refusals + 1, _MOST_REFUSALS)
        self.limit = max(self._least, self.limit // 2)
