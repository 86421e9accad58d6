"""One pass: local stream, baseline and (for a reconcile) listing, merged in key order.

A pass is old news: it notes the site counter at its start, and the site decides nothing from it
about a path that changed since. Owned by the site thread; fed by scan batches and listing pages,
stepped a little at a time so that no message waits long behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from s3syncd.core.entry import (
    Action,
    BaselineRow,
    LocalEntry,
    RemoteEntry,
    StatRow,
    UnknownMark,
)
from s3syncd.core.reconcile import Policy, Tally, merge

__all__ = ["Baseline", "Pass"]

_LAST_CHARACTER = "\U0010ffff"
_PAGE_ROWS = 1_000  # rows per ledger page: 0.7 ms a page, held in memory once


_Row = TypeVar("_Row", bound=tuple[object, ...])


class _Page(Protocol[_Row]):
    def __call__(self, after: str, *, prefix: str, limit: int) -> list[_Row]: ...


class Baseline(Protocol):
    """What a pass needs of the ledger."""

    def page(self, after: str, *, prefix: str = "", limit: int = 1000) -> list[BaselineRow]:
        """Return the rows behind `after`, below `prefix`, in path order."""

    def stat_page(self, after: str, *, prefix: str = "", limit: int = 1000) -> list[StatRow]:
        """Return of the same rows what a rescan compares."""

    def baseline(self, path: str) -> BaselineRow | None:
        """Return the row of a path, or None."""


class Pass:
    """A scan of `prefix` against the baseline, with the listing if `is_listed`.

    Args:
        pass_id: unique within the site's life.
        prefix: '' for the whole site, else a directory ending in '/'.
        is_recursive: False looks at the files directly in the directory only.
        remote: the listing (reconcile), page by page, None where the next has not come yet; without
            it the local side alone is looked at (rescan).
        started_seq: the ledger's counter when the pass began.
        on_taken: called once per scan batch consumed (gives the scanner its credit back).
    """

    def __init__(
        self,
        pass_id: int,
        *,
        prefix: str,
        is_recursive: bool,
        remote: Iterator[Sequence[RemoteEntry] | None] | None,
        started_seq: int,
        started_at: float,
        policy: Policy,
        baseline: Baseline,
        on_taken: Callable[[], None] = lambda: None,
    ) -> None:
        self.pass_id = pass_id
        self.prefix = prefix
        self.is_recursive = is_recursive
        self.is_listed = remote is not None
        self.started_seq = started_seq
        self.started_at = started_at
        self.tally = Tally()
        self.is_done = False
        self.is_aborted = False
        self._baseline = baseline
        self._on_taken = on_taken
        self._local: deque[Sequence[LocalEntry | UnknownMark]] = deque()
        self._is_local_ended = False
        self._may_go_on: Callable[[], bool] = lambda: True
        self._merged = merge(
            self._local_chunks(),
            self._stat_chunks() if remote is None else self._baseline_chunks(),
            remote,
            policy,
            self.tally,
            row_of=baseline.baseline,
        )

    @property
    def is_whole(self) -> bool:
        """Whether the pass covers the whole site."""
        return self.prefix == "" and self.is_recursive

    @property
    def is_scan_ended(self) -> bool:
        """Whether the scanner has said its last word about this pass."""
        return self._is_local_ended

    def covers(self, path: str) -> bool:
        """Whether the pass looks where `path` is; a directory's path ends in '/'."""
        is_below = path.startswith(self.prefix)
        return is_below and (self.is_recursive or self._is_direct(path.rstrip("/")))

    def feed_local(self, entries: Sequence[LocalEntry | UnknownMark], *, is_last: bool) -> None:
        """Take one scan batch; one that ended before its end voids the pass, before this."""
        if self.is_aborted:
            self._on_taken()
        else:
            self._local.append(entries)
        if is_last:
            self._is_local_ended = True
            self.is_done = self.is_done or self.is_aborted

    def abort(self) -> None:
        """Decide nothing more; the pass is done when the scanner has said its last word."""
        self.is_aborted = True
        for _batch in self._local:
            self._on_taken()
        self._local.clear()
        self.is_done = self._is_local_ended

    def step(self, may_go_on: Callable[[], bool]) -> Iterator[Action]:
        """Yield decided actions until the streams run dry or `may_go_on` says stop.

        `may_go_on` is asked before each action and at each chunk boundary.
        """
        self._may_go_on = may_go_on
        while not self.is_aborted and may_go_on():
            try:
                action = next(self._merged)
            except StopIteration:
                self.is_done = True
                return
            if action is None:
                return
            yield action

    def _local_chunks(self) -> Iterator[Sequence[LocalEntry | UnknownMark] | None]:
        while True:
            if self._local:
                batch = self._local.popleft()
                self._on_taken()
                yield batch
            elif self._is_local_ended:
                return
            else:
                yield None

    def _baseline_chunks(self) -> Iterator[list[BaselineRow] | None]:
        return self._chunks_of(self._baseline.page)

    def _stat_chunks(self) -> Iterator[list[StatRow] | None]:
        return self._chunks_of(self._baseline.stat_page)

    def _chunks_of(self, page: _Page[_Row]) -> Iterator[list[_Row] | None]:
        after = ""
        while rows := page(after, prefix=self.prefix, limit=_PAGE_ROWS):
            after = str(rows[-1][0])
            if not self.is_recursive:
                after = self._behind_subtree(after)
                rows = [row for row in rows if self._is_direct(str(row[0]))]
            yield rows
            while not self._may_go_on():
                yield None  # rows without a file say nothing for long: the caller has its turn

    def _behind_subtree(self, path: str) -> str:
        """Give where to read on: nothing below a directory is of interest."""
        name, slash, _below = path[len(self.prefix) :].partition("/")
        return f"{self.prefix}{name}/{_LAST_CHARACTER}" if slash else path

    def _is_direct(self, path: str) -> bool:
        return "/" not in path[len(self.prefix) :]
