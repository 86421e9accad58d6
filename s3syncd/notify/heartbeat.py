"""A sign of life to a dead man's switch: a service that tells people when it stops coming.

Sent only while all is well, so that silence covers whatever may go wrong, this program included.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from s3syncd.notify.outlet import UnsentError

__all__ = ["FIRST_SECONDS", "LOOK_SECONDS", "Heartbeat", "Log", "Send"]

FIRST_SECONDS: Final = 15.0
"""A daemon that ends soon after each start must not look alive."""

LOOK_SECONDS: Final = 5.0
"""While all is not well, or a ping failed, this often: one red moment is no missed ping."""


class Log(Protocol):
    """The part of a logger that is used here."""

    def debug(self, event: str, **facts: object) -> object:
        """Log at DEBUG."""

    def info(self, event: str, **facts: object) -> object:
        """Log at INFO."""

    def warning(self, event: str, **facts: object) -> object:
        """Log at WARNING."""


class Send(Protocol):
    """What sends; see `Outlet`."""

    def send(self, now: float, body: bytes | None = None) -> None:
        """Send a GET, or POST a document.

        Raises:
            UnsentError: it did not arrive, or was refused.
        """

    def expire(self, now: float) -> None:
        """Cut what takes too long."""


class Heartbeat:
    """Pings while all is well. `turn` belongs to one thread; the rest is for any.

    Args:
        outlet: sends a ping.
        interval_seconds: between two of them.
        is_well: whether all is well.
        log: where it is told that pings fail, and that they arrive again.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        outlet: Send,
        interval_seconds: float,
        *,
        is_well: Callable[[], bool],
        log: Log,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._outlet = outlet
        self._interval_seconds = interval_seconds
        self._is_well = is_well
        self._log = log
        self._wall = wall
        self._due_at: float | None = None
        self._state: dict[str, Any] = {"last_sent_wall": None, "error": None}

    @property
    def state(self) -> dict[str, Any]:
        """When the last one arrived, and what is wrong with sending. Replaced, never changed."""
        return self._state

    def expire(self, now: float) -> None:
        """Cut a ping that takes too long."""
        self._outlet.expire(now)

    def turn(self, now: float) -> float:
        """Ping when it is time and all is well; give after how many seconds to turn again."""
        if self._due_at is None:
            self._due_at = now + min(FIRST_SECONDS, self._interval_seconds)
        if now < self._due_at:
            return self._due_at - now
        if not self._is_well() or not self._ping(now):
            return min(LOOK_SECONDS, self._interval_seconds)
        # Counted from when it was due, or the pings would drift; not from long ago, or they bunch.
        next_at = self._due_at + self._interval_seconds
        self._due_at = next_at if next_at > now else now + self._interval_seconds
        return self._due_at - now

    def _ping(self, now: float) -> bool:
        try:
            self._outlet.send(now)
        except UnsentError as error:
            if self._state["error"] != error.message:
                self._log.warning("heartbeat.failed", error=error.message, hint="see heartbeat.url")
            self._state = {**self._state, "error": error.message}
            return False
        if self._state["error"] is not None:
            self._log.info("heartbeat.recovered")
        self._state = {"last_sent_wall": self._wall(), "error": None}
        return True
