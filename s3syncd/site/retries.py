"""Paths whose last attempt failed: when they are tried again, and what they keep waiting.

The records are in the ledger and nothing is dropped because attempts ran out. In memory is only
what the file was when it failed: a changed one is tried at once. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.core.retry import delay_seconds
from s3syncd.ledger import Retry
from s3syncd.site.inodes import Inodes
from s3syncd.site.parts import Parts

__all__ = ["Retries"]

_REFUSED_SECONDS = 3600.0  # a refused path is tried again hourly, and when its file changes
_AT_ONCE = 256
_SET_BACK_SECONDS = 5.0  # a clock set back by less costs no more than a pause anyway
_LOOK_SECONDS = 0.2  # failed paths that are due are taken up at most this often ...
_IDLE_SECONDS = 5.0  # ... and this often where all that are due wait for something else
_REMEMBERED = 50_000  # files known as they failed (10 MiB); beyond, deletions wait for all of them

_Stat = tuple[int, int, int, int] | None


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

    def put(self, outcome: Outcome) -> None:
        """Note that an attempt failed: the path is tried again, later each time."""
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
            since=old.since_wall if old else wall,
        )
        self._remember(outcome.action)
        self._has_any = True
        self._next_at = 0.0

    def end(self, path: str) -> None:
        """Both sides agree about the path, or there is nothing to do about it."""
        if not self._has_any:
            return
        self._failed.pop(path, None)
        self._kept.pop(path, None)
        self._inodes.set(path, None)
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
