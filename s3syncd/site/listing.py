"""Fetch the pages of one listing through the pool, a few ahead of the merge.

Owned by the site thread. A page that fails for a passing reason is asked for again; one that fails
for good ends the pass. An incomplete listing never deletes anything.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.paths import Scope
from s3syncd.core.retry import Failure, FailureKind, delay_seconds
from s3syncd.pool import Call, CallFailed, Lane
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.listing import ListingPage, parse_listing
from s3syncd.site.messages import Listed

__all__ = ["Listing"]

_PAGES_AHEAD = 4  # 4,000 keys, about 1 MiB: hides one round trip, keeps memory flat
_PAGE_BYTES = 1 << 20  # a page of 1,000 long keys, as held while it is parsed
_FINAL = frozenset({FailureKind.CREDENTIALS, FailureKind.BUCKET, FailureKind.CLOCK})


class Listing:
    """The listing of one pass.

    Args:
        jitter: returns a number in [0, 1) for the back-off.
        retries: how often a page that failed for a passing reason is asked for again before the
            pass is given up (and begun anew later).
    """

    def __init__(
        self,
        pass_id: int,
        *,
        bucket: Bucket,
        scope: Scope,
        lane: Lane,
        post: Callable[[object], None],
        jitter: Callable[[], float],
        retries: int,
    ) -> None:
        self.pass_id = pass_id
        self.failure: Failure | None = None
        self.is_ended = False
        self.is_ascending = True
        self._bucket = bucket
        self._scope = scope
        self._lane = lane
        self._post = post
        self._jitter = jitter
        self._retries = retries
        self._token: str | None = None
        self._last_path = ""
        self._is_asked = False
        self._attempts = 0
        self._not_before = 0.0

    def advance(self, now: float, *, buffered_pages: int) -> None:
        """Ask for the next page if one is due and there is room for it."""
        is_idle = not self._is_asked and not self.is_ended
        if is_idle and now >= self._not_before and buffered_pages < _PAGES_AHEAD:
            token = self._token
            self._is_asked = self._lane.offer(
                lambda: _page_call(self._bucket, self._scope, token),
                size_bytes=_PAGE_BYTES,
                done=self._answered,
            )

    def next_due(self) -> float | None:
        """Return when `advance` wants to be called for a retry (monotonic seconds), or None."""
        return None if self._is_asked or self.is_ended else self._not_before

    def received(self, message: Listed, now: float) -> bool:
        """Take note of an answered page; return whether its entries may be used."""
        self._is_asked = False
        if isinstance(message.failure, Failure):
            self._failed(message.failure, now)
            return False
        self._attempts = 0
        entries = message.entries
        if not message.is_ascending or (entries and entries[0].path <= self._last_path):
            self.is_ascending = False
        if entries:
            self._last_path = entries[-1].path
        self._token = message.next_token
        self.is_ended = message.next_token is None
        return True

    def _failed(self, failure: Failure, now: float) -> None:
        self._attempts += 1
        if failure.kind in _FINAL or self._attempts > self._retries:
            self.failure = failure
            self.is_ended = True
        else:
            self._not_before = now + delay_seconds(self._attempts, self._jitter())

    def _answered(self, answer: object) -> None:
        self._post(_listed(self.pass_id, answer))


def _page_call(bucket: Bucket, scope: Scope, token: str | None) -> Call:
    reply = yield bucket.list_page(scope.prefix, token=token)
    if reply.failure is not None:
        return reply.failure
    return parse_listing(reply.body, scope.path_for)


def _listed(pass_id: int, answer: object) -> Listed:
    if isinstance(answer, ListingPage):
        return Listed(pass_id, answer.entries, answer.next_token, answer.is_ascending)
    if isinstance(answer, Failure):
        return Listed(pass_id, [], None, is_ascending=True, failure=answer)
    error = answer.exception if isinstance(answer, CallFailed) else answer
    failure = Failure(FailureKind.TRANSIENT, type(error).__name__, None, str(error), False)
    return Listed(pass_id, [], None, is_ascending=True, failure=failure)
