"""Dirty paths: from a hint, over the settle table and a look, to a decision.

A hint only makes a path dirty. When it has settled, the scan thread looks (lstat through the root's
descriptor), and the same table that decides for a pass decides here, with the remote side taken to
be as in the baseline. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action, Kind, LocalEntry, Settle, UnknownMark
from s3syncd.core.messages import Look
from s3syncd.core.reconcile import decide
from s3syncd.core.settle import SettleEntry, SettleTable
from s3syncd.local.hints import Hints
from s3syncd.site.backlog import Backlog, Planned
from s3syncd.site.parts import Parts
from s3syncd.site.problems import Problems
from s3syncd.site.quiet import Quiet
from s3syncd.site.retries import Retries
from s3syncd.site.underway import Underway
from s3syncd.site.unstable import Unstable
from s3syncd.site.withheld import Withheld

__all__ = ["REMOTE_CHANGED", "Looks"]

_LOOKS_AT_ONCE = 512  # one round to the scan thread: about 2 ms of lstat
_LOST_SECONDS = 1.0  # a look that failed is repeated after this
REMOTE_CHANGED = frozenset({7, 8, 10, 11, 12})  # the table's: the bucket is not as the baseline


class Looks:
    """The dirty paths of one site.

    Args:
        want_directory: asks for a scan of a directory: (path, is_recursive).
        want_deletion: notes that a path with a baseline was seen gone: (path, now).
        unwant_deletion: notes that a path exists after all.
        on_gone: told of each path without a file that can be judged: what was left over of its
            upload is ended.
        on_full: too many dirty paths: a rescan must find them.
    """

    def __init__(
        self, parts: Parts, backlog: Backlog, problems: Problems, retries: Retries, *,
        want_directory: Callable[[str, bool], None],
        want_deletion: Callable[[Action, float], None], unwant_deletion: Callable[[str], None],
        on_gone: Callable[[str], None], on_full: Callable[[], None],
    ) -> None:  # fmt: skip
        settings = parts.settings
        self._parts = parts
        self._backlog = backlog
        self._problems = problems
        self._retries = retries
        self._want_directory = want_directory
        self._want_deletion = want_deletion
        self._unwant_deletion = unwant_deletion
        self._on_gone = on_gone
        self._on_full = on_full
        self._quiet = Quiet(parts)
        self._table = SettleTable(
            settle_seconds=settings.settle_seconds,
            settle_open_seconds=settings.settle_open_seconds,
            deadline_seconds=settings.settle_deadline_seconds,
        )
        self.waits_for = self._table.get
        self._looking: dict[str, SettleEntry] = {}
        self._deferred: dict[str, SettleEntry] = {}
        self._entries: dict[str, SettleEntry] = {}
        self._since: dict[str, float] = {}
        self.heard_at = self._since.get
        self.withheld = Withheld()
        self.underway = Underway(backlog, self.withheld, retries)
        self._unseen, self._inodes = self.underway.unseen, self.underway.dirty
        self._unstable = Unstable(problems)

    def __len__(self) -> int:
        """Return how many paths are dirty (waiting, looked at, or due while in flight)."""
        return len(self._table) + len(self._looking) + len(self._deferred)

    def __contains__(self, path: str) -> bool:
        return path in self._table or path in self._looking or path in self._deferred

    def oldest(self) -> float | None:
        """Return when the oldest dirty path was first heard of (monotonic seconds), or None."""
        return next(iter(self._since.values()), None)

    def hinted(self, hints: Hints) -> None:
        """Take what the watcher heard about single paths."""
        for path, hint in hints.paths.items():
            if self._parts.scope.is_selected(path):
                self._dirty(path, hint.last, is_closed=hint.is_closed, first=hint.first)

    def note(self, path: str, now: float, *, is_soon: bool = False) -> None:
        """A path is dirty because of what was met there; `is_soon`: no hint is to be waited for."""
        self._dirty(path, now, is_closed=None if is_soon else False, first=None)

    def met(self, local: LocalEntry | None) -> None:
        """A file was seen that is to be compared yet: whatever was there before, it is this one."""
        if local is not None:
            self._inodes.set(local.path, local.inode)

    def superseded(self, action: Action, now: float) -> None:
        """What was decided is not so any more: look again. The file is still on its way."""
        self._inodes.keep(action)
        self.note(action.path, now, is_soon=True)

    def again(self, path: str, now: float, after_seconds: float, action: Action | None) -> None:
        """A path was not quiet: look again later; its deadline goes on counting."""
        self._inodes.keep(action)
        self._again(path, now, after_seconds, self._entries.pop(path, None))

    def unstable(self, action: Action, now: float) -> None:
        """A file changed through its deadline without only growing: a problem, tried again."""
        self.again(action.path, now, self._unstable.met(action.path), action)

    def clean(self, path: str) -> None:
        """Both sides agree about a path, or nothing more can be done about it for now."""
        self.withheld.end(path)
        self._leave(path)

    def _leave(self, path: str) -> None:
        self._entries.pop(path, None)
        self._inodes.set(path, None)
        if path not in self:
            self._since.pop(path, None)
        self._unstable.end(path)

    def settled(self, path: str, now: float) -> None:
        """A path is no longer in flight: what was due meanwhile is due now."""
        if (entry := self._deferred.pop(path, None)) is not None:
            self._again(path, now, 0.0, entry)

    def advance(self, now: float) -> None:
        """Send the paths that are due to the scan thread."""
        room = _LOOKS_AT_ONCE - len(self._looking)
        if room <= 0 or not self._backlog.has_live_room:
            return
        paths = []
        for path, entry in self._table.due(now, room):
            if path in self._backlog.in_flight:
                self._defer(path, entry)
            else:
                self._looking[path] = entry
                paths.append(path)
        if paths:
            self._parts.scanner.look(paths)

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        due = self._table.next_due()
        is_blocked = len(self._looking) >= _LOOKS_AT_ONCE or not self._backlog.has_live_room
        return float("inf") if due is None or is_blocked else due

    def looked(self, path: str, look: Look, now: float) -> None:
        """Decide about a path that was looked at."""
        entry = self._looking.pop(path, None)
        if entry is None:
            return
        if path not in self._table:
            self._unseen.pop(path, None)
        if path in self._backlog.in_flight:
            self._defer(path, entry)
        elif isinstance(look, UnknownMark):
            self._problems.note(path, look.reason)
            self._on_gone(path)  # it may go unseen, and what was left of its upload would stay
            self.withheld.still(path, now)
            self._leave(path)
        elif isinstance(look, LocalEntry):
            self._found(look, entry, now)
        else:
            self._missing(path, now, is_directory=look == "directory")

    def lost(self, now: float) -> None:
        """The root could not be looked at: what was asked stays dirty."""
        looking, self._looking = self._looking, {}
        for path, entry in looking.items():
            self._again(path, now, _LOST_SECONDS, entry)

    def plan(
        self, action: Action, now: float, *, is_live: bool, entry: SettleEntry | None = None
    ) -> None:
        """Carry a decision on: to the ledger, the deletions, the problems or the backlog."""
        path = action.path
        if action.kind is Kind.FORGET:
            self._parts.ledger.forget(path)
            self._retries.end(path)
            self._unwant_deletion(path)
            self.clean(path)
        elif action.kind is Kind.CONFLICT:
            self._forget_changed(action)
            self._problems.note(path, "drift")
            self._retries.end(path)  # a person is waited for; what failed would meet it again
            self.clean(path)
            self.withheld.hold(action.local, now)
        elif action.kind is Kind.DELETE_REMOTE:
            self._want_deletion(action, now)
            self.clean(path)
        else:
            self._forget_changed(action)
            if entry is not None:
                self._entries[path] = entry
            self._backlog.add(Planned(action, Settle(), is_live, planned_at=now))

    def settle_for(self, planned: Planned, now: float) -> Settle:
        """Tell the worker how to prove that the file is quiet."""
        entry = self._entries.get(planned.action.path)
        is_late = entry is not None and self._table.is_past_deadline(entry, now)
        return self._quiet.settle(entry, now, planned_at=planned.planned_at, is_late=is_late)

    def took(self, path: str, upload_seconds: float) -> None:
        """Remember how long an upload of a file that still grows took."""
        self._table.set_pace(path, upload_seconds)

    def _forget_changed(self, action: Action) -> None:
        """The agreed version is not there: else the next look would see nothing to do."""
        if action.row in REMOTE_CHANGED and action.baseline is not None:
            self._parts.ledger.forget(action.path)

    def _dirty(self, path: str, now: float, *, is_closed: bool | None, first: float | None) -> None:
        if self._table.note(path, now, is_closed=is_closed, first=first):
            heard = self._since.setdefault(path, now if first is None else first)
            self._unseen.setdefault(path, heard)
        else:
            self._on_full()

    def _again(
        self, path: str, now: float, after_seconds: float, entry: SettleEntry | None
    ) -> None:
        if self._table.again(path, now, after_seconds, entry=entry):
            self._since.setdefault(path, now)
        else:
            self._unseen.pop(path, None)
            self._on_full()

    def _defer(self, path: str, entry: SettleEntry) -> None:
        """Keep a path that is in flight; of two hints the older deadline stands."""
        self._deferred[path] = entry.since(self._deferred.get(path, entry))

    def _found(self, local: LocalEntry, entry: SettleEntry, now: float) -> None:
        path = local.path
        self._unwant_deletion(path)
        self._inodes.set(path, None)  # from here on what is decided about it is awaited
        problem = self._parts.scope.problem_with(path)
        if problem is not None:
            self._problems.note(path, problem)
            self.clean(path)
            self.withheld.unsent(local, problem, now)
            return
        if self._problems.reason_of(path) == "drift":
            self._retries.end(path)
            self.clean(path)  # it waits for a person, whatever becomes of the file meanwhile
            self.withheld.hold(local, now)
            return
        baseline = self._parts.ledger.baseline(path)
        action = decide(path, local, baseline, None, self._parts.policy, is_listed=False)
        self._problems.looked(local)
        if action is None:
            if self._backlog.is_deleting(path):
                self._backlog.drop(path)
            self._retries.end(path)
            self.clean(path)
        else:
            self.plan(action, now, is_live=True, entry=self._table.met(entry, local, now))

    def _missing(self, path: str, now: float, *, is_directory: bool) -> None:
        ledger = self._parts.ledger
        self._problems.clear(path)
        if not self._backlog.is_deleting(path):
            self._backlog.drop(path)
        self._on_gone(path)
        if ledger.page("", prefix=f"{path}/", limit=1) or is_directory:
            self._want_directory(f"{path}/", True)
        baseline = ledger.baseline(path)
        action = None
        if baseline is not None:
            action = decide(path, None, baseline, None, self._parts.policy, is_listed=False)
        if action is None:
            self._retries.end(path)
            self.clean(path)
        else:
            self.plan(action, now, is_live=True)
