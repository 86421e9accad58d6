"""Lets a few sites reconcile at once."""

from __future__ import annotations

import threading

__all__ = ["ReconcileGate"]

# Each reconcile holds a listing, a scan and its batches; four keep two cores and a disk busy.
_AT_ONCE = 4


class ReconcileGate:
    """At most four sites are inside. Thread-safe."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._at_once = at_once
        self._inside: set[str] = set()
        self._lock = threading.Lock()

    def try_enter(self, name: str) -> bool:
        """Return whether the site may begin a reconcile now."""
        with self._lock:
            if name in self._inside or len(self._inside) < self._at_once:
                self._inside.add(name)
                return True
            return False

    def leave(self, name: str) -> None:
        """Say that the site's reconcile is over, or never began."""
        with self._lock:
            self._inside.discard(name)
