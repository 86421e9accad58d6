"""What would be held of a plan: the guards of the site, judged before anything is done."""

from __future__ import annotations

from s3syncd.core.entry import Action, Kind
from s3syncd.core.reconcile import Tally
from s3syncd.core.safety import is_root_emptied, judge_mass_delete
from s3syncd.ledger import Ledger

__all__ = ["Forecast"]

_DAY_SECONDS = 86_400.0


class Forecast:
    """Takes the actions of a plan, then tells which guard would hold some of them.

    Remembers the wanted deletions, and inodes and sizes of the wanted uploads: as much as is to be
    done, not as much as there is.
    """

    def __init__(self, ledger: Ledger, *, max_delete: int | None) -> None:
        self._ledger = ledger
        self._max_delete = max_delete
        self._deleted: dict[str, int | None] = {}
        self._sent: set[tuple[int, int]] = set()
        self._has_foreign = False
        self._has_drift = False

    def note(self, action: Action) -> None:
        """Take one action of the plan."""
        if action.kind is Kind.DELETE_REMOTE:
            self._note_deletion(action)
        elif action.kind is Kind.CONFLICT:
            self._has_drift = True
        elif action.local is not None:
            self._sent.add((action.local.inode, action.local.size_bytes))

    def reason(self, tally: Tally, *, wall: float) -> str | None:
        """Name the guard that would hold some of the plan, or None; `wall`: epoch seconds."""
        ledger = self._ledger
        if self._deleted and is_root_emptied(ledger.count()[0], tally.local_files, True):
            return "root_emptied"
        if self._deleted and ledger.count_deletions("held"):
            return ledger.meta("hold_reason") or "mass_delete"
        if self._is_mass_delete(wall):
            return "mass_delete"
        if self._has_foreign:
            return "foreign"
        return "drift" if self._has_drift else None

    def _note_deletion(self, action: Action) -> None:
        known = self._ledger.deletion(action.path)
        if known is not None and known.state == "approved":
            return  # a person has confirmed it
        if action.baseline is None:
            self._has_foreign = self._has_foreign or not self._ledger.meta("foreign_approved")
        self._deleted[action.path] = action.baseline.inode if action.baseline else None

    def _is_mass_delete(self, wall: float) -> bool:
        if not self._deleted:
            return False
        day_ago = wall - _DAY_SECONDS
        return judge_mass_delete(
            wanted=sum(not self._is_rename(path) for path in self._deleted),
            carried_out_unapproved_24h=self._ledger.deletions_logged_since(day_ago),
            baseline_count_24h_ago=self._ledger.baseline_count_at(day_ago),
            max_delete=self._max_delete,
        )

    def _is_rename(self, path: str) -> bool:
        """Whether the file lives on elsewhere in the site: under a new name, or another link."""
        inode, row = self._deleted[path], self._ledger.baseline(path)
        if inode is None or row is None:
            return False
        is_sent = (inode, row.size_bytes) in self._sent
        names = self._ledger.other_names(row)
        return is_sent or any(other not in self._deleted for other in names)
