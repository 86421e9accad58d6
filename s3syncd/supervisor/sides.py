"""Both sides of a site, read once for a plan: the scan and the listing as plain iterators."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from queue import Empty, SimpleQueue
from threading import Event
from types import TracebackType
from typing import Self, TypeVar

from s3syncd.config.models import SiteConfig
from s3syncd.core.entry import BaselineRow, LocalEntry, RemoteEntry, UnknownMark
from s3syncd.core.messages import Looked, RootSeen, ScanBatch
from s3syncd.core.paths import Scope
from s3syncd.core.retry import Failure, FailureKind, delay_seconds
from s3syncd.core.safety import REASONS, RootIdentity, judge_root
from s3syncd.ledger import Ledger
from s3syncd.local.messages import MountSeen
from s3syncd.local.scanner import Scanner
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.listing import ListingError, ListingPage, parse_listing
from s3syncd.site.access import stored_identity
from s3syncd.site.mounted import stored_mounts
from s3syncd.site.sample import SAMPLED_PATHS, is_same

__all__ = ["CannotPlanError", "LocalSide", "remote_pages", "rows_of"]

_PASS_ID = 1  # the only one of this scanner
_LOOK_SECONDS = 1.0  # how often it is seen whether the scan thread failed instead of answering
_STOP_SECONDS = 2.0  # a scan thread held by a dead file system is not waited for longer
_LONGEST_PAUSE_SECONDS = 10.0  # a person waits for the plan
_FINAL = frozenset({FailureKind.CREDENTIALS, FailureKind.BUCKET, FailureKind.CLOCK})

_T = TypeVar("_T")


class CannotPlanError(Exception):
    """One side could not be looked at, or not to its end; `reason` is a guard's."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = f"{REASONS[reason].remedy} ({detail})" if detail else REASONS[reason].remedy


class LocalSide:
    """The root of a site, through a scanner of its own; to be used in a with statement."""

    def __init__(self, settings: SiteConfig, scope: Scope, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._answers: SimpleQueue[object] = SimpleQueue()
        self._scanner = Scanner(
            settings.root,
            scope,
            post=self._answers.put,
            watcher=None,
            name=settings.name,
            mounts=stored_mounts(ledger),
        )

    def __enter__(self) -> Self:
        self._scanner.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._scanner.stop(_STOP_SECONDS)

    def check_root(self) -> None:
        """Judge what stands at the root's place, as a starting site does.

        Raises:
            CannotPlanError: nothing does, or another root than the one accepted.
        """
        self._scanner.check_root()
        seen = self._answer(RootSeen)
        if seen.reason or seen.identity is None:
            raise CannotPlanError(seen.reason or "root_missing", seen.detail)
        self._scanner.expect_root(seen.identity)
        stored = stored_identity(self._ledger)
        if stored not in {None, seen.identity}:
            self._compare_sample(stored, seen.identity)

    def batches(self) -> Iterator[Sequence[LocalEntry | UnknownMark] | None]:
        """Scan the root; give the entries as `merge` takes them.

        Raises:
            CannotPlanError: the scan did not come to its end in one and the same root.
        """
        self._scanner.full(_PASS_ID)
        while True:
            batch = self._answer(ScanBatch)
            self._scanner.taken(batch.pass_id)
            yield batch.entries
            if batch.is_last and not batch.is_complete:
                raise CannotPlanError("root_missing", self._scanner.last_error)
            if batch.is_last:
                return

    def _compare_sample(self, stored: RootIdentity | None, seen: RootIdentity) -> None:
        if self._settings.root_check == "off":
            return
        rows = {row.path: row for row in self._ledger.sample(SAMPLED_PATHS)}
        if not rows:
            return
        self._scanner.look(list(rows))
        looks = self._answer(Looked).results
        matching = sum(is_same(row, looks.get(path)) for path, row in rows.items())
        verdict = judge_root(
            stored,
            seen,
            root_check=self._settings.root_check,
            sampled=len(rows),
            matching=matching,
        )
        if verdict != "ok":
            raise CannotPlanError("root_replaced", f"{matching} of {len(rows)} sampled files agree")

    def _answer(self, kind: type[_T]) -> _T:
        """Wait for the next answer of this kind; other news is for the daemon to remember."""
        while True:
            try:
                answer = self._answers.get(timeout=_LOOK_SECONDS)
            except Empty:
                if self._scanner.last_error:
                    raise CannotPlanError("root_missing", self._scanner.last_error) from None
            else:
                if isinstance(answer, kind):
                    return answer
                if isinstance(answer, MountSeen):
                    sample = self._ledger.sample(SAMPLED_PATHS, below=answer.path)
                    self._scanner.accept_mount(answer.path, answer.identity, sample)


def remote_pages(
    bucket: Bucket, scope: Scope, *, retries: int, on_request: Callable[[], None]
) -> Iterator[list[RemoteEntry] | None]:
    """List the prefix page by page; give the entries as `merge` takes them.

    Args:
        bucket: connected.
        scope: names the paths of keys.
        retries: how often a page that failed for a passing reason is asked for again.
        on_request: told of each request.

    Raises:
        CannotPlanError: a page could not be had, or was out of order.
    """
    token: str | None = None
    last_path = ""
    while True:
        page = _page(bucket, scope, token, retries, on_request)
        entries = page.entries
        if not page.is_ascending or (entries and entries[0].path <= last_path):
            raise CannotPlanError("listing_incomplete", "the store does not list in order")
        last_path = entries[-1].path if entries else last_path
        yield entries
        token = page.next_token
        if token is None:
            return


def _page(
    bucket: Bucket,
    scope: Scope,
    token: str | None,
    retries: int,
    on_request: Callable[[], None],
) -> ListingPage:
    pause, said = Event(), ""
    for attempt in count(1):
        on_request()
        answer = _asked(bucket, scope, token)
        if isinstance(answer, ListingPage):
            return answer
        if answer.kind in _FINAL:
            raise CannotPlanError("bucket_unavailable", answer.message)
        said = answer.message
        if attempt > retries:
            break
        jitter = random.random()  # noqa: S311 - spreads requests, keeps no secret
        pause.wait(delay_seconds(attempt, jitter, cap=_LONGEST_PAUSE_SECONDS))
    raise CannotPlanError("listing_incomplete", said)


def _asked(bucket: Bucket, scope: Scope, token: str | None) -> ListingPage | Failure:
    reply = bucket.call(bucket.list_page(scope.prefix, token=token))
    if reply.failure is not None:
        return reply.failure
    try:
        return parse_listing(reply.body, scope.path_for, plain_paths=scope.plain_paths)
    except ListingError as error:
        return Failure(FailureKind.TRANSIENT, "ListingError", None, str(error), False)


def rows_of(ledger: Ledger) -> Iterator[list[BaselineRow] | None]:
    """Give the baseline as `merge` takes it."""
    after = ""
    while rows := ledger.page(after):
        after = rows[-1].path
        yield rows
