"""What a site has done since it started: for the log, the progress bars and the metrics."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from s3syncd.core.entry import Outcome, Result
from s3syncd.core.figures import Recent

__all__ = ["Counters"]

_WRITES = frozenset({"put", "deleted", "reclassed"})
_REFUSALS = frozenset({"access_denied", "refused"})
_RECENT = 20  # what a person looks at; of a thousand sites this is 5 MB


@dataclass(slots=True)
class Counters:
    """Monotonic counts of one site; written by its thread alone.

    `effects` counts finished actions by effect, `results` by result, `failures` those that
    failed by reason. `sent_bytes` are body bytes of objects put. `refused` is why the bucket
    refused the last write; empty: it took it. `recent` are the last writes, the newest last.
    """

    effects: dict[str, int] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    sent_bytes: int = 0
    refused: str = ""
    foreign_overwrites: int = 0
    recent: deque[Recent] = field(default_factory=lambda: deque(maxlen=_RECENT))
    wall: Callable[[], float] = time.time

    def finished(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.results[outcome.result] = self.results.get(outcome.result, 0) + 1
        self.sent_bytes += outcome.sent_bytes
        if outcome.result is Result.DONE:
            self.effects[outcome.effect] = self.effects.get(outcome.effect, 0) + 1
            if outcome.effect in _WRITES:
                self.refused = ""
                self.recent.append(
                    Recent(self.wall(), outcome.effect, outcome.action.path, outcome.sent_bytes)
                )
        elif outcome.result is not Result.SUPERSEDED:
            self.failures[outcome.reason] = self.failures.get(outcome.reason, 0) + 1
            if outcome.reason in _REFUSALS:
                self.refused = outcome.reason

    @property
    def done(self) -> int:
        """Actions carried out."""
        return self.results.get(Result.DONE, 0)

    @property
    def total(self) -> int:
        """Finished actions, whatever came of them."""
        return sum(self.results.values())
