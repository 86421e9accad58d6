"""When a site scans and lists, and the merging of what comes in.

At most one whole pass (rescan or reconcile) and one directory pass at a time. Doubt (overflow, a
dead watch, any exception in the watcher) is one more rescan, however often it is raised. Owned by
the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action
from s3syncd.core.messages import ScanBatch
from s3syncd.core.reconcile import StreamDisorderError
from s3syncd.site.backlog import Backlog
from s3syncd.site.listing import Listing
from s3syncd.site.messages import Listed
from s3syncd.site.parts import Parts
from s3syncd.site.passes import Pass

__all__ = ["Schedule"]

_STEP_SECONDS = 0.01  # the longest the merge may keep a message waiting
_DOUBT_CAP_SECONDS = 60.0  # repeated doubt rescans at most this often
_DOUBT_CALM_SECONDS = 120.0  # after this long without doubt the back-off starts anew
_RETRY_SECONDS = 5.0  # a pass that failed (listing, root) is begun anew after this
_GATE_SECONDS = 1.0  # how often a site asks again whether it may reconcile


class Schedule:
    """The passes of one site.

    Args:
        on_action: takes each decided action with the pass that decided it.
        on_done: takes each pass that came to its end, aborted ones too.
        on_whole: told when a whole pass begins.
    """

    def __init__(
        self,
        parts: Parts,
        backlog: Backlog,
        *,
        on_action: Callable[[Action, Pass], None],
        on_done: Callable[[Pass, Listing | None], None],
        on_whole: Callable[[], None] = lambda: None,
    ) -> None:
        self._parts = parts
        self._backlog = backlog
        self._on_action = on_action
        self._on_done = on_done
        self._on_whole = on_whole
        self._passes = 0
        self.whole: Pass | None = None
        self.listing: Listing | None = None
        self._directory: Pass | None = None
        self._directories: dict[str, bool] = {}
        self._is_reconcile_wanted = True
        self._is_rescan_wanted = False
        self._not_before = 0.0
        self._doubts = 0
        self._last_doubt_at = float("-inf")
        self._next_rescan = float("inf")
        self._next_reconcile = float("inf")
        self.is_doubtful = False
        self._is_doubt_met = False
        self._is_cut_off = False

    @property
    def is_behind(self) -> bool:
        """Whether something that was heard of has not been looked at to its end."""
        return self.has_directories or self.is_doubtful

    @property
    def is_scanning(self) -> bool:
        """Whether a scan is queued or under way that may show where a missing file went."""
        is_wanted = self._is_rescan_wanted or self._is_reconcile_wanted
        return self.has_directories or self.whole is not None or is_wanted

    @property
    def can_step(self) -> bool:
        """Whether a merge was cut off by the clock and can go on at once."""
        return self._is_cut_off

    @property
    def has_directories(self) -> bool:
        """Whether directory scans are queued or under way."""
        return self._directory is not None or bool(self._directories)

    def want_directory(self, path: str, *, is_recursive: bool) -> None:
        """Ask for a scan of one directory ('' = the root), ending in '/' unless empty."""
        self._directories[path] = self._directories.get(path, False) or is_recursive

    def want_rescan(self) -> None:
        """Ask for a rescan as soon as possible."""
        self._is_rescan_wanted = True

    def want_reconcile(self) -> None:
        """Ask for a reconcile as soon as possible."""
        self._is_reconcile_wanted = True

    def doubt(self, now: float) -> None:
        """Events were lost: rescan, at growing distances while it keeps happening."""
        if now - self._last_doubt_at > _DOUBT_CALM_SECONDS:
            self._doubts = 0
        if not self._is_rescan_wanted or not self.is_doubtful:
            delay = min(_DOUBT_CAP_SECONDS, 2.0**self._doubts - 1.0)
            self._not_before = max(self._not_before, now + delay)
            self._doubts = min(self._doubts + 1, 7)
        self._last_doubt_at = now
        self._is_rescan_wanted = self.is_doubtful = True
        self._is_doubt_met = False

    def abort(self) -> None:
        """Root or bucket is lost: nothing that was seen so far is believed; begin anew later."""
        for one in (self.whole, self._directory):
            if one is not None:
                one.abort()
        self._is_reconcile_wanted = True
        if self.listing is not None:
            self.listing.is_ended = True

    def fed(self, batch: ScanBatch) -> None:
        """Hand a scan batch to the pass it belongs to."""
        for one in (self.whole, self._directory):
            if one is not None and one.pass_id == batch.pass_id:
                one.feed_local(batch.entries, is_last=batch.is_last, is_complete=batch.is_complete)
                return
        self._parts.scanner.taken(batch.pass_id)

    def listed(self, message: Listed, now: float) -> None:
        """Hand a listing page to the pass it belongs to."""
        if self.listing is None or self.listing.pass_id != message.pass_id or self.whole is None:
            return
        if self.listing.received(message, now):
            self.whole.feed_remote(message.entries, is_last=self.listing.is_ended)
        if self.listing.failure is not None or not self.listing.is_ascending:
            self.whole.abort()

    def advance(self, now: float, *, may_begin: bool) -> None:
        """Begin what is due and merge what has come in, for at most 10 ms."""
        self._note_intervals(now)
        if may_begin:
            self._begin(now)
        if self.listing is not None and self.whole is not None:
            self.listing.advance(now, buffered_pages=self.whole.buffered_pages)
        deadline = self._parts.clock() + _STEP_SECONDS
        self._is_cut_off = False
        self._merge(self._directory, lambda: self._backlog.has_live_room, deadline)
        self._merge(self.whole, lambda: self._backlog.has_room, deadline)
        self._end_passes(now)

    def next_due(self) -> float:
        """Return when `advance` wants to be called at the latest (monotonic seconds)."""
        due = min(self._next_rescan, self._next_reconcile)
        if (self._is_reconcile_wanted or self._is_rescan_wanted) and self.whole is None:
            due = min(due, self._not_before)
        if self.listing is not None and (page := self.listing.next_due()) is not None:
            due = min(due, page)
        return due

    def _note_intervals(self, now: float) -> None:
        if now >= self._next_reconcile:
            self._is_reconcile_wanted, self._next_reconcile = True, float("inf")
        if now >= self._next_rescan:
            self._is_rescan_wanted, self._next_rescan = True, float("inf")

    def _begin(self, now: float) -> None:
        if self._directory is None and self._directories:
            path = min(self._directories)  # parents first: they may make the children needless
            is_recursive = self._directories.pop(path)
            if is_recursive:
                for below in [p for p in self._directories if p.startswith(path)]:
                    del self._directories[below]
            self._directory = self._new_pass(path, is_recursive=is_recursive, is_listed=False)
            self._parts.scanner.directory(self._directory.pass_id, path, is_recursive=is_recursive)
        is_wanted = self._is_reconcile_wanted or self._is_rescan_wanted
        if self.whole is None and is_wanted and now >= self._not_before:
            self._begin_whole(now)

    def _begin_whole(self, now: float) -> None:
        is_listed = self._is_reconcile_wanted
        if is_listed and not self._parts.gate.try_enter(self._parts.settings.name):
            self._not_before = now + _GATE_SECONDS
            return
        self._is_rescan_wanted = self._is_reconcile_wanted = False
        self._is_doubt_met = self.is_doubtful
        self._on_whole()
        self.whole = self._new_pass("", is_recursive=True, is_listed=is_listed)
        if is_listed:
            self.listing = Listing(
                self.whole.pass_id,
                bucket=self._parts.bucket,
                scope=self._parts.scope,
                lane=self._parts.lane,
                post=self._parts.inbox.put,
                jitter=self._parts.jitter,
                retries=self._parts.settings.s3_ops_retries,
            )
        self._parts.scanner.full(self.whole.pass_id)

    def _new_pass(self, prefix: str, *, is_recursive: bool, is_listed: bool) -> Pass:
        self._passes += 1
        pass_id = self._passes
        scanner = self._parts.scanner
        return Pass(
            pass_id,
            prefix=prefix,
            is_recursive=is_recursive,
            is_listed=is_listed,
            started_seq=self._parts.ledger.begin_pass(),
            started_at=self._parts.clock(),
            policy=self._parts.policy,
            baseline=self._parts.ledger,
            on_taken=lambda: scanner.taken(pass_id),
        )

    def _merge(self, one: Pass | None, has_room: Callable[[], bool], deadline: float) -> None:
        if one is None:
            return
        clock = self._parts.clock

        def may_go_on() -> bool:
            if not has_room():
                return False
            self._is_cut_off = clock() >= deadline
            return not self._is_cut_off

        try:
            for action in one.step(may_go_on):
                self._on_action(action, one)
        except StreamDisorderError as error:
            self._parts.log.warning("pass.void", detail=str(error))
            one.abort()

    def _end_passes(self, now: float) -> None:
        one = self._directory
        if one is not None and one.is_done:
            if one.is_aborted or not one.is_scan_complete:
                self.doubt(now)
            self._directory = None
            self._parts.ledger.end_pass()
            self._on_done(one, None)
        if self.whole is not None and self.whole.is_done:
            self._end_whole(self.whole, now)

    def _end_whole(self, one: Pass, now: float) -> None:
        listing, self.whole, self.listing = self.listing, None, None
        self._parts.ledger.end_pass()
        if one.is_listed:
            self._parts.gate.leave(self._parts.settings.name)
        self.is_doubtful = self.is_doubtful and not (self._is_doubt_met and not one.is_aborted)
        if one.is_aborted:
            self._not_before = now + _RETRY_SECONDS
            self._is_reconcile_wanted = self._is_reconcile_wanted or one.is_listed
            self._is_rescan_wanted = True
        self._plan_next(one, now)
        self._on_done(one, listing)

    def _plan_next(self, one: Pass, now: float) -> None:
        settings = self._parts.settings
        is_polled = self._parts.watcher is None or self._parts.watcher.kind != "inotify"
        rescan = settings.poll_seconds if is_polled else settings.rescan_interval_seconds
        # Jitter of 3/4 to 5/4 keeps a thousand sites from scanning at the same moment.
        self._next_rescan = now + rescan * (0.75 + self._parts.jitter() / 2)
        if one.is_listed and not one.is_aborted:
            spread = 0.75 + self._parts.jitter() / 2
            self._next_reconcile = now + settings.reconcile_interval_seconds * spread
