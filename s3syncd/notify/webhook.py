"""Tells people of what needs them, by documents posted to an address of theirs.

What cannot be delivered waits, for ever; of too much of it the oldest goes, and is counted.
"""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from s3syncd import __version__
from s3syncd.core.bulletin import document
from s3syncd.core.logline import Redaction
from s3syncd.core.notices import Notice
from s3syncd.core.retry import delay_seconds
from s3syncd.notify.heartbeat import Log, Send
from s3syncd.notify.outlet import UnsentError

__all__ = ["Webhook"]

LOOK_SECONDS: Final = 3.0
"""How often the sites are looked at; of a thousand that costs some 10 ms."""

GATHER_SECONDS: Final = 5.0
"""How long the first notice waits for others: what troubles many sites at once becomes one message.
A root is looked at every 5 s, so a disk that is gone shows in all its sites within that time."""

SPACING_SECONDS: Final = 30.0
"""Between two messages: a thousand sites that fail one after the other are a few messages."""

MAX_WAITING: Final = 5000
"""Notices that wait to be delivered; some 500 bytes each."""

_LONGEST_PAUSE_SECONDS = 3600.0  # that a server may ask for


class Webhook:
    """Gathers notices and posts them. `turn` belongs to one thread; the rest is for any.

    Args:
        outlet: posts a document.
        look: gives what is to be told now.
        log: where it is told that nobody takes it, and that somebody does again.
        redaction: takes secrets out of what is told.
        host: the name of this machine.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        outlet: Send,
        look: Callable[[float], Iterable[Notice]],
        *,
        log: Log,
        redaction: Redaction,
        host: str = "",
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._outlet = outlet
        self._look = look
        self._log = log
        self._redaction = redaction
        self._host = host or socket.gethostname()
        self._wall = wall
        self._waiting: dict[tuple[str, str], Notice] = {}
        self._dropped = 0
        self._failures = 0
        self._next_at = float("-inf")
        self._state: dict[str, Any] = {"last_sent_wall": None, "error": None}

    @property
    def state(self) -> dict[str, Any]:
        """When the last message was taken, what is wrong, and how many notices wait."""
        return {**self._state, "waiting": len(self._waiting), "dropped": self._dropped}

    def expire(self, now: float) -> None:
        """Cut a message that takes too long."""
        self._outlet.expire(now)

    def turn(self, now: float) -> float:
        """Look, and post when it is time; give after how many seconds to turn again."""
        found = list(self._look(now))
        if found and not self._waiting:
            self._next_at = max(self._next_at, now + GATHER_SECONDS)
        for notice in found:
            # The last word on a trouble is the one that counts: what came and went while nobody
            # took it has gone.
            self._waiting.pop((notice.site, notice.reason), None)
            self._waiting[notice.site, notice.reason] = notice
            self._log.debug("notice.made", site=notice.site, kind=notice.kind, reason=notice.reason)
        while len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]
            self._dropped += 1
        if self._waiting and now >= self._next_at:
            self._post(now)
        is_next = self._waiting and self._next_at > now
        return min(LOOK_SECONDS, self._next_at - now) if is_next else LOOK_SECONDS

    def _post(self, now: float) -> None:
        told = document(
            list(self._waiting.values()),
            host=self._host,
            version=__version__,
            dropped=self._dropped,
        )
        try:
            self._outlet.send(now, json.dumps(self._redaction(told)).encode())
        except UnsentError as error:
            self._failed(error, now)
            return
        if self._failures:
            self._log.info("notify.recovered", failures=self._failures)
        self._failures = self._dropped = 0
        self._waiting.clear()
        self._next_at = now + SPACING_SECONDS
        self._state = {"last_sent_wall": self._wall(), "error": None}

    def _failed(self, error: UnsentError, now: float) -> None:
        self._failures += 1
        jitter = random.random()  # noqa: S311 - spreads attempts, keeps no secret
        asked = error.retry_after_seconds or 0.0
        pause = max(LOOK_SECONDS, delay_seconds(self._failures, jitter), asked)
        self._next_at = now + min(pause, _LONGEST_PAUSE_SECONDS)
        if self._state["error"] != error.message:
            self._log.warning(
                "notify.failed", error=error.message, hint="see notify.webhook; it is tried again"
            )
        self._state = {**self._state, "error": error.message}
