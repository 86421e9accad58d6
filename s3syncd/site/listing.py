"""Fetch the pages of one listing through the pool, a few ahead of the merge.

A page that fails for a passing reason is asked for again; one that fails for good ends the pass. A
store found to list out of order is sorted from the next listing on. An incomplete listing never
deletes anything. Owned by the site thread.
"""

from __future__ import annotations

from s3syncd.core.paths import Scope
from s3syncd.core.retry import Failure, FailureKind, delay_seconds
from s3syncd.ledger import ListingSorter
from s3syncd.pool import Call, CallFailed
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.listing import ListingPage, parse_listing
from s3syncd.site.messages import Listed
from s3syncd.site.parts import Parts
from s3syncd.site.passes import Pass

__all__ = ["Listing"]

_PAGES_AHEAD = 4  # 4,000 keys, about 1 MiB: hides one round trip, keeps memory flat
_PAGE_BYTES = 1 << 20  # a page of 1,000 long keys, as held while it is parsed
_FINAL = frozenset({FailureKind.CREDENTIALS, FailureKind.BUCKET, FailureKind.CLOCK})
_IS_UNSORTED = "listing_is_unsorted"  # key of the ledger


class Listing:
    """The listing of one pass."""

    def __init__(self, pass_id: int, parts: Parts) -> None:
        self.pass_id = pass_id
        self.failure: Failure | None = None
        self.is_ended = False
        self._parts = parts
        self._is_ascending = True
        is_unsorted = parts.ledger.meta(_IS_UNSORTED) is not None
        self._sorter = ListingSorter() if is_unsorted else None
        self._token: str | None = None
        self._last_path = ""
        self._is_asked = False
        self._is_refused = False
        self._attempts = 0
        self._not_before = 0.0

    @property
    def is_complete_so_far(self) -> bool:
        """Whether neither a page failed nor the order was broken."""
        return self.failure is None and self._is_ascending

    def advance(self, now: float, one: Pass) -> None:
        """Ask for the next page if one is due and there is room for it."""
        if self._may_ask(one) and now >= self._not_before:
            token, bucket, scope = self._token, self._parts.bucket, self._parts.scope
            self._is_asked = self._parts.lane.offer(
                lambda: _page_call(bucket, scope, token),
                size_bytes=_PAGE_BYTES,
                done=self._answered,
            )
            self._is_refused = not self._is_asked

    def next_due(self, one: Pass) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        return self._not_before if self._may_ask(one) else float("inf")

    def room(self) -> None:
        """The pool has room again."""
        self._is_refused = False

    def received(self, message: Listed, one: Pass, now: float) -> None:
        """Take an answered page, and hand its entries to the pass."""
        self._is_asked = False
        if self.is_ended:
            return
        if isinstance(message.failure, Failure):
            self._failed(message.failure, now)
            return
        self._attempts = 0
        self._token = message.next_token
        self.is_ended = message.next_token is None
        if self._sorter is not None:
            self._sorter.add(message.entries)
            if self.is_ended:
                one.feed_sorted(self._sorter.pages())
        elif self._is_in_order(message):
            one.feed_remote(message.entries, is_last=self.is_ended)
        else:
            self._is_ascending = False
            self._parts.ledger.set_meta(_IS_UNSORTED, "1")
            self._parts.log.warning("listing.unsorted", after=self._last_path)

    def end(self) -> None:
        """Ask for nothing more."""
        self.is_ended = True

    def close(self) -> None:
        """Give everything back."""
        self.end()
        if self._sorter is not None:
            self._sorter.close()

    def _may_ask(self, one: Pass) -> bool:
        is_idle = not (self._is_asked or self.is_ended or self._is_refused)
        return is_idle and one.buffered_pages < _PAGES_AHEAD

    def _is_in_order(self, message: Listed) -> bool:
        entries = message.entries
        if not message.is_ascending or (entries and entries[0].path <= self._last_path):
            return False
        if entries:
            self._last_path = entries[-1].path
        return True

    def _failed(self, failure: Failure, now: float) -> None:
        self._attempts += 1
        if failure.kind in _FINAL or self._attempts > self._parts.settings.s3_ops_retries:
            self.failure = failure
            self.is_ended = True
        else:
            self._not_before = now + delay_seconds(self._attempts, self._parts.jitter())

    def _answered(self, answer: object) -> None:
        self._parts.inbox.put(_listed(self.pass_id, answer))


def _page_call(bucket: Bucket, scope: Scope, token: str | None) -> Call:
    reply = yield bucket.list_page(scope.prefix, token=token)
    if reply.failure is not None:
        return reply.failure
    return parse_listing(reply.body, scope.path_for, plain_paths=scope.plain_paths)


def _listed(pass_id: int, answer: object) -> Listed:
    if isinstance(answer, ListingPage):
        return Listed(pass_id, answer.entries, answer.next_token, answer.is_ascending)
    if isinstance(answer, Failure):
        return Listed(pass_id, [], None, is_ascending=True, failure=answer)
    error = answer.exception if isinstance(answer, CallFailed) else answer
    failure = Failure(FailureKind.TRANSIENT, type(error).__name__, None, str(error), False)
    return Listed(pass_id, [], None, is_ascending=True, failure=failure)
