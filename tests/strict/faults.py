"""Scripted faults: what goes wrong, for which requests, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from tests.strict.errors import KNOWN

__all__ = ["Fault", "Kind", "Script"]

FOR_EVER: Final = 10**9


class Kind(StrEnum):
    """What goes wrong."""

    ERROR = "error"  # an error instead of carrying it out
    ERROR_AFTER = "error_after"  # carried out, but an error is answered
    ERROR_IN_SUCCESS = "error_in_success"  # not carried out: 200 with an error document
    DROP_REQUEST = "drop_request"  # the connection ends, nothing was done
    DROP_RESPONSE = "drop_response"  # carried out, then the connection ends
    TRUNCATE = "truncate"  # carried out; the answer's body breaks off
    DELAY = "delay"  # carried out after some seconds
    HOLD = "hold"  # carried out when somebody releases it
    LATE = "late"  # the connection ends at once; carried out when somebody releases it
    UNSORTED = "unsorted"  # a listing's page in another order
    STALE = "stale"  # a listing of what was there some changes ago


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: what.
        operation: pattern (fnmatch) of names like PutObject.
        key: pattern of keys, of prefixes for listings.
        bucket: pattern of buckets.
        nth: the first match that meets it; 1 is the next one.
        times: how many from there on.
        code: of the error.
        seconds: of a delay.
        kept_bytes: of the answer's body, for one that breaks off.
        changes: how many of the bucket's last changes a stale listing does not know.
        name: by which a hold is released.
    """

    kind: Kind
    operation: str = "*"
    key: str = "*"
    bucket: str = "*"
    nth: int = 1
    times: int = 1
    code: str = "InternalError"
    seconds: float = 0.0
    kept_bytes: int = 0
    changes: int = 1
    name: str = ""

    def __post_init__(self) -> None:
        if self.code not in KNOWN:
            raise ValueError(f"no error of S3: {self.code}")
        if self.kind in {Kind.HOLD, Kind.LATE} and not self.name:
            raise ValueError(f"a fault of the kind {self.kind} needs a name to release it by")

    def matches(self, operation: str, bucket: str, key: str) -> bool:
        """Whether it is about such a request."""
        return (
            fnmatchcase(operation, self.operation)
            and fnmatchcase(bucket, self.bucket)
            and fnmatchcase(key, self.key)
        )


@dataclass(slots=True)
class _Line:
    fault: Fault
    matched: int = 0
    met: int = 0


@dataclass(slots=True)
class Script:
    """The faults there are. The first one that a request meets is the only one it meets."""

    _lines: list[_Line] = field(default_factory=list)

    def add(self, fault: Fault) -> int:
        """Add one; gives its number, for `met`."""
        self._lines.append(_Line(fault))
        return len(self._lines) - 1

    def clear(self) -> None:
        """No request from now on meets any; `met` still tells."""
        for line in self._lines:
            line.matched = line.fault.nth - 1 + line.fault.times

    def met(self, number: int) -> int:
        """Tell how many requests met a fault."""
        return self._lines[number].met

    def take(self, operation: str, bucket: str, key: str) -> Fault | None:
        """Give the fault that a request meets, and count it."""
        for line in self._lines:
            fault = line.fault
            if line.matched >= fault.nth - 1 + fault.times:
                continue
            if not fault.matches(operation, bucket, key):
                continue
            line.matched += 1
            if line.matched >= fault.nth:
                line.met += 1
                return fault
        return None
