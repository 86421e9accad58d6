"""Deletions kept back until a person approves exactly the list that was shown.

Rows in the ledger, so a hold survives a restart and a million held paths cost no memory. Owned by
the site thread.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3syncd.core.safety import REASONS, list_hash
from s3syncd.ledger import Ledger
from s3syncd.site.parts import Log

__all__ = ["Hold", "held_list"]

_PAGE_ROWS = 1_000
_WORD = "hold_reason"  # keys of the ledger
_HAS_FOREIGN = "has_foreign_held"
_FOREIGN_APPROVED = "foreign_approved"
_FOREIGN_HINT = (
    "retire_foreign meets objects that this site never put: look at the list, then confirm it: "
    "`s3syncd approve SITE --list HASH`."
)


class Hold:
    """What is held of one site's deletions, and why.

    The word for it is a guard's, or `foreign`: objects this site never put, met the first time.
    """

    def __init__(self, ledger: Ledger, log: Log) -> None:
        self._ledger = ledger
        self._log = log
        self._word = ledger.meta(_WORD) or ""
        self._hash: str | None = None

    @property
    def count(self) -> int:
        """How many deletions are held."""
        return self._ledger.count_deletions("held")

    @property
    def reason(self) -> str:
        """The guard that holds, or empty. Foreign objects are held as a mass deletion is."""
        if not self.count:
            return ""
        return self._word if self._word in REASONS else "mass_delete"

    @property
    def hint(self) -> str:
        """What the operator can do about it."""
        if self.count and self._word == "foreign":
            return _FOREIGN_HINT
        return REASONS[self.reason].remedy if self.reason else ""

    @property
    def list_hash(self) -> str | None:
        """Hash of the list, or None when nothing is held. Reads the list when it has changed."""
        if not self.count:
            return None
        if self._hash is None:
            self._hash = list_hash(_paths(self._ledger))
        return self._hash

    @property
    def lets_foreign_pass(self) -> bool:
        """Whether a person has agreed to retire objects that this site never put."""
        return self._ledger.meta(_FOREIGN_APPROVED) is not None

    def paths(self) -> list[str]:
        """Return the held paths, sorted. Reads them all: for people, not for the loop."""
        return list(_paths(self._ledger))

    def foreign_met(self) -> None:
        """An object that this site never put was added to the list."""
        if not self.reason or not self._word:
            self._set_word("foreign")
        if self._ledger.meta(_HAS_FOREIGN) is None:
            self._ledger.set_meta(_HAS_FOREIGN, "1")
        self.changed()

    def begin(self, reason: str) -> None:
        """Hold every deletion that is not approved."""
        self._set_word(reason)
        self._ledger.set_deletion_state("held", of="waiting")
        self._ledger.set_deletion_state("held", of="cleared")
        self.changed()
        self._log.warning("deletions.held", reason=reason, count=self.count, list=self.list_hash)

    def changed(self) -> None:
        """The list is another one now."""
        self._hash = None

    def approve(self) -> int:
        """A person confirms what is held now; return how many deletions that is."""
        count = self.count
        if count and self._ledger.meta(_HAS_FOREIGN) is not None:
            self._ledger.set_meta(_FOREIGN_APPROVED, "1")
            self._ledger.set_meta(_HAS_FOREIGN, None)
        self._ledger.set_deletion_state("approved", of="held")
        self._end()
        return count

    def release_emptied(self) -> bool:
        """The root is not empty any more: let what was held for that be judged anew.

        Foreign objects that nobody has agreed to stay held. Return whether anything was released.
        """
        if self._word != "root_emptied":
            return False
        after = ""
        while rows := self._ledger.deletions("held", after=after, limit=_PAGE_ROWS):
            after = rows[-1].path
            ours = [r.path for r in rows if r.foreign_etag is None or self.lets_foreign_pass]
            self._ledger.set_deletion_state("waiting", of="held", paths=ours)
        self._end()
        if self.count:
            self._set_word("foreign")
        return True

    def _end(self) -> None:
        self._set_word("")
        self.changed()

    def _set_word(self, word: str) -> None:
        self._word = word
        self._ledger.set_meta(_WORD, word or None)


def held_list(ledger: Ledger) -> str | None:
    """Give the hash of the list that a ledger holds, without its site; None: nothing is held."""
    return list_hash(_paths(ledger)) if ledger.count_deletions("held") else None


def _paths(ledger: Ledger) -> Iterator[str]:
    """Yield what is held, sorted; page by page, for it may be a million."""
    after = ""
    while rows := ledger.deletions("held", after=after, limit=_PAGE_ROWS):
        yield from (row.path for row in rows)
        after = rows[-1].path
