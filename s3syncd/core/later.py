"""What a resume may be given in place of a result: something to be begun by a worker first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Later"]


class Later:
    """A start whose time has come: the result of the yield is what this one is resumed with.

    Whoever waited for the time may be a thread that must not wait for anything else; beginning may
    wait (for fresh credentials, for example), so a worker does it.
    """

    __slots__ = ("start",)

    def __init__(self, start: Callable[[Callable[[Any], None]], None]) -> None:
        self.start = start
