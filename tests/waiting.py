"""Waiting in tests: for a condition, with a deadline; never for a length of time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["until", "within"]

_T = TypeVar("_T")

# The first looks come quickly, because most conditions hold at once; later ones spare the cores
# that the code under test needs.
_FIRST_PAUSE_SECONDS = 0.001
_LONGEST_PAUSE_SECONDS = 0.05

# A mutant's tests are there to fail, and many do so by waiting in vain: in their runs a deadline is
# a quarter, which is still many times what the same wait takes where the guard is in its place.
_IS_MUTANT = "MUTANT_MODULE" in os.environ
_MUTANT_SHARE = 0.25
_MUTANT_LEAST_SECONDS = 3.0


def until(predicate: Callable[[], _T], timeout: float = 10, what: str = "") -> _T:
    """Look until `predicate` gives something true, and return that.

    Args:
        predicate: cheap and free of effects; called at least once, and once more at the deadline.
        timeout: seconds; a deadline, not a pause: a test that passes never waits that long.
        what: the condition in words, for the message.

    Raises:
        AssertionError: the deadline passed. Tells `what` and the last value seen.
    """
    timeout = within(timeout)
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE_SECONDS
    never = threading.Event()
    while True:
        is_last_look = time.monotonic() >= deadline
        value = predicate()
        if value:
            return value
        if is_last_look:
            name = what or getattr(predicate, "__qualname__", repr(predicate))
            raise AssertionError(f"not within {timeout} s: {name} (last seen: {value!r})")
        never.wait(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def within(seconds: float) -> float:
    """Give the deadline of what waits by itself: these seconds, or fewer in a mutant."""
    if not _IS_MUTANT:
        return seconds
    return min(seconds, max(_MUTANT_LEAST_SECONDS, seconds * _MUTANT_SHARE))
