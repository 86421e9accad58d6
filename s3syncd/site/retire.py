"""Deletions: wanted, confirmed by two looks, counted, and carried out last.

Every wanted deletion is a row in the ledger, so a million of them cost no memory. States: `waiting`
(seen gone once), `cleared` (the guard let it pass), `held` (`site.hold`), `approved` (by a person).
Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action, BaselineRow, Kind, LocalEntry, RemoteEntry, UnknownMark
from s3syncd.core.messages import Look
from s3syncd.ledger import Ledger
from s3syncd.site.backlog import Backlog
from s3syncd.site.confirmation import Confirmation
from s3syncd.site.guard import DeletionGuard
from s3syncd.site.hold import Hold
from s3syncd.site.inodes import OnTheirWay
from s3syncd.site.wanted import action_for, call_back

__all__ = ["Retirement"]

_JUDGE_AT_LATEST_SECONDS = 30.0  # a slow `rm -r` must not slip through in small batches
_LOOKS_AT_ONCE = 256  # second looks and deletions under way at once
_KEPT = 20_000  # known one by one: as many as the files they may be of; beyond, they are pending
_RETRY_SECONDS = 1.0  # how often deletions that had to wait for something are tried again


class Retirement:
    """The wanted deletions of one site.

    Args:
        on_their_way: an old name is not deleted before the new one is in the bucket.
        is_put_off: whether the last deletion of a path failed and is not due to be tried again.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        ledger: Ledger,
        backlog: Backlog,
        hold: Hold,
        guard: DeletionGuard,
        on_their_way: OnTheirWay,
        *,
        is_put_off: Callable[[str], bool],
        grace_seconds: float,
        wall: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._backlog = backlog
        self._hold = hold
        self._guard = guard
        self._on_their_way = on_their_way
        self._is_put_off = is_put_off
        self._grace_seconds = grace_seconds
        self._wall = wall
        self._first_want_at: float | None = None
        self.last_want_at = float("-inf")
        self._gone_by = float("-inf")  # when the last of those that may go was seen gone
        self._looking: set[str] = set()
        self._kept: dict[str, int] = {}  # met as such in their turn, with their inodes
        self._cursor = {"cleared": "", "approved": ""}
        self._next_turn = 0.0
        self._recheck_after: str | None = None
        self._confirmation = Confirmation(ledger, grace_seconds=grace_seconds)
        self.lost()  # two looks of this process, not of the one before: the first scan finds them

    @property
    def waiting(self) -> int:
        """Deletions wanted, neither held nor carried out."""
        counts = self._ledger.count_deletions
        return counts("waiting") + counts("cleared") + counts("approved")

    @property
    def kept(self) -> int:
        """How many of those wait for a person: their files may be ones that cannot be sent."""
        awaited, is_moving = self._on_their_way.is_awaited, self._on_their_way.is_moving
        return sum(awaited(inode) and not is_moving(inode) for inode in self._kept.values())

    def want(self, path: str, now: float, *, foreign: RemoteEntry | None = None) -> None:
        """Note that `path` was seen gone; nothing is deleted from this alone.

        `foreign` is the object when this site never put it: held until approved the first time.
        """
        if self._backlog.is_deleting(path) or self._ledger.deletion(path) is not None:
            return
        is_held = foreign is not None and not self._hold.lets_foreign_pass
        version = (foreign.etag, foreign.size_bytes) if foreign is not None else None
        self._ledger.want_deletion(
            path,
            str(Kind.DELETE_REMOTE),
            self._wall(),
            state="held" if is_held else "waiting",
            foreign=version,
        )
        self.last_want_at = now
        if is_held:
            self._hold.foreign_met()
        else:
            self._to_be_judged(now)

    def unwant(self, path: str) -> None:
        """Note that `path` exists after all, or cannot be judged."""
        self._looking.discard(path)
        self._confirmation.is_first_look(path)
        if self._is_wanted(path):
            self._end(path)

    def withdraw(self) -> bool:
        """Believe nothing that was seen gone and not judged; return whether there was any."""
        has_waiting = self._ledger.count_deletions("waiting") > 0
        if has_waiting:
            self._ledger.drop_deletions("waiting")
        self._first_want_at = None
        return has_waiting

    def lost(self) -> None:
        """The root cannot be looked at: nothing that was seen gone is believed."""
        self.withdraw()
        self._looking.clear()
        self._kept.clear()
        self._guard.forget_passed()
        self._confirmation.begin()
        if self._ledger.count_deletions("cleared"):
            self._ledger.drop_deletions("cleared")

    def recheck_held(self) -> None:
        """See which of the held files came back: a pass is over, or the hold has just begun."""
        if self._hold.count:
            self._recheck_after = ""
            self._next_turn = 0.0

    def judge(self, now: float, *, is_emptied: bool) -> None:
        """Let the waiting deletions pass the guard, or hold every one of them.

        Judged when no new candidate has come for the grace, at the latest 30 s after the first;
        a path heard of before may be where the file went: it is looked at first, in that time.
        """
        due, latest = self.judge_due(), self._latest()
        if due is None or now < due or (self._is_news_unseen(self.last_want_at) and now < latest):
            return
        self._first_want_at = None
        if not self._ledger.count_deletions("waiting"):
            return
        if is_emptied or self._guard.is_mass():
            self._hold.begin("root_emptied" if is_emptied else "mass_delete")
            self._kept.clear()  # they are held now; who was approved is met again
            self._guard.forget_passed()
            self.recheck_held()  # the list a person is asked about is looked at once more
            call_back(self._ledger, self._backlog)
        elif self._guard.is_streaming(now, self.last_want_at + self._grace_seconds):
            self._first_want_at = now  # not too many so far: judged again with what comes
        else:
            self._ledger.set_deletion_state("cleared", of="waiting")
            self._gone_by = self.last_want_at

    def due_looks(self, now: float) -> list[str]:
        """Return paths whose second look is due now; the answers come back to `looked`."""
        if now < self._next_turn or self._is_full:
            return []
        self._next_turn = now + _RETRY_SECONDS
        paths: list[str] = []
        is_grace_over = now >= self._gone_by + self._grace_seconds
        if is_grace_over and not self._is_news_unseen(self._gone_by):
            for state in ("approved", "cleared"):
                if state == "cleared" or self._confirmation.is_over(now):
                    paths += self._page(state, _LOOKS_AT_ONCE - len(paths))
        paths += self._confirmation.page(_LOOKS_AT_ONCE - len(paths))
        paths += self._held_page(_LOOKS_AT_ONCE - len(paths))
        self._looking.update(paths)
        return paths

    def judge_due(self) -> float | None:
        """Return when the next judgement is due (monotonic seconds), or None."""
        if self._first_want_at is None:
            return None
        return min(self.last_want_at + self._grace_seconds, self._latest())

    def next_due(self, now: float) -> float | None:
        """Return when the next judgement or look is due (monotonic seconds), or None."""
        judge = self.judge_due()
        if judge is not None and judge <= now:
            judge = now + _RETRY_SECONDS  # it waits for a look or a scan, and these wake the loop
        count = self._ledger.count_deletions
        has_work = count("cleared") or count("approved") or self._recheck_after is not None
        if not has_work or self._is_full:
            return judge
        return self._next_turn if judge is None else min(judge, self._next_turn)

    def is_looking_at(self, path: str) -> bool:
        """Whether the answer to a second look at `path` is awaited."""
        return path in self._looking

    def looked(self, path: str, look: Look, now: float) -> Action | None:
        """Take the second look; return the deletion to plan, or None."""
        self._looking.discard(path)
        is_first = self._confirmation.is_first_look(path)
        deletion = self._ledger.deletion(path)
        if deletion is None:
            return None
        is_held = deletion.state == "held"
        if isinstance(look, LocalEntry) or (isinstance(look, UnknownMark) and not is_held):
            self.unwant(path)
            return None
        if is_first or deletion.state not in {"cleared", "approved"}:
            return None
        if (action := action_for(self._ledger, deletion)) is None:
            self._end(path)
        elif self._must_wait(action.baseline):
            return None
        elif deletion.state == "approved" or self._guard.lets_pass(path):
            return action
        else:  # it was no rename after all
            self._ledger.set_deletion_state("waiting", paths=[path])
            self._kept.pop(path, None)
            self._to_be_judged(now)
        return None

    def finished(self, path: str, *, is_deleted: bool, has_failed: bool = False) -> None:
        """Note that the deletion in flight came to an end, before the baseline forgets the path.

        One that failed is found again by a look; an approved one stays approved. One that met
        something else than was decided on is over, approved or not.
        """
        deletion = self._ledger.deletion(path)
        is_approved = deletion is not None and deletion.state == "approved"
        if is_deleted:
            self._guard.carried_out(path, is_approved=is_approved)
        if not (is_approved and has_failed):
            self._end(path)
        self._next_turn = 0.0

    def approve(self) -> int:
        """A person confirms what is held now; return how many deletions that is."""
        self._gone_by = max(self._gone_by, self.last_want_at)
        self._next_turn = 0.0
        count = self._hold.approve()
        self._confirmation.begin()  # it may be days since they were seen gone
        return count

    def release(self, now: float) -> None:
        """The root is not empty any more: judge what was held for that anew."""
        if self._hold.release_emptied() and self._ledger.count_deletions("waiting"):
            self._first_want_at = self.last_want_at = now

    def _to_be_judged(self, now: float) -> None:
        self.last_want_at = now
        if self._first_want_at is None:
            self._first_want_at = now

    def _end(self, path: str) -> None:
        """It is carried out, or not wanted any more."""
        self._ledger.drop_deletion(path)
        self._kept.pop(path, None)
        self._guard.ended(path)
        self._hold.changed()

    @property
    def _is_full(self) -> bool:
        return len(self._looking) + self._backlog.deletions >= _LOOKS_AT_ONCE

    def _latest(self) -> float:
        first = self.last_want_at if self._first_want_at is None else self._first_want_at
        return first + max(self._grace_seconds, _JUDGE_AT_LATEST_SECONDS)

    def _is_news_unseen(self, moment: float) -> bool:
        """Whether a path heard of before `moment` was not looked at: a file may be there."""
        return self._on_their_way.oldest_unseen() <= moment

    def _page(self, state: str, limit: int) -> list[str]:
        rows = self._ledger.deletions(state, after=self._cursor[state], limit=max(0, limit))
        self._cursor[state] = rows[-1].path if rows else ""
        return [
            row.path
            for row in rows
            if row.path not in self._looking
            and not self._backlog.is_deleting(row.path)
            and not self._is_put_off(row.path)
            and not self._must_wait(self._ledger.baseline(row.path))
        ]

    def _held_page(self, limit: int) -> list[str]:
        if self._recheck_after is None or limit <= 0:
            return []
        rows = self._ledger.deletions("held", after=self._recheck_after, limit=limit)
        self._recheck_after = rows[-1].path if rows else None
        return [row.path for row in rows]

    def _is_wanted(self, path: str) -> bool:
        # Nearly always there is none at all: that spares a query for every file.
        return self._ledger.has_deletions and self._ledger.deletion(path) is not None

    def _must_wait(self, row: BaselineRow | None) -> bool:
        if row is None or not self._on_their_way.is_awaited(row.inode):
            return False
        if len(self._kept) < _KEPT:
            self._kept[row.path] = row.inode
        return True
