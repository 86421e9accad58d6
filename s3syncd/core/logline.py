"""What happens to a log line before it is written: secrets go, repeats are counted. Pure."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Event", "Folding", "Redaction"]

Event = dict[str, Any]

MASK = "********"
MIN_SECRET_CHARACTERS = 8  # MinIO takes none shorter; masking "a" would mask every line
FOLD_SECONDS = 30.0  # often enough to see that it goes on, seldom enough to read the rest
MAX_FOLDED = 1000  # different lines remembered; some 300 bytes each
MAX_DEPTH = 6  # of values within values
# What differs between two attempts of the same thing.
VOLATILE = frozenset({
    "attempt", "attempts", "consecutive_failures", "delay_seconds", "elapsed_seconds",
    "request_id", "retry_in_seconds",
})  # fmt: skip
SECRET_FIELDS = frozenset({
    "access_key", "authorization", "aws_access_key_id", "aws_secret_access_key",
    "aws_session_token", "password", "secret", "secret_access_key", "session_token",
    "x-amz-security-token",
})  # fmt: skip
# Signature version 4, in headers and in presigned URLs, and user:password in URLs.
_SIGNED = re.compile(
    r"((?:X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|Signature|Credential"
    r"|AWSAccessKeyId)=)[^&\s,;'\"]+",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(://)[^/\s@:]+:[^/\s@]+@")


class Redaction:
    """Makes every value plain and takes the secrets out. Frozen; any thread.

    Args:
        secrets: values that must never be written, wherever they turn up.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= MIN_SECRET_CHARACTERS}
        # The longest first: one secret may be the start of another.
        ordered = sorted(long_enough, key=lambda secret: (-len(secret), secret))
        self._secrets = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, event: Event) -> Event:
        """Return a copy of `event` of str, int, float, bool, None, list and dict only."""
        return {str(key): self._field(str(key), value, 0) for key, value in event.items()}

    def _field(self, name: str, value: object, depth: int) -> object:
        if name.lower() in SECRET_FIELDS:
            return None if value is None else MASK
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            return {
                self.text(str(key)): self._field(str(key), inner, depth + 1)
                for key, inner in value.items()
            }
        if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
            return [self._field("", inner, depth + 1) for inner in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Return `text` without secrets, and with bytes that are no UTF-8 spelled out."""
        if self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        if "=" in text:
            text = _SIGNED.sub(rf"\1{MASK}", text)
        if "://" in text:
            text = _USERINFO.sub(rf"\1{MASK}@", text)
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


class Folding:
    """Counts lines that repeat one of the last 30 s. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int, Event]] = OrderedDict()

    def lines(self, event: Event, now: float) -> list[Event]:
        """Return what is to be written: counts that are due, and `event` unless it is a repeat.

        A change of state (`was` and `now`) is always written: with the second of two ways there
        left out, the log's last word on a root would be a state it is no longer in.

        Args:
            event: the line; fields that differ between two attempts do not make it another one.
            now: monotonic seconds.
        """
        if "was" in event:
            return [*self._due(now), event]
        identity = repr(sorted((k, repr(v)) for k, v in event.items() if k not in VOLATILE))
        since, count, _ = self._seen.get(identity, (now, -1, event))
        if count >= 0 and now - since < FOLD_SECONDS:
            self._seen[identity] = (since, count + 1, event)
            return self._due(now)
        self._seen.pop(identity, None)
        line = {**event, "repeated": count} if count > 0 else event
        due = self._due(now)
        self._seen[identity] = (now, 0, event)
        return [*due, line]

    def flush(self) -> list[Event]:
        """Return every count not yet written and forget all."""
        due = [{**event, "repeated": count} for _, count, event in self._seen.values() if count]
        self._seen.clear()
        return due

    def _due(self, now: float) -> list[Event]:
        due: list[Event] = []
        while self._seen:
            since, count, event = next(iter(self._seen.values()))
            if now - since < FOLD_SECONDS and len(self._seen) < MAX_FOLDED:
                break
            self._seen.popitem(last=False)
            if count:
                due.append({**event, "repeated": count})
        return due
