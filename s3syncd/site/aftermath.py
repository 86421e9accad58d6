"""What a machine that went down may have done to files: the first look after it says so.

A file renamed into place, or rewritten, and not yet written to the disk comes back empty after a
power cut. Such a file is sent like any other, since nobody can tell it from one that was emptied on
purpose, but never without a word: its content may be in a backup, or in an older version of the
object. Owned by the site thread.
"""

from __future__ import annotations

from s3syncd.core.entry import Action, Kind
from s3syncd.ledger import Ledger
from s3syncd.site.parts import Log
from s3syncd.site.problems import EMPTIED, Problems

__all__ = ["Aftermath"]

_BOOT = "boot_id"  # keys of the ledger
_IS_OPEN = "aftermath"


class Aftermath:
    """Reports the files that are empty since an unclean boot, until the site is in sync.

    The machine has been started anew and the ledger was not closed before: so it went down under
    the daemon. Where a restart of the daemon comes in between, it goes on.

    Args:
        boot_id: of this boot; empty where the system does not tell, and then nothing is reported.

    Attributes:
        is_open: files found empty now are reported.
    """

    def __init__(self, ledger: Ledger, problems: Problems, log: Log, *, boot_id: str) -> None:
        self._ledger = ledger
        self._problems = problems
        before = ledger.meta(_BOOT)
        is_unclean = not ledger.was_clean and bool(before) and bool(boot_id) and before != boot_id
        self.is_open = is_unclean or ledger.meta(_IS_OPEN) == "1"
        if boot_id and before != boot_id:
            ledger.set_meta(_BOOT, boot_id)
        if is_unclean:
            ledger.set_meta(_IS_OPEN, "1")
            log.warning("site.boot_unclean", hint="files that are empty now are reported")

    def met(self, action: Action) -> None:
        """See an action that is about to be carried out."""
        if action.kind is not Kind.UPLOAD or action.local is None:
            return
        was = action.baseline.size_bytes if action.baseline is not None else 0
        if was and not action.local.size_bytes:
            self._problems.note(action.path, EMPTIED)

    def in_sync(self) -> None:
        """The site is in sync: a file that is emptied from now on was not by the boot."""
        if self.is_open:
            self.is_open = False
            self._ledger.set_meta(_IS_OPEN, None)
