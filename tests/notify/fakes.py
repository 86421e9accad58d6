"""A post that takes what a test says, and a log that remembers."""

from __future__ import annotations

import json
from typing import Any

from s3syncd.notify.outlet import UnsentError

__all__ = ["Log", "Post"]


class Post:
    """Attributes:
    sent: the times and bodies of what was sent, taken or not.
    error: why nothing is taken; empty: it is.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes | None]] = []
        self.error = ""
        self.retry_after_seconds: float | None = None

    def send(self, now: float, body: bytes | None = None) -> None:
        self.sent.append((now, body))
        if self.error:
            raise UnsentError(self.error, retry_after_seconds=self.retry_after_seconds)

    def expire(self, now: float) -> None:
        """Nothing takes time."""

    def documents(self) -> list[dict[str, Any]]:
        """Give what was posted."""
        return [json.loads(body) for _, body in self.sent if body is not None]


class Log:
    """Remembers events."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.lines]

    def debug(self, event: str, **facts: object) -> None:
        self.lines.append((event, facts))

    def info(self, event: str, **facts: object) -> None:
        self.lines.append((event, facts))

    def warning(self, event: str, **facts: object) -> None:
        self.lines.append((event, facts))
