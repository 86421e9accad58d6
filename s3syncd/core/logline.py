"""What happens to a log line before it is written: secrets go, repeats are counted. Pure."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Event", "Folding", "Redaction"]

Event = dict[str, Any]

MASK = "********"
MIN_SECRET_CHARACTERS = 8  # MinIO takes none shorter; masking "a" would mask every line
FOLD_SECONDS = 30.0  # often enough to see that it goes on, seldom enough to read the rest
MAX_FOLDED = 1000  # different lines remembered; some 300 bytes each
# Lines of one path each, of which one cause may make a hundred thousand.
OF_PATHS = frozenset({"path.problem", "transfer.failed", "transfer.recovered"})
FLOOD_LINES = 20  # enough to see what they have in common; the rest is in the status
FLOOD_SECONDS = 60.0
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


@dataclass(slots=True)
class _Flood:
    """Lines of one event, site and reason within a minute; `count` is of all of them."""

    since: float
    event: Event
    count: int = 0

    def rest(self) -> list[Event]:
        """Give the line that tells how many were left out, if any were."""
        left = self.count - FLOOD_LINES
        common = {key: value for key, value in self.event.items() if key != "path"}
        return [{**common, "more": left}] if left > 0 else []


class Folding:
    """Counts lines that repeat one of the last 30 s, and floods. Not thread-safe: its owner locks.

    Of lines about single paths the first 20 of a minute are written for each site and reason, and
    of the others how many they were.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int, Event]] = OrderedDict()
        # In the order of their beginning; as many as there are sites and reasons at most.
        self._floods: dict[tuple[object, ...], _Flood] = {}

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
        ebbed = self._ebbed(now)
        if self._is_too_much(event, now):
            return [*ebbed, *self._due(now)]
        identity = repr(sorted((k, repr(v)) for k, v in event.items() if k not in VOLATILE))
        since, count, _ = self._seen.get(identity, (now, -1, event))
        if count >= 0 and now - since < FOLD_SECONDS:
            self._seen[identity] = (since, count + 1, event)
            return [*ebbed, *self._due(now)]
        self._seen.pop(identity, None)
        line = {**event, "repeated": count} if count > 0 else event
        due = self._due(now)
        self._seen[identity] = (now, 0, event)
        return [*ebbed, *due, line]

    def due(self, now: float) -> list[Event]:
        """Return the counts whose time is over; to be asked for where no line may come for long."""
        return [*self._ebbed(now), *self._due(now)]

    def flush(self) -> list[Event]:
        """Return every count not yet written and forget all."""
        due = [{**event, "repeated": count} for _, count, event in self._seen.values() if count]
        due += [line for flood in self._floods.values() for line in flood.rest()]
        self._seen.clear()
        self._floods.clear()
        return due

    def _is_too_much(self, event: Event, now: float) -> bool:
        if event.get("event") not in OF_PATHS:
            return False
        key = (event["event"], event.get("site"), event.get("reason"))
        flood = self._floods.setdefault(key, _Flood(now, event))
        flood.count += 1
        return flood.count > FLOOD_LINES

    def _ebbed(self, now: float) -> list[Event]:
        ebbed: list[Event] = []
        while self._floods:
            key, flood = next(iter(self._floods.items()))
            if now - flood.since < FLOOD_SECONDS:
                break
            del self._floods[key]
            ebbed += flood.rest()
        return ebbed

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
