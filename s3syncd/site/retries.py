"""Paths whose last attempt failed: when they are tried again, and what they keep waiting.

The records are in the ledger and nothing is dropped because attempts ran out. In memory is only
what the file was when it failed: a changed one is tried at once. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.core.retry import delay_seconds
from s3syncd.ledger import Retry
from s3syncd.site.inodes import Inodes
from s3syncd.site.parts import Parts

__all__ = ["Outstanding", "Retries"]

_REFUSED_SECONDS = 3600.0  # a refused path is tried again hourly, and when its file changes
_AT_ONCE = 256
_SET_BACK_SECONDS = 5.0  # a clock set back by less costs no more than a pause anyway
_LOOK_SECONDS = 0.2  # failed paths that are due are taken up at most this often ...
_IDLE_SECONDS = 5.0  # ... and this often where all that are due wait for something else
_REMEMBERED = 50_000  # files known as they failed (10 MiB); beyond, deletions wait for all of them

# What is wrong with the file, or a refusal: health has its own words for these.
_STANDING = frozenset({"unreadable", "io_error", "access_denied", "refused", "archived"})

_Stat = tuple[int, int, int, int] | None


class Outstanding(NamedTuple):
    """What failed and is not in the bucket yet.

    Attributes:
        actions: paths that wait to be tried again, those under way already not counted.
        size_bytes: what is to be sent of them, as far as it is known.
        oldest_at: when the oldest change of all that failed was first heard of (monotonic seconds).
    """

    actions: int = 0
    size_bytes: int = 0
    oldest_at: float | None = None


class _Wait(NamedTuple):
    heard_at: float
    size_bytes: int
    is_standing: bool


class Retries:
    """The failed paths of one site."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._failed: dict[str, _Stat] = {}
        self._kept: dict[str, Action] = {}
        self._inodes = Inodes()
        self._is_full = False
        self._has_any = True
        self._next_at = 0.0
        self._wall_ahead: float | None = None
        # Ages by the monotonic clock: the other one may leap. Those of the last run are read once.
        self._waits: dict[str, _Wait] = {}
        self._striving = 0
        self._are_waits_read = False

    def put(self, outcome: Outcome, *, heard_at: float | None = None) -> None:
        """Note that an attempt failed: the path is tried again, later each time.

        Args:
            outcome: of the attempt.
            heard_at: when the change was first heard of, monotonic seconds; None: now.
        """
        ledger, wall = self._parts.ledger, self._parts.wall()
        path, old = outcome.action.path, ledger.retry(outcome.action.path)
        if self._wall_ahead is not None:
            # Nothing is handed out while the bucket refuses all for it: this may be all that tells.
            self._wall_ahead = max(self._wall_ahead, wall - self._parts.clock())
        attempts = (old.attempts if old else 0) + 1
        # A site waits for its bucket, ever longer: no path waits longer than that by itself.
        is_sites = outcome.scope == "bucket" and outcome.reason != "throttled"
        delay = delay_seconds(1 if is_sites else attempts, self._parts.jitter())
        if outcome.result is Result.REFUSED:
            delay = _REFUSED_SECONDS
        if old is None or old.reason != outcome.reason:
            log = self._parts.log.warning
            log("transfer.failed", path=path, reason=outcome.reason, hint=outcome.hint)
        ledger.put_retry(
            path,
            attempts=attempts,
            next_at_wall=wall + delay,
            reason=outcome.reason,
            hint=outcome.hint,
            since=old.since_wall if old else wall - self._age(heard_at),
        )
        self._remember(outcome.action)
        self._wait_for(outcome, heard_at)
        self._has_any = True
        self._next_at = 0.0

    def end(self, path: str) -> None:
        """Both sides agree about the path, or there is nothing to do about it."""
        if not self._has_any:
            return
        self._failed.pop(path, None)
        self._kept.pop(path, None)
        self._inodes.set(path, None)
        self._forget_wait(path)
        if self._parts.ledger.retry(path) is not None:
            self._parts.ledger.drop_retry(path)
            self._parts.log.info("transfer.recovered", path=path)

    def gone(self, path: str) -> None:
        """The file whose upload failed was seen gone: no deletion waits for that upload.

        The record stays. It is tried again, or put off, as what is to be done next about the path.
        """
        self._failed.pop(path, None)
        self._inodes.set(path, None)

    def keep(self, action: Action | None) -> None:
        """Keep what is to be done when the pause is over, where no look at the file tells it."""
        if action is not None and action.kind is Kind.RECLASS and len(self._kept) < _REMEMBERED:
            self._kept[action.path] = action

    def kept(self, path: str) -> Action | None:
        """Give back what was kept about a path, once."""
        return self._kept.pop(path, None)

    def is_pending(self, action: Action) -> bool:
        """Whether this very action failed and is not due again: no pass brings it forward."""
        if not self._has_any or self._failed.get(action.path, ()) != _stat_of(action):
            return False
        retry = self._parts.ledger.retry(action.path)
        return retry is not None and retry.next_at_wall > self._parts.wall()

    def is_put_off(self, path: str) -> bool:
        """Whether anything failed about `path` and is not due to be tried again."""
        if not self._has_any:
            return False
        retry = self._parts.ledger.retry(path)
        return retry is not None and retry.next_at_wall > self._parts.wall()

    def is_awaited(self, inode: int) -> bool:
        """Whether the upload of a file with this inode failed: its old name is kept."""
        return self._is_full or inode in self._inodes

    @property
    def inodes(self) -> Inodes:
        """The files whose upload failed."""
        return self._inodes

    def advance(self, now: float, take: Callable[[str], bool]) -> None:
        """Hand out the paths that are due; `take` says whether the path was free."""
        if not self._has_any or now < self._next_at:
            return
        ledger, wall = self._parts.ledger, self._parts.wall()
        self._bear_clock(now, wall)
        overdue = ledger.retries_due(wall, _AT_ONCE)
        taken = sum(take(retry.path) for retry in overdue)
        due = ledger.next_retry_at()
        self._has_any = due is not None
        self._is_full = self._is_full and self._has_any
        pause = _IDLE_SECONDS if overdue and not taken else _LOOK_SECONDS
        self._next_at = now + max(pause, (due or wall) - wall)

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        return self._next_at if self._has_any else float("inf")

    def shown(self) -> tuple[int, list[Retry]]:
        """Return how many there are, and the oldest."""
        return self._parts.ledger.retries() if self._has_any else (0, [])

    def outstanding(self, is_under_way: Callable[[str], bool]) -> Outstanding:
        """Give what failed and is not in the bucket yet.

        Args:
            is_under_way: whether a path is counted elsewhere, because it is being tried again.
        """
        if not self._has_any or not (total := self._parts.ledger.retries()[0]):
            return Outstanding()
        self._read_waits()
        waiting = {path: one for path, one in self._waits.items() if not is_under_way(path)}
        return Outstanding(
            max(0, total - len(self._waits)) + len(waiting),
            sum(one.size_bytes for one in waiting.values()),
            min((one.heard_at for one in self._waits.values()), default=None),
        )

    @property
    def is_striving(self) -> bool:
        """Whether anything failed that is neither a refusal nor a fault of its file."""
        return self._has_any and self._striving > 0

    def _age(self, heard_at: float | None) -> float:
        return 0.0 if heard_at is None else max(0.0, self._parts.clock() - heard_at)

    def _read_waits(self) -> None:
        """Take over the ages that the last run has left in the ledger."""
        if self._are_waits_read:
            return
        self._are_waits_read = True
        now, wall = self._parts.clock(), self._parts.wall()
        for path, since, reason in self._parts.ledger.retry_ages(_REMEMBERED):
            if path not in self._waits:
                self._set_wait(path, _Wait(now - max(0.0, wall - since), 0, reason in _STANDING))

    def _wait_for(self, outcome: Outcome, heard_at: float | None) -> None:
        self._read_waits()
        action, old = outcome.action, self._waits.get(outcome.action.path)
        if old is None and len(self._waits) >= _REMEMBERED:
            return
        is_body = action.kind is Kind.UPLOAD and action.local is not None
        wait = _Wait(
            self._parts.clock() - self._age(heard_at) if old is None else old.heard_at,
            action.local.size_bytes if is_body and action.local else 0,
            outcome.reason in _STANDING,
        )
        self._set_wait(action.path, wait)

    def _set_wait(self, path: str, wait: _Wait) -> None:
        self._forget_wait(path)
        self._waits[path] = wait
        self._striving += not wait.is_standing

    def _forget_wait(self, path: str) -> None:
        if (old := self._waits.pop(path, None)) is not None:
            self._striving -= not old.is_standing

    def _bear_clock(self, now: float, wall: float) -> None:
        """Put nothing off because the clock was ahead: set right, it would take as long again.

        Found by the monotonic clock while this process runs; after a start by what is put off
        longer than anything ever is.
        """
        ahead, was_ahead = wall - now, self._wall_ahead
        self._wall_ahead = ahead
        if was_ahead is None:
            beyond = wall + _REFUSED_SECONDS
        elif ahead < was_ahead - _SET_BACK_SECONDS:
            beyond = wall
        else:
            return
        self._parts.ledger.bring_retries_forward(wall, beyond=beyond)

    def _remember(self, action: Action) -> None:
        if len(self._failed) >= _REMEMBERED and action.path not in self._failed:
            self._is_full = True
            return
        self._failed[action.path] = _stat_of(action)
        self._inodes.set(action.path, action.local.inode if action.local else None)


def _stat_of(action: Action) -> _Stat:
    return action.local[1:5] if action.local is not None else None
