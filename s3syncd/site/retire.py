"""Deletions: wanted, confirmed twice, counted, held when too many, and carried out last.

Every wanted deletion is a row in the ledger, so a million of them cost no memory and a hold
survives a restart. States: `waiting` (seen gone once), `cleared` (the guard let it pass), `held`
(a person must approve), `approved`. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action, Kind, LocalEntry, RemoteEntry, UnknownMark
from s3syncd.core.messages import Look
from s3syncd.core.safety import REASONS, judge_mass_delete, list_hash
from s3syncd.ledger import Deletion, Ledger
from s3syncd.site.backlog import Backlog
from s3syncd.site.parts import Log

__all__ = ["Retirement"]

_DAY_SECONDS = 86_400.0
_JUDGE_AT_LATEST_SECONDS = 30.0  # a slow `rm -r` must not slip through in small batches
_LOOKS_AT_ONCE = 256  # second looks and deletions under way at once
_FOREIGN_HINT = (
    "retire_foreign meets objects that this site never put: look at the list, then confirm it: "
    "`s3syncd approve SITE --list HASH`."
)
_FAILED_SECONDS = 10.0  # an approved deletion that failed is tried again after this
_RETRY_SECONDS = 1.0  # how often deletions that had to wait for a rename are tried again


class Retirement:
    """The wanted deletions of one site.

    Args:
        is_inode_awaited: whether a file with this inode is dirty, planned or in flight; its old
            name is not deleted before the new one is in the bucket.
    """

    def __init__(
        self,
        ledger: Ledger,
        backlog: Backlog,
        *,
        grace_seconds: float,
        max_delete: int | None,
        is_inode_awaited: Callable[[int], bool],
        wall: Callable[[], float],
        log: Log,
    ) -> None:
        self._ledger = ledger
        self._backlog = backlog
        self._grace_seconds = grace_seconds
        self._max_delete = max_delete
        self._is_inode_awaited = is_inode_awaited
        self._wall = wall
        self._log = log
        self._first_want_at: float | None = None
        self.last_want_at = float("-inf")
        self._looking: set[str] = set()
        self._deleting: dict[str, bool] = {}
        self._cursor = {"cleared": "", "approved": ""}
        self._next_turn = 0.0
        self._held_hash: str | None = None
        self._recheck_after: str | None = None
        self.hold_reason = ledger.meta("hold_reason") or ""
        # What waited when the daemon stopped is found again by the first scan: two looks of this
        # process, not of the one before.
        ledger.drop_deletions("waiting")
        ledger.drop_deletions("cleared")

    @property
    def waiting(self) -> int:
        """Deletions wanted, neither held nor carried out."""
        counts = self._ledger.count_deletions
        return counts("waiting") + counts("cleared") + counts("approved")

    @property
    def held(self) -> int:
        """Deletions held until a person approves."""
        return self._ledger.count_deletions("held")

    @property
    def hold_hint(self) -> str:
        """What the operator can do about the hold."""
        if self.hold_reason == "foreign":
            return _FOREIGN_HINT
        return REASONS[self.hold_reason].remedy if self.hold_reason in REASONS else ""

    @property
    def held_hash(self) -> str | None:
        """Hash of the held list, or None when nothing is held."""
        if self._held_hash is None and self.held:
            self._held_hash = list_hash(self.held_paths())
        return self._held_hash if self.held else None

    def held_paths(self) -> list[str]:
        """Return the held paths, sorted. Reads them all: for people, not for the loop."""
        paths: list[str] = []
        after = ""
        while rows := self._ledger.deletions("held", after=after, limit=1000):
            paths += [row.path for row in rows]
            after = rows[-1].path
        return paths

    def want(self, path: str, now: float, *, foreign: RemoteEntry | None = None) -> None:
        """Note that `path` was seen gone; nothing is deleted from this alone.

        `foreign` is the object when this site never put it: held until approved the first time.
        """
        if path in self._deleting:
            return
        state = "waiting"
        if foreign is not None and not self._ledger.meta("foreign_approved"):
            state, self.hold_reason = "held", "foreign"
            self._forget_hash()
        if self._ledger.deletion(path) is None:
            version = (foreign.etag, foreign.size_bytes) if foreign is not None else None
            self._ledger.want_deletion(
                path, str(Kind.DELETE_REMOTE), self._wall(), state=state, foreign=version
            )
            self._first_want_at = now if self._first_want_at is None else self._first_want_at
            self.last_want_at = now

    def unwant(self, path: str) -> None:
        """Note that `path` exists after all."""
        self._looking.discard(path)
        if self._is_wanted(path):
            self._ledger.drop_deletion(path)
            self._forget_hash()

    def lost(self) -> None:
        """The root cannot be looked at: nothing that was seen gone is believed."""
        self._looking.clear()
        self._first_want_at = None
        self._ledger.drop_deletions("waiting")
        self._ledger.drop_deletions("cleared")

    def recheck_held(self) -> None:
        """A pass has met files: see which of the held ones came back."""
        if self.held:
            self._recheck_after = ""
            self._next_turn = 0.0

    def judge(self, now: float, *, is_emptied: bool) -> None:
        """Let the waiting deletions pass the guard, or hold every one of them.

        Judged when no new candidate has come for the grace, at the latest 30 s after the first.
        """
        due = self.judge_due()
        if due is None or now < due:
            return
        self._first_want_at = None
        if not self._ledger.count_deletions("waiting"):
            return
        day_ago = self._wall() - _DAY_SECONDS
        is_mass = judge_mass_delete(
            wanted=self._count_wanted(),
            carried_out_unapproved_24h=self._ledger.deletions_logged_since(day_ago),
            baseline_count_24h_ago=self._ledger.baseline_count_at(day_ago),
            max_delete=self._max_delete,
        )
        if is_emptied or is_mass:
            self._hold("root_emptied" if is_emptied else "mass_delete")
        else:
            self._ledger.set_deletion_state("cleared", of="waiting")

    def due_looks(self, now: float) -> list[str]:
        """Return paths whose second look is due now; the answers come back to `looked`."""
        if now < self._next_turn or len(self._looking) + len(self._deleting) >= _LOOKS_AT_ONCE:
            return []
        self._next_turn = now + _RETRY_SECONDS
        paths: list[str] = []
        for state in ("approved", "cleared"):
            paths += self._page(state, _LOOKS_AT_ONCE - len(paths))
        paths += self._held_page(_LOOKS_AT_ONCE - len(paths))
        self._looking.update(paths)
        return paths

    def judge_due(self) -> float | None:
        """Return when the next judgement is due (monotonic seconds), or None."""
        if self._first_want_at is None:
            return None
        return min(
            self.last_want_at + self._grace_seconds,
            self._first_want_at + max(self._grace_seconds, _JUDGE_AT_LATEST_SECONDS),
        )

    def next_due(self) -> float | None:
        """Return when the next judgement or look is due (monotonic seconds), or None."""
        judge = self.judge_due()
        count = self._ledger.count_deletions
        has_work = count("cleared") or count("approved") or self._recheck_after is not None
        if not has_work or len(self._looking) + len(self._deleting) >= _LOOKS_AT_ONCE:
            return judge
        return self._next_turn if judge is None else min(judge, self._next_turn)

    def is_looking_at(self, path: str) -> bool:
        """Whether the answer to a second look at `path` is awaited."""
        return path in self._looking

    def looked(self, path: str, look: Look) -> Action | None:
        """Take the second look; return the deletion to plan, or None."""
        self._looking.discard(path)
        deletion = self._ledger.deletion(path)
        if deletion is None or isinstance(look, UnknownMark):
            return None
        if isinstance(look, LocalEntry):
            self.unwant(path)
            return None
        if deletion.state not in {"cleared", "approved"}:
            return None
        action = self._action_for(deletion)
        if action is None:
            self._ledger.drop_deletion(path)
            return None
        self._deleting[path] = deletion.state == "approved"
        return action

    def finished(self, path: str, now: float, *, is_deleted: bool) -> None:
        """Note that the deletion in flight came to an end; a failed one is found again by a look.

        An approved one that failed stays approved, and waits a little.
        """
        is_approved = self._deleting.pop(path, False)
        if is_deleted:
            self._ledger.log_deletion(path, self._wall(), is_approved=is_approved)
        if is_deleted or not is_approved:
            self._ledger.drop_deletion(path)
            self._next_turn = 0.0
        else:
            self._next_turn = now + _FAILED_SECONDS

    def approve(self) -> int:
        """A person confirms what is held now; return how many deletions that is."""
        count = self.held
        if self.hold_reason == "foreign" and count:
            self._ledger.set_meta("foreign_approved", "1")
        self._ledger.set_deletion_state("approved", of="held")
        self._end_hold()
        return count

    def release(self) -> None:
        """The reason of the hold is over by itself: judge what was held anew."""
        self._ledger.set_deletion_state("waiting", of="held")
        self._first_want_at = self.last_want_at
        self._end_hold()

    def _count_wanted(self) -> int:
        """Count deletions not carried out; a path whose file lives on elsewhere is a rename."""
        wanted = self.held
        after = ""
        while rows := self._ledger.deletions("waiting", after=after, limit=1000):
            after = rows[-1].path
            wanted += sum(not self._is_rename(row) for row in rows)
        return wanted + self._ledger.count_deletions("cleared")

    def _is_rename(self, deletion: Deletion) -> bool:
        row = self._ledger.baseline(deletion.path)
        if row is None:
            return False
        if self._is_inode_awaited(row.inode):
            return True
        others = self._ledger.by_inode(row.inode, row.size_bytes)
        return any(path != row.path and self._ledger.deletion(path) is None for path in others)

    def _page(self, state: str, limit: int) -> list[str]:
        rows = self._ledger.deletions(state, after=self._cursor[state], limit=max(0, limit))
        self._cursor[state] = rows[-1].path if rows else ""
        is_due = self._wall() - self._grace_seconds
        return [
            row.path
            for row in rows
            if row.first_seen_wall <= is_due
            and row.path not in self._looking
            and row.path not in self._deleting
            and not self._must_wait(row)
        ]

    def _held_page(self, limit: int) -> list[str]:
        if self._recheck_after is None or limit <= 0:
            return []
        rows = self._ledger.deletions("held", after=self._recheck_after, limit=limit)
        self._recheck_after = rows[-1].path if rows else None
        return [row.path for row in rows]

    def _is_wanted(self, path: str) -> bool:
        count = self._ledger.count_deletions
        if not (count("held") or count("waiting") or count("cleared") or count("approved")):
            return False  # nearly always: spares a query for every file
        return self._ledger.deletion(path) is not None

    def _must_wait(self, deletion: Deletion) -> bool:
        row = self._ledger.baseline(deletion.path)
        return row is not None and self._is_inode_awaited(row.inode)

    def _action_for(self, deletion: Deletion) -> Action | None:
        row = self._ledger.baseline(deletion.path)
        if row is not None:
            return Action(Kind.DELETE_REMOTE, row.path, None, row, None, 13, "retired")
        if deletion.foreign_etag is None or deletion.foreign_bytes is None:
            return None
        remote = RemoteEntry(
            deletion.path, deletion.foreign_bytes, deletion.foreign_etag, "STANDARD"
        )
        return Action(Kind.DELETE_REMOTE, remote.path, None, None, remote, 3, "foreign")

    def _hold(self, reason: str) -> None:
        self.hold_reason = reason
        self._ledger.set_meta("hold_reason", reason)
        self._ledger.set_deletion_state("held", of="waiting")
        self._ledger.set_deletion_state("held", of="cleared")
        self._forget_hash()
        self._log.warning("deletions.held", reason=reason, count=self.held, list=self.held_hash)

    def _end_hold(self) -> None:
        self.hold_reason = ""
        self._ledger.set_meta("hold_reason", "")
        self._forget_hash()
        self._next_turn = 0.0

    def _forget_hash(self) -> None:
        self._held_hash = None
