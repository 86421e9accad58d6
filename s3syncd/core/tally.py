"""Requests counted where they are made: by operation, by how long they took, by how they failed.

Plain numbers without a lock: whoever wants to see them reads them as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import Any, Final, TypeAlias

from s3syncd.core.retry import FailureKind

__all__ = ["BOUNDS_SECONDS", "CLASSES", "CLASS_OF", "TIMED", "Counts", "Plain", "RequestTally"]

BOUNDS_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
"""From a server next door to the 32 s after which the CRT gives a silent one up."""

CLASSES: Final = ("write", "list", "read", "delete")
"""As bills have them: PUT, COPY and POST, at the price of the storage class; LIST, at that of
STANDARD; GET and HEAD; DELETE and abort, which are free."""

TIMED: Final = (
    "PutObject", "HeadObject", "DeleteObject", "CopyObject", "ListObjectsV2", "UploadPart",
)  # fmt: skip
"""The operations of the data plane, which are timed."""

CLASS_OF: Final = {
    "PutObject": "write",
    "CopyObject": "write",
    "UploadPart": "write",
    "ListObjectsV2": "list",
    "CreateMultipartUpload": "write",
    "CompleteMultipartUpload": "write",
    "ListParts": "list",
    "ListMultipartUploads": "list",
    "ListObjectVersions": "list",
    "HeadObject": "read",
    "GetObject": "read",
    "GetBucketVersioning": "read",
    "HeadBucket": "read",
    "DeleteObject": "delete",
    "AbortMultipartUpload": "delete",
}
"""Every operation there is; one that nobody has judged counts as the dearest, `write`."""


Plain: TypeAlias = "tuple[Any, ...]"
"""A difference of two tallies in plain values."""


class RequestTally:
    """The requests to one bucket since the daemon started.

    `answered` is called by one thread (the CRT's), `note` by any, `gather` by one.

    Attributes:
        timed: by operation, how many took how long: one count per bound, one for what took longer,
            and in the end the sum of all seconds.
        control: how many requests of the control plane were sent, by operation.
        failures: by kind.
        parts: how many parts of large files were taken.
    """

    __slots__ = ("_noted", "control", "failures", "parts", "timed")

    def __init__(self) -> None:
        self.timed: dict[str, list[float]] = {
            operation: [0] * (len(BOUNDS_SECONDS) + 2) for operation in TIMED
        }
        self.control: dict[str, int] = {}
        self.failures: dict[str, int] = dict.fromkeys(FailureKind, 0)
        self.parts = 0
        self._noted: deque[str] = deque()

    def answered(self, operation: str, seconds: float, failure: FailureKind | None) -> None:
        """Count a request of the data plane that ended; once for each that was sent."""
        row = self.timed.get(operation)
        if row is None:
            row = [0] * (len(BOUNDS_SECONDS) + 2)
            self.timed = {**self.timed, operation: row}
        row[bisect_left(BOUNDS_SECONDS, seconds)] += 1
        row[-1] += seconds
        if failure is not None:
            self.failures[failure] += 1
        elif operation == "UploadPart":
            self.parts += 1

    def add(self, plain: Plain) -> bool:
        """Count what `Counts.since` told of another tally; tells whether any was throttled."""
        timed, failures = plain
        for operation, more in timed:
            row = self.timed.get(operation)
            if row is None:
                row = [0] * len(more)
                self.timed = {**self.timed, operation: row}
            for place, count in enumerate(more):
                row[place] += count  # in place: another thread may count here, too
        for kind, more in failures:
            self.failures[kind] += more
        return any(kind == FailureKind.THROTTLED for kind, _ in failures)

    def note(self, operation: str) -> None:
        """Note a request of the control plane, which any thread may send."""
        self._noted.append(operation)

    def gather(self) -> None:
        """Count what was noted; called about every second."""
        while self._noted:
            operation = self._noted.popleft()
            self.control = {**self.control, operation: self.control.get(operation, 0) + 1}

    def by_class(self) -> dict[str, int]:
        """Count all requests as a bill does."""
        found = dict.fromkeys(CLASSES, 0)
        for operation, row in self.timed.items():
            found[CLASS_OF.get(operation, "write")] += int(sum(row[:-1]))
        for operation, count in self.control.items():
            found[CLASS_OF.get(operation, "write")] += count
        return found


class Counts:
    """What was counted since one last asked; the data plane's, in plain values."""

    def __init__(self, tally: RequestTally) -> None:
        self._tally = tally
        self._timed: dict[str, list[float]] = {}
        self._failures: dict[str, int] = {}

    def since(self) -> Plain | None:
        """Give it, for `RequestTally.add`; None: nothing was."""
        timed = {operation: [*row] for operation, row in self._tally.timed.items()}
        failures = dict(self._tally.failures)
        told_timed, told_failures = self._timed, self._failures
        self._timed, self._failures = timed, failures
        grown = tuple(
            (operation, tuple(_less(row, told_timed.get(operation))))
            for operation, row in timed.items()
            if row != told_timed.get(operation) and any(row)
        )
        more = {kind: count - told_failures.get(kind, 0) for kind, count in failures.items()}
        failed = tuple((str(kind), count) for kind, count in more.items() if count)
        return (grown, failed) if grown or failed else None


def _less(row: list[float], told: list[float] | None) -> list[float]:
    return row if told is None else [a - b for a, b in zip(row, told, strict=True)]
