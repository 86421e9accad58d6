"""The linear history of a store: every request in the order in which it took effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from tests.strict.state import Change, Seen

__all__ = ["MUTATING", "Event", "History"]

MUTATING: Final = frozenset({
    "AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload",
    "DeleteObject", "DeleteObjects", "PutObject", "UploadPart",
})  # fmt: skip
"""Operations that are meant to change a bucket, whether they had success or not."""

_DELETING: Final = frozenset({"DeleteObject", "DeleteObjects"})


class Event(NamedTuple):
    """One request.

    Attributes:
        number: counts from 1, in the order of effects.
        at: epoch seconds of the store's clock.
        request_id: as answered.
        operation: name of S3; '' for one that is not offered.
        bucket: that it was about.
        key: the key, or the prefix of a listing; '' for none.
        upload_id: of a multipart request, else ''.
        access_key: that signed it; '' when refused before.
        conditions: names in lower case -> values as sent.
        status: HTTP status; 0 when nobody was meant to hear it.
        code: of the error document; '' on success.
        body_md5: hex, of the payload.
        body_bytes: its length.
        made: serial of the version that it made, a delete marker included.
        seen: serial of the version that it read, or was judged against.
        before, after: what readers of the key saw before and after it.
        changes: what it changed for readers, of any key.
        fault: kind of the fault that it met.
        is_answered: whether the whole answer was sent; a dropped one was not.
        sent_at: epoch seconds at which its client signed it, whole ones; 0 where nobody did.
        signature: of the client, by which others know the request, too.
    """

    number: int
    at: float
    request_id: str
    operation: str
    bucket: str
    key: str
    upload_id: str = ""
    access_key: str = ""
    conditions: tuple[tuple[str, str], ...] = ()
    status: int = 0
    code: str = ""
    body_md5: str = ""
    body_bytes: int = 0
    made: int | None = None
    seen: int | None = None
    before: Seen | None = None
    after: Seen | None = None
    changes: tuple[Change, ...] = ()
    fault: str = ""
    is_answered: bool = True
    sent_at: float = 0.0
    signature: str = ""

    @property
    def is_mutating(self) -> bool:
        """Whether it was meant to change the bucket."""
        return self.operation in MUTATING

    @property
    def if_match(self) -> str:
        """The ETag it was conditional on, without quotes; '' for none."""
        return dict(self.conditions).get("if-match", "").strip('"')


class History:
    """What happened, as questions that an oracle asks. Never changes; take a new one for more."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = tuple(events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    @property
    def mark(self) -> int:
        """The number of the last event; give it as `since` for those that come after."""
        return self.events[-1].number if self.events else 0

    def of(
        self, operation: str = "*", key: str = "*", *, bucket: str = "*", since: int = 0
    ) -> list[Event]:
        """Give the events that match; patterns are those of fnmatch, `since` is a mark."""
        return [
            event
            for event in self.events
            if event.number > since
            and fnmatchcase(event.operation, operation)
            and fnmatchcase(event.bucket, bucket)
            and fnmatchcase(event.key, key)
        ]

    def mutations(self, *, since: int = 0) -> list[Event]:
        """Give the requests that were meant to change something, refused ones included."""
        return [event for event in self.events if event.number > since and event.is_mutating]

    def deletions(self, *, since: int = 0) -> list[tuple[Event, Change]]:
        """Give each object that readers saw vanish by a deletion, and the request that did it."""
        return [
            (event, change)
            for event in self.events
            if event.number > since and event.operation in _DELETING
            for change in event.changes
            if change.after is None
        ]

    def changes(self, *, since: int = 0) -> list[Change]:
        """Give every change that readers saw, in order."""
        return [each for event in self.events if event.number > since for each in event.changes]

    def requests(self) -> dict[str, int]:
        """Count the requests of each operation."""
        counted: dict[str, int] = {}
        for event in self.events:
            counted[event.operation] = counted.get(event.operation, 0) + 1
        return counted
