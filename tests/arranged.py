"""What a test arranges in a bucket in memory, and what it sees of the requests that come."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.core.tally import RequestTally
from s3syncd.s3.reply import Reply, S3Failure

__all__ = ["Arranged", "FakeObject", "FakeUpload", "failure"]

_OPERATIONS = {
    "put": "PutObject", "head": "HeadObject", "peek": "HeadObject", "delete": "DeleteObject",
    "copy": "CopyObject", "list": "ListObjectsV2", "upload_part": "UploadPart",
}  # fmt: skip


def failure(
    kind: FailureKind, code: str = "", status: int | None = None, *, is_unknown: bool = False
) -> Failure:
    """Make a failure as the bucket tells it."""
    return Failure(kind, code or kind.value, status, f"told {kind.value}", is_unknown)


@dataclass
class FakeObject:
    """One object; `part_sizes` for one put in parts, `headers` as told by HEAD besides."""

    body: bytes
    etag: str
    metadata: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/octet-stream"
    storage_class: str = "STANDARD"
    part_sizes: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeUpload:
    """One upload in parts that is neither complete nor aborted."""

    key: str
    described: dict[str, Any]
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class _Failing:
    failure: Failure
    times: int
    is_applied: bool


class Arranged:
    """What a test arranges, and sees. `requests` holds (operation, arguments) in order.

    Attributes:
        is_gone: there is no such bucket: nothing says so but answers that have a body.
    """

    def __init__(self) -> None:
        self.objects: dict[str, FakeObject] = {}
        self.uploads: dict[str, FakeUpload] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.is_gone = False
        self.etag_of: Callable[[bytes], str] = lambda body: hashlib.md5(body).hexdigest()
        self.tally = RequestTally()
        self._before: dict[str, list[Callable[[], object]]] = defaultdict(list)
        self._failing: dict[str, list[_Failing]] = defaultdict(list)
        self._ids = itertools.count(1)

    def on(self, operation: str, act: Callable[[], object]) -> None:
        """Run `act` once, just before the next request of this kind takes effect."""
        self._before[operation].append(act)

    def fail(
        self, operation: str, told: Failure, *, times: int = 1, is_applied: bool = False
    ) -> None:
        """Answer the next requests of this kind with a failure, after their effect or without."""
        self._failing[operation].append(_Failing(told, times, is_applied))

    def heal(self) -> None:
        """Answer nothing with a failure any more."""
        self._failing.clear()

    def store(self, key: str, body: bytes, **fields: Any) -> FakeObject:
        """Put an object as another writer would."""
        fields.setdefault("etag", self.etag_of(body))
        self.objects[key] = FakeObject(body, **fields)
        return self.objects[key]

    def begin(self, key: str, parts: dict[int, bytes], **described: Any) -> str:
        """Leave an unfinished upload behind."""
        upload_id = f"upload-{next(self._ids)}"
        self.uploads[upload_id] = FakeUpload(key, described, dict(parts))
        return upload_id

    def count(self, operation: str) -> int:
        """Give how many requests of this kind came."""
        return sum(name == operation for name, _ in self.requests)

    def last(self, operation: str) -> dict[str, Any]:
        """Give the arguments of the last request of this kind."""
        return next(args for name, args in reversed(self.requests) if name == operation)

    # --- for who answers ------------------------------------------------------------------------

    def _start(self, operation: str, effect: Callable[[], Reply], **told: Any) -> Any:
        def start(resume: Callable[[Reply], None]) -> None:
            try:
                reply = self._control(operation, effect, **told)
            except S3Failure as error:
                reply = Reply(error.failure.status or 0, {}, b"", error.failure)
            kind = reply.failure.kind if reply.failure is not None else None
            self.tally.answered(_OPERATIONS[operation], 0.01, kind)
            resume(reply)

        return start

    def _control(self, operation: str, effect: Callable[[], Any], **told: Any) -> Any:
        self.requests.append((operation, told))
        if self._before[operation]:
            self._before[operation].pop(0)()
        if self.is_gone:
            is_told = operation != "head"
            told = FailureKind.BUCKET if is_told else FailureKind.MISSING
            raise S3Failure(failure(told, "NoSuchBucket" if is_told else "HTTP404", 404))
        failing = next((f for f in self._failing[operation] if f.times), None)
        if failing is None:
            return effect()
        failing.times -= 1
        if failing.is_applied:
            effect()
        raise S3Failure(failing.failure)
