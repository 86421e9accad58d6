"""The first look at what a person approved: it may be days and a restart since it was seen gone.

A deletion takes two looks of this process, a grace apart. Those of the other deletions begin with
the look that found the file gone; those of an approved one begin here. Owned by the site thread.
"""

from __future__ import annotations

from s3syncd.ledger import Ledger

__all__ = ["Confirmation"]


class Confirmation:
    """First looks at the approved deletions of one site."""

    def __init__(self, ledger: Ledger, *, grace_seconds: float) -> None:
        self._ledger = ledger
        self._grace_seconds = grace_seconds
        self._after: str | None = None
        self._asked: set[str] = set()
        self._seen_at: float | None = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether first looks are to be asked for, or their answers are awaited."""
        return self._after is not None or bool(self._asked)

    def begin(self) -> None:
        """Look at everything approved; nothing of it goes before that and the grace."""
        self._asked.clear()
        self._after = "" if self._ledger.count_deletions("approved") else None
        self._seen_at = None

    def page(self, limit: int) -> list[str]:
        """Return up to `limit` paths to look at now."""
        if self._after is None or limit <= 0:
            return []
        rows = self._ledger.deletions("approved", after=self._after, limit=limit)
        self._after = rows[-1].path if rows else None
        paths = [row.path for row in rows]
        self._asked.update(paths)
        return paths

    def is_first_look(self, path: str) -> bool:
        """Take an answer, or that none is wanted any more; whether a first look was awaited."""
        if path not in self._asked:
            return False
        self._asked.discard(path)
        return True

    def is_over(self, now: float) -> bool:
        """Whether all were seen, and the grace has passed since that was first met here."""
        if self.is_open:
            return False
        if self._seen_at is None:
            self._seen_at = now
        return now >= self._seen_at + self._grace_seconds
