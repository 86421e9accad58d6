"""Many files rewritten within an hour: said aloud, since it may be nobody's wish.

It stops nothing. No rule tells ransomware from a new release, and what stood there before is in the
versions of a bucket that keeps them. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Action
from s3syncd.core.plural import counted
from s3syncd.core.safety import is_mass_rewrite
from s3syncd.ledger import Ledger
from s3syncd.site.parts import Log

__all__ = ["Rewrites"]

_HOUR_SECONDS = 3_600.0
_DAY_SECONDS = 86_400.0  # how often it is said again while it goes on
_NS_PER_SECOND = 1_000_000_000
_HINT = (
    "If nobody meant that, stop the daemon or `s3syncd pause`: the versions of the bucket, where it"
    " keeps them, hold what stood there before (`s3syncd restore --at`)."
)


class Rewrites:
    """Counts the files of one site whose known content was replaced, each once in an hour.

    Args:
        wall: seconds since the epoch.
    """

    def __init__(self, ledger: Ledger, log: Log, *, wall: Callable[[], float]) -> None:
        self._ledger = ledger
        self._log = log
        self._wall = wall
        self._began = wall()
        self._count = 0
        self._told_at = float("-inf")

    def put(self, action: Action) -> None:
        """Take the upload of a file that was not as it was known; it was carried out."""
        known = action.baseline
        if known is None:
            return
        now = self._wall()
        if not 0 <= now - self._began < _HOUR_SECONDS:
            self._began, self._count = now, 0
        if known.ctime_ns >= self._began * _NS_PER_SECOND:
            return  # it was rewritten in this hour before
        self._count += 1
        is_told = 0 <= now - self._told_at < _DAY_SECONDS
        if not is_told and is_mass_rewrite(self._count, self._ledger.count()[0]):
            self._told_at = now
            self._log.warning(
                "files.rewritten",
                count=self._count,
                hint=f"{counted(self._count, 'file')} got other content within an hour. {_HINT}",
            )
