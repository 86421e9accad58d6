"""A thread that waits for sockets, where a test has no pool whose workers do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from s3syncd.s3.poller import Poller

__all__ = ["polling"]


@contextmanager
def polling() -> Iterator[Poller]:
    """Give a poller that is waited on until the end of the block."""
    poller, is_over = Poller(), threading.Event()

    def wait() -> None:
        while not is_over.is_set():
            for tell in poller.wait():
                tell()

    thread = threading.Thread(target=wait, name="polling", daemon=True)
    thread.start()
    try:
        yield poller
    finally:
        is_over.set()
        poller.wake()
        thread.join(10)
        assert not thread.is_alive()
        poller.close()
