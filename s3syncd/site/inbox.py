"""The one door into a site: what other threads have to say to it.

Senders never block and never wait for the site. What may come is bounded by what the site asked
for (outcomes, batches, pages) or coalesced before it gets here (hints, room).
"""

from __future__ import annotations

from queue import Empty, SimpleQueue

__all__ = ["Inbox"]

# One turn of the loop takes at most this many messages, so that timers and commands are looked at
# in between; 512 outcomes take a few milliseconds (measured: bench/unchanged.py).
_BATCH = 512


class Inbox:
    """Thread-safe for senders; `take` belongs to the site thread."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[object] = SimpleQueue()
        self.put = self._queue.put  # C code, no frame of ours: it runs in awscrt's threads too

    def take(self, timeout_seconds: float) -> list[object]:
        """Wait at most `timeout_seconds` for a message; return it with all that wait behind it."""
        batch: list[object] = []
        try:
            batch.append(self._queue.get(timeout=max(0.0, timeout_seconds)))
            while len(batch) < _BATCH:
                batch.append(self._queue.get_nowait())
        except Empty:
            pass
        return batch
