"""Signals as they come, each one told: Python alone folds two of a kind that come in quickly."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress

__all__ = ["told_signals"]

_BYTES = 4096  # signals read at once; more wait for the next


@contextmanager
def told_signals(
    numbers: Collection[signal.Signals], tell: Callable[[signal.Signals], None]
) -> Iterator[None]:
    """Tell of every delivery of these signals, in the main thread, between two of its steps.

    A second SIGTERM within the time the main thread needs to notice the first must not be lost: it
    means "at once". The C handler writes a byte for each delivery (signal.set_wakeup_fd).

    Args:
        numbers: the signals.
        tell: called for each delivery; must be reentrant.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python hands signals to the main thread only
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)

    def read(_number: int, _frame: object) -> None:
        with suppress(BlockingIOError):
            for number in reader.recv(_BYTES):
                if number in numbers:
                    tell(signal.Signals(number))

    old_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    old = {number: signal.signal(number, read) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_fd)
        reader.close()
        writer.close()
