"""Room for the ledger: nothing is begun while the state directory is nearly full.

What was done must be remembered, and a full disk is met best before SQLite meets it: what is in
flight is still recorded then, and the site goes on by itself. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.safety import REASONS, least_room
from s3syncd.local.room import DiskRoom
from s3syncd.site.parts import Log

__all__ = ["Space"]

_LOOK_SECONDS = 5.0  # a ledger at its busiest writes some MiB in that time
_ENOUGH = 2  # times the least room: what is freed must not be used up at once
_MIB = 1024 * 1024


class Space:
    """Watches the room that a site's ledger has.

    Args:
        room: looks at the file system of the state directory; None: it does not tell.

    Attributes:
        is_low: there is too little; nothing may be begun.
        is_read_only: nothing can be written there, for the health only: a site that has to write
            finds out by itself.
    """

    def __init__(self, room: Callable[[], DiskRoom | None], log: Log) -> None:
        self._room = room
        self._log = log
        self._next_look = float("-inf")
        self._free_bytes = 0
        self.is_low = False
        self.is_read_only = False

    @property
    def reason(self) -> str:
        """The guard that stops the site, or empty."""
        return "state_dir_full" if self.is_low else ""

    @property
    def hint(self) -> str:
        """What the operator can do about it."""
        if not self.is_low:
            return ""
        return f"{REASONS[self.reason].remedy} ({self._free_bytes // _MIB} MiB are free)"

    def advance(self, now: float) -> None:
        """Look when it is time."""
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        seen = self._room()
        was_low, self.is_low = self.is_low, seen is not None and self._is_low(seen)
        if seen is not None:
            self._free_bytes = seen.free_bytes
            self.is_read_only = seen.is_read_only
        if self.is_low and not was_low:
            self._log.error("state_dir.full", free_bytes=self._free_bytes, hint=self.hint)
        elif was_low and not self.is_low:
            self._log.info("state_dir.has_room", free_bytes=self._free_bytes)

    def _is_low(self, seen: DiskRoom) -> bool:
        least = least_room(seen.total_bytes)
        return seen.free_bytes < (_ENOUGH * least if self.is_low else least)
