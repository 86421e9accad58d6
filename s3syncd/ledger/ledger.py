"""The face of the ledger: the four nouns over one connection, opened, closed, begun anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from s3syncd.ledger.deletions import DeletionTable
from s3syncd.ledger.intents import IntentTable
from s3syncd.ledger.opening import Opened, failure, open_readonly, open_writable, put_aside
from s3syncd.ledger.retries import RetryTable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Ledger"]


class Ledger(DeletionTable, IntentTable, RetryTable):
    """One site's ledger. Every method belongs to the thread that opened it.

    Attributes:
        path: the database file.
        was_fresh: the ledger began empty: a first start, or the old file was put aside.
        was_clean: the last process that wrote to it closed it (one that began empty counts as
            closed).
        put_aside: where a damaged or foreign file went, or None.
    """

    def __init__(self, path: Path, identity: str, opened: Opened) -> None:
        """Use `open` or `open_readonly`."""
        super().__init__(path)
        self._identity = identity
        self.was_fresh = opened.was_fresh
        self.was_clean = True
        self.put_aside = opened.put_aside
        self._adopt(opened.db)

    @classmethod
    def open(cls, path: Path, *, identity: str) -> Self:
        """Open the ledger for reading and writing; make it when there is none.

        A file that is damaged, or that speaks of another endpoint, bucket or prefix, is renamed to
        `<path>.corrupt-<n>` or `<path>.replaced-<n>` and an empty ledger is begun: that costs
        hashing, never data. After an unclean stop the whole file is checked first.

        Args:
            path: the database file; its directory is made when missing.
            identity: endpoint, bucket and prefix in one string.

        Raises:
            LedgerError: the file cannot be read or written, or was written by a newer s3syncd.
        """
        ledger = cls(path, identity, open_writable(path, identity))
        ledger.was_clean = ledger._begin_unclean()
        return ledger

    @classmethod
    def open_readonly(cls, path: Path, *, identity: str) -> Self:
        """Open the ledger for reading only, also while a daemon is writing to it.

        Where `open` would begin anew (no file, damaged, other identity) it reads as empty, and
        `was_fresh` is true. Every write raises LedgerError.

        Raises:
            LedgerError: the file cannot be read, or was written by another version of s3syncd.
        """
        ledger = cls(path, identity, open_readonly(path, identity))
        ledger.is_readonly = True
        return ledger

    def begin_anew(self) -> None:
        """Put the file aside as damaged and go on with an empty ledger and the open group.

        Raises:
            LedgerError: the new file cannot be made.
        """
        self._disconnect()
        try:
            self.put_aside = put_aside(self.path, "corrupt")
        except OSError as error:
            raise failure(self.path, error) from error
        opened = open_writable(self.path, self._identity)
        self.was_fresh = True
        self.is_damaged = False
        self._adopt(opened.db)
        self._begin_unclean()
        self._carry_out_again()

    def close(self) -> None:
        """Commit, note the clean stop, close. A second call does nothing.

        Raises:
            LedgerError: the open group could not be made durable; the ledger is closed anyway.
        """
        if self.is_readonly:
            self._disconnect()
            return
        self._close()
