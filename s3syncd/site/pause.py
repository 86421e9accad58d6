"""Whether a person has paused the site, and since when; kept over restarts. Site thread only."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.ledger import Ledger

__all__ = ["Pause"]

_PAUSED, _PAUSED_AT = "paused", "paused_at"  # keys of the ledger


class Pause:
    """The pause of one site.

    Args:
        ledger: remembers it.
        clock: monotonic seconds.
        wall: seconds since the epoch.
    """

    def __init__(
        self, ledger: Ledger, *, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._wall = wall
        self.since_wall: float | None = None
        self._since = 0.0
        if ledger.meta(_PAUSED) == "1":
            written = ledger.meta(_PAUSED_AT)  # not by versions before this one
            self.since_wall = wall() if written is None else float(written)
            self._since = clock() - max(0.0, wall() - self.since_wall)

    @property
    def is_on(self) -> bool:
        """Whether the site is paused."""
        return self.since_wall is not None

    @property
    def since(self) -> float | None:
        """When it began, by the monotonic clock, which never leaps; None: it is not on."""
        return self._since if self.is_on else None

    def begin(self) -> None:
        """Pause."""
        self.since_wall, self._since = self._wall(), self._clock()
        self._ledger.set_meta(_PAUSED, "1")
        self._ledger.set_meta(_PAUSED_AT, repr(self.since_wall))

    def end(self) -> None:
        """Go on."""
        self.since_wall = None
        self._ledger.set_meta(_PAUSED, None)
        self._ledger.set_meta(_PAUSED_AT, None)
