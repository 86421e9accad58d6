"""What the calls of a restore work with, and how they ask the store: patiently, and in words."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, NamedTuple

from s3syncd.core.restored import Restored
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.local.destination import Destination
from s3syncd.pool import Lane, Start
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import Reply, S3Failure

__all__ = ["Changed", "FetchEnded", "FetchKit", "Wanted", "asked"]

_PASSING: Final = frozenset({FailureKind.TRANSIENT, FailureKind.THROTTLED, FailureKind.CONFLICT})

_EVERYBODYS: Final = frozenset({FailureKind.CREDENTIALS, FailureKind.BUCKET, FailureKind.CLOCK})
"""What fails one request for these reasons fails all of them."""

_WORDS: Final = {
    FailureKind.MISSING: "vanished",
    FailureKind.REFUSED: "refused",
}


class Wanted(NamedTuple):
    """An object to be brought.

    `etag` without quotes, empty where none is known. `version_id` None: the present version.
    """

    path: str
    key: str
    size_bytes: int
    etag: str
    version_id: str | None = None


class FetchEnded(Exception):  # noqa: N818 - no error: the way a call ends early
    """The call is over; `restored` says how."""

    def __init__(self, restored: Restored) -> None:
        super().__init__(restored.word)
        self.restored = restored


class Changed(Exception):  # noqa: N818 - no error: it is looked at again
    """The object is not the version that was wanted any more."""


@dataclass(slots=True, eq=False)
class FetchKit:
    """What every call of one restore works with; shared by its workers.

    Attributes:
        lane: where children (ranges of large objects) are spawned.
        may_replace: a file that differs may be replaced.
        ops_retries: how often a request that failed for a passing reason is repeated.
        etag_is_md5: False once an ETag of that form has been seen not to be one.
        received_bytes: of contents so far; for showing, so counted without a lock.
    """

    bucket: Bucket
    lane: Lane
    destination: Destination
    may_replace: bool
    ops_retries: int
    etag_is_md5: bool | None = None
    received_bytes: int = 0

    def look(
        self, wanted: Wanted, *, part_number: int | None = None, with_checksum: bool = False
    ) -> Start:
        """Look at the object by HEAD."""
        return self.bucket.head(
            wanted.key,
            part_number=part_number,
            with_checksum=with_checksum,
            version_id=wanted.version_id,
        )

    def get(self, wanted: Wanted, *, span: tuple[int, int] | None = None) -> Start:
        """Fetch the object, or a range of it: of this version only."""
        condition = wanted.etag or None if wanted.version_id is None else None
        return self.bucket.get(
            wanted.key, span=span, if_match=condition, version_id=wanted.version_id
        )


def asked(
    kit: FetchKit, wanted: Wanted, make_start: Callable[[], Start]
) -> Generator[Start, Any, Reply]:
    """Ask until there is an answer, or until it makes no sense any more.

    Raises:
        Changed: the object is another version.
        FetchEnded: it cannot be had.
        S3Failure: nothing can be had of this bucket.
    """
    for attempt in count(1):
        reply: Reply = yield make_start()
        failure = reply.failure
        if failure is None:
            return reply
        if failure.kind not in _PASSING or attempt > kit.ops_retries:
            raise _end_of(wanted, failure)
        yield kit.bucket.back_off(attempt)
    raise AssertionError  # the attempts do not end by themselves


def _end_of(wanted: Wanted, failure: Failure) -> Exception:
    if failure.kind in _EVERYBODYS:
        return S3Failure(failure)
    if failure.kind is FailureKind.PRECONDITION:
        return Changed()
    word = _WORDS.get(failure.kind, "no_answer")
    if failure.code == "InvalidObjectState":
        word = "archived"
    said = f"{failure.code}: {failure.message}".strip(": ")
    return FetchEnded(Restored(wanted.path, word, wanted.size_bytes, detail=said))
