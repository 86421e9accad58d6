"""Fetch the pages of one listing through the pool, ahead of the merge.

Where the ledger knows what to expect, the keys are split into ranges of some thousand rows, and
several are fetched at a time, each from behind the end of the one before. Memory is bounded by the
number of ranges and of pages in each.

A page that fails for a passing reason is asked for again; one that fails for good ends the pass. A
store found to list out of order is sorted from the next listing on; one that does not begin where
it is asked to is listed from the first key to the last. An incomplete listing never deletes
anything. Owned by the site thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from s3syncd.core.entry import RemoteEntry
from s3syncd.core.paths import Scope
from s3syncd.core.retry import Failure, FailureKind, delay_seconds
from s3syncd.ledger import ListingSorter
from s3syncd.pool import Call, CallFailed
from s3syncd.s3.listing import ListingPage, parse_listing
from s3syncd.s3.reply import Start
from s3syncd.site.messages import Listed
from s3syncd.site.parts import Parts
from s3syncd.site.ranges import Range

__all__ = ["RANGES_AHEAD", "Listing"]

RANGES_AHEAD = 8  # requests at a time; with five pages each, 40,000 entries or some 10 MiB
_PAGE_BYTES = 1 << 20  # a page of 1,000 long keys, as held while it is parsed
_FINAL = frozenset({FailureKind.CREDENTIALS, FailureKind.BUCKET, FailureKind.CLOCK})
_IS_UNSORTED = "listing_is_unsorted"  # keys of the ledger
_IS_WHOLE = "listing_is_whole"


class Listing:
    """The listing of one pass.

    Attributes:
        pass_id: of the pass.
        failure: what ended it before its end.
        is_ended: nothing more is asked for.
        ranges: begun and not yet merged to their end, in key order.
    """

    def __init__(self, pass_id: int, parts: Parts) -> None:
        self.pass_id = pass_id
        self.failure: Failure | None = None
        self.is_ended = False
        self.ranges: deque[Range] = deque()
        self._parts = parts
        self._is_ascending = True
        is_unsorted = parts.ledger.meta(_IS_UNSORTED) is not None
        self._sorter = ListingSorter() if is_unsorted else None
        self._is_split = not is_unsorted and parts.ledger.meta(_IS_WHOLE) is None
        self._begun = 0
        self._next: str | None = ""  # the path behind which the next range begins
        self._is_refused = False

    @property
    def is_complete_so_far(self) -> bool:
        """Whether neither a page failed nor the order was broken."""
        return self.failure is None and self._is_ascending

    def pages(self) -> Iterator[Sequence[RemoteEntry] | None]:
        """Give the entries by path, page by page; None where the next one has not come yet."""
        while self.ranges or self._next is not None:
            first = self.ranges[0] if self.ranges else None
            if first is not None and first.pages:
                yield first.pages.popleft()
            elif first is not None and first.is_fetched:
                self.ranges.popleft()
            else:
                yield None
        if self._sorter is not None:
            yield from self._sorter.pages()

    def advance(self, now: float) -> None:
        """Ask for the pages that are due, the first range's first, as far as there is room."""
        self._begin_ranges()
        for one in self.ranges:
            if self._may_ask(one) and now >= one.not_before:
                start = partial(
                    self._parts.bucket.list_page,
                    self._parts.scope.prefix,
                    token=one.token,
                    start_after=one.after or None,
                    max_keys=one.max_keys,
                )
                one.is_asked = self._parts.lane.offer(
                    partial(_page_call, start, self._parts.scope),
                    size_bytes=_PAGE_BYTES,
                    done=partial(self._answered, one.number),
                )
                self._is_refused = not one.is_asked

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        if self._may_begin:
            return 0.0
        wanted = [one.not_before for one in self.ranges if self._may_ask(one)]
        return min(wanted, default=float("inf"))

    def room(self) -> None:
        """The pool has room again."""
        self._is_refused = False

    def received(self, message: Listed, now: float) -> None:
        """Take an answered page."""
        one = next((each for each in self.ranges if each.number == message.range_number), None)
        if one is None:
            return
        one.is_asked = False
        if self.is_ended:
            return
        if isinstance(message.failure, Failure):
            self._failed(one, message.failure, now)
        elif self._sorter is not None:
            self._sorter.add(message.entries)
            one.take(message._replace(entries=[]))
        elif one.is_in_order(message):
            one.take(message)
        else:
            self._out_of_order(one, message)
        if one.is_last_known:
            self._next = None  # nothing lies behind: whatever rows are left have no object

    def end(self) -> None:
        """Ask for nothing more."""
        self.is_ended = True

    def close(self) -> None:
        """Give everything back."""
        self.end()
        if self._sorter is not None:
            self._sorter.close()

    @property
    def _may_begin(self) -> bool:
        has_room = len(self.ranges) < RANGES_AHEAD
        return has_room and self._next is not None and not self.is_ended

    def _begin_ranges(self) -> None:
        parts = self._parts
        while self._may_begin:
            after, until = self._next or "", None
            if self._is_split:
                until = parts.ledger.path_behind(after, parts.range_rows)
            end = None if until is None else (until, parts.scope.key_for(until))
            key = parts.scope.key_for(after) if after else ""
            self.ranges.append(Range(self._begun, key, end, rows=parts.range_rows))
            self._begun += 1
            self._next = until

    def _may_ask(self, one: Range) -> bool:
        return one.may_ask and not (self.is_ended or self._is_refused)

    def _out_of_order(self, one: Range, page: Listed) -> None:
        """Void the pass. The next one knows better how this store lists."""
        self._is_ascending = False
        has_begun_elsewhere = page.is_ascending and bool(one.after) and one.token is None
        self._parts.ledger.set_meta(_IS_WHOLE if has_begun_elsewhere else _IS_UNSORTED, "1")
        self._parts.log.warning(
            "listing.unsorted", after=one.last_key, key=page.first_key, asked=one.after
        )

    def _failed(self, one: Range, failure: Failure, now: float) -> None:
        one.attempts += 1
        if failure.kind is FailureKind.REFUSED and one.after and one.token is None:
            self._parts.ledger.set_meta(_IS_WHOLE, "1")  # it may be the beginning that is refused
        if failure.kind in _FINAL or one.attempts > self._parts.settings.s3_ops_retries:
            self.failure = failure
            self.is_ended = True
        else:
            one.not_before = now + delay_seconds(one.attempts, self._parts.jitter())

    def _answered(self, number: int, answer: object) -> None:
        self._parts.inbox.put(_listed(self.pass_id, number, answer))


def _page_call(list_page: Callable[[], Start], scope: Scope) -> Call:
    reply = yield list_page()
    if reply.failure is not None:
        return reply.failure
    return parse_listing(reply.body, scope.path_for, plain_paths=scope.plain_paths)


def _listed(pass_id: int, number: int, answer: object) -> Listed:
    if isinstance(answer, ListingPage):
        return Listed(pass_id, number, *answer)
    if isinstance(answer, Failure):
        return Listed(pass_id, number, failure=answer)
    error = answer.exception if isinstance(answer, CallFailed) else answer
    failure = Failure(FailureKind.TRANSIENT, type(error).__name__, None, str(error), False)
    return Listed(pass_id, number, failure=failure)
