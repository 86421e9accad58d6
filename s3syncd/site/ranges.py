"""One range of a listing: the keys behind one path up to another, fetched page by page.

Owned by the site thread.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from operator import itemgetter

from s3syncd.core.entry import RemoteEntry
from s3syncd.site.messages import Listed

__all__ = ["Range"]

_PAGES_AHEAD = 5  # the pages of a range of 5,000 rows; more of them wait until these are merged
_PAGE_KEYS = 1_000  # the most that S3 gives
_SHORT_KEYS = 100
_path_of = itemgetter(0)


class Range:
    """What is known of the keys in (after, until], as far as they were fetched.

    Args:
        number: names it in messages.
        after: key behind which it begins; empty for the first.
        until: path with which it ends, and its key; None goes on to the end of the listing.
        rows: baseline rows in it: so many keys are expected before its end.

    Attributes:
        pages: fetched and not yet taken.
        is_asked: a page is under way.
        is_fetched: the last page was received.
        is_last_known: the store has said that nothing follows.
        attempts: how often in a row the next page failed.
        not_before: when it may be asked for (monotonic seconds).
        token: leads to the next page; None before the first.
    """

    def __init__(
        self, number: int, after: str, until: tuple[str, str] | None, *, rows: int
    ) -> None:
        self.number = number
        self.after = after
        self.pages: deque[Sequence[RemoteEntry]] = deque()
        self.is_asked = False
        self.is_fetched = False
        self.is_last_known = False
        self.attempts = 0
        self.not_before = 0.0
        self.token: str | None = None
        self._until = until
        self._rows = rows
        self._pages_beyond = 0
        self._received = 0
        self._last_key = after

    @property
    def may_ask(self) -> bool:
        """Whether the next page is wanted."""
        return not (self.is_asked or self.is_fetched) and len(self.pages) < _PAGES_AHEAD

    @property
    def max_keys(self) -> int:
        """How many keys the next page may have.

        The page in which the end is expected, after all that were to come before it, is a short
        one: what lies behind the end is fetched for nothing.
        """
        is_end_due = self._until is not None and self._received >= self._rows
        return _SHORT_KEYS if is_end_due and not self._pages_beyond else _PAGE_KEYS

    @property
    def last_key(self) -> str:
        """The last key received."""
        return self._last_key

    def is_in_order(self, page: Listed) -> bool:
        """Tell whether the keys of a page ascend, behind all that was received before it.

        For the first page that is what lies in the ranges before: the store was asked to begin
        behind it.
        """
        return page.is_ascending and (not page.last_key or page.first_key > self._last_key)

    def take(self, page: Listed) -> None:
        """Take a page that is in order; what lies behind the range is another's."""
        entries = page.entries
        self.attempts = 0
        self._pages_beyond += self._received >= self._rows
        self._received += page.keys
        self.token = page.next_token
        self._last_key = page.last_key or self._last_key
        self.is_last_known = page.next_token is None
        self.is_fetched = self.is_last_known
        if self._until is not None and self._last_key >= self._until[1]:
            self.is_fetched = True
            entries = entries[: bisect_right(entries, self._until[0], key=_path_of)]
        if entries:
            self.pages.append(entries)
