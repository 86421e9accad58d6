"""The passes of a site: begun when they are due, fed with what comes in, merged bit by bit.

At most one whole pass (rescan or reconcile) and one directory pass at a time. A pass that could
not see everything is void: what it saw gone is not believed. Owned by the site thread.
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
from s3syncd.site.timetable import Timetable, Whole

__all__ = ["Schedule"]

_STEP_SECONDS = 0.01  # the longest the merge may keep a message waiting
_GATE_SECONDS = 1.0  # how often a site asks again whether it may reconcile
_DIRECTORIES = 2_000  # more directory scans than this wait: one rescan is cheaper


class Schedule:
    """The passes of one site.

    Args:
        on_action: takes each decided action with the pass that decided it.
        on_begin: takes each pass that begins.
        on_void: takes each pass that is void, when it is.
        on_done: takes each pass that came to its end, void ones too.
    """

    def __init__(
        self,
        parts: Parts,
        backlog: Backlog,
        *,
        on_action: Callable[[Action, Pass], None],
        on_begin: Callable[[Pass], None],
        on_void: Callable[[Pass], None],
        on_done: Callable[[Pass, Listing | None], None],
    ) -> None:
        self._parts = parts
        self._backlog = backlog
        self._on_action = on_action
        self._on_begin = on_begin
        self._on_void = on_void
        self._on_done = on_done
        self._passes = 0
        self.whole: Pass | None = None
        self.listing: Listing | None = None
        self.is_listing_incomplete = False
        self._directory: Pass | None = None
        self._directories: dict[str, bool] = {}
        self._is_cut_off = False
        self.timetable = Timetable(
            rescan_seconds=self._rescan_seconds,
            reconcile_seconds=parts.settings.reconcile_interval_seconds,
            jitter=parts.jitter,
        )

    @property
    def is_behind(self) -> bool:
        """Whether something that was heard of has not been looked at to its end."""
        return self.has_directories or self.timetable.is_doubtful

    def is_scanning(self, now: float) -> bool:
        """Whether a scan is to come, or under way, that may show where a missing file went.

        After a doubt that is until one came to its end, however often it has failed before.
        """
        is_to_come = self.timetable.is_doubtful or self.timetable.is_wanted(now)
        return self.has_directories or self.whole is not None or is_to_come

    @property
    def can_step(self) -> bool:
        """Whether a merge was cut off by the clock and can go on at once."""
        return self._is_cut_off

    @property
    def is_running(self) -> bool:
        """Whether a pass is under way."""
        return self.whole is not None or self._directory is not None

    @property
    def has_directories(self) -> bool:
        """Whether directory scans are queued or under way."""
        return self._directory is not None or bool(self._directories)

    def want_directory(self, path: str, *, is_recursive: bool) -> None:
        """Ask for a scan of one directory ('' = the root), ending in '/' unless empty."""
        self._directories[path] = self._directories.get(path, False) or is_recursive
        if len(self._directories) > _DIRECTORIES:
            self._directories.clear()
            self.timetable.doubt(self._parts.clock())

    def abort(self) -> None:
        """Root or bucket is lost: nothing that was seen so far is believed; begin anew later."""
        for one in (self.whole, self._directory):
            if one is not None:
                self._void(one)
        self.timetable.want(Whole.RECONCILE)

    def fed(self, batch: ScanBatch) -> None:
        """Hand a scan batch to the pass it belongs to."""
        for one in (self.whole, self._directory):
            if one is not None and one.pass_id == batch.pass_id:
                if batch.is_last and not batch.is_complete:
                    self._void(one)
                one.feed_local(batch.entries, is_last=batch.is_last)
                return
        self._parts.scanner.taken(batch.pass_id)

    def listed(self, message: Listed, now: float) -> None:
        """Hand a listing page to the pass it belongs to."""
        if self.listing is None or self.listing.pass_id != message.pass_id or self.whole is None:
            return
        self.listing.received(message, now)
        if not self.listing.is_complete_so_far and not self.whole.is_aborted:
            self.is_listing_incomplete = True
            self._void(self.whole)

    def room(self) -> None:
        """The pool has room again."""
        if self.listing is not None:
            self.listing.room()

    def advance(self, now: float, *, may_begin: bool) -> None:
        """Begin what is due and merge what has come in, for at most 10 ms."""
        if may_begin:
            self._begin_directory()
            self._begin_whole(now)
        if self.listing is not None and self.whole is not None:
            self.listing.advance(now)
        deadline = self._parts.clock() + _STEP_SECONDS
        self._is_cut_off = False
        self._merge(self._directory, lambda: self._backlog.has_live_room, deadline)
        self._merge(self.whole, lambda: self._backlog.has_room, deadline)
        if self._directory is not None and self._directory.is_done:
            self._end_directory(self._directory, now)
        if self.whole is not None and self.whole.is_done:
            self._end_whole(self.whole, now)

    def next_due(self) -> float:
        """Return when `advance` wants to be called at the latest (monotonic seconds)."""
        if self._directory is None and self._directories:
            return 0.0
        if self.whole is None:
            return self.timetable.next_due()
        if self.listing is not None:
            return self.listing.next_due()
        return float("inf")

    def _begin_directory(self) -> None:
        if self._directory is not None or not self._directories:
            return
        path = min(self._directories)  # parents first: they may make the children needless
        is_recursive = self._directories.pop(path)
        if is_recursive:
            for below in [p for p in self._directories if p.startswith(path)]:
                del self._directories[below]
        self._directory = self._new_pass(path, is_recursive=is_recursive)
        self._parts.scanner.directory(self._directory.pass_id, path, is_recursive=is_recursive)

    def _begin_whole(self, now: float) -> None:
        whole = self.timetable.due(now) if self.whole is None else None
        if whole is None:
            return
        is_listed = whole is Whole.RECONCILE
        if is_listed and not self._parts.gate.try_enter(self._parts.settings.name):
            self.timetable.put_off(whole, now + _GATE_SECONDS)
            return
        self.timetable.began(whole)
        if is_listed:
            self.listing = Listing(self._passes + 1, self._parts)
        self.whole = self._new_pass("", is_recursive=True, listing=self.listing)
        self._parts.scanner.full(self.whole.pass_id)

    def _new_pass(self, prefix: str, *, is_recursive: bool, listing: Listing | None = None) -> Pass:
        self._passes += 1
        pass_id = self._passes
        scanner = self._parts.scanner
        one = Pass(
            pass_id,
            prefix=prefix,
            is_recursive=is_recursive,
            remote=None if listing is None else listing.pages(),
            started_seq=self._parts.ledger.begin_pass(),
            started_at=self._parts.clock(),
            policy=self._parts.policy,
            baseline=self._parts.ledger,
            on_taken=lambda: scanner.taken(pass_id),
        )
        self._on_begin(one)
        return one

    def _merge(self, one: Pass | None, has_room: Callable[[], bool], deadline: float) -> None:
        if one is None:
            return
        clock = self._parts.clock

        def may_go_on() -> bool:
            if not has_room():
                return False
            if clock() >= deadline:
                self._is_cut_off = True
                return False
            return True

        try:
            for action in one.step(may_go_on):
                self._on_action(action, one)
        except StreamDisorderError as error:
            self._parts.log.warning("pass.void", detail=str(error))
            self._void(one)
            if error.is_baseline:
                self._parts.ledger.check()  # it would be so in every pass

    def _void(self, one: Pass) -> None:
        if one.is_aborted:
            return
        one.abort()
        if self.listing is not None and self.listing.pass_id == one.pass_id:
            self.listing.end()
        if not one.is_scan_ended:
            self._parts.scanner.cancel(one.pass_id)
        self._on_void(one)

    def _end_directory(self, one: Pass, now: float) -> None:
        self._directory = None
        self._parts.ledger.end_pass()
        if one.is_aborted:
            self.timetable.doubt(now)
        self._on_done(one, None)

    def _end_whole(self, one: Pass, now: float) -> None:
        listing, self.whole, self.listing = self.listing, None, None
        self._parts.ledger.end_pass()
        whole = Whole.RECONCILE if one.is_listed else Whole.RESCAN
        if one.is_listed:
            self._parts.gate.leave(self._parts.settings.name)
        if listing is not None:
            listing.close()
        if one.is_aborted:
            is_scan_fine = listing is not None and not listing.is_complete_so_far
            self.timetable.failed(whole, now, is_scan_fine=is_scan_fine)
        else:
            self.timetable.done(whole, now)
            self.is_listing_incomplete = self.is_listing_incomplete and not one.is_listed
        self._on_done(one, listing)

    def _rescan_seconds(self) -> float:
        settings, watcher = self._parts.settings, self._parts.watcher
        is_polled = watcher is None or watcher.kind == "polling"
        return settings.poll_seconds if is_polled else settings.rescan_interval_seconds
