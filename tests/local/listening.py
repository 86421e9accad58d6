"""A watcher that a test listens in on."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Calls"]


class Calls:
    """A watcher that does something when a directory is about to be listed."""

    def __init__(self, call: Callable[[str], object]) -> None:
        self.call = call

    def watch(self, path: str, fd: int) -> bool:
        self.call(path)
        return True

    def meet(self, path: str) -> None: ...
    def begin_scan(self) -> None: ...
    def end_scan(self) -> None: ...
