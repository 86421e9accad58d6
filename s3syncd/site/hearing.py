"""What the watcher heard, taken up by the site. Owned by the site thread."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.site.looks import Looks
from s3syncd.site.messages import Hinted
from s3syncd.site.parts import Parts
from s3syncd.site.problems import Problems
from s3syncd.site.schedule import Schedule

__all__ = ["Hearing"]

_BEAT_SECONDS = 5.0  # the watcher is cared for this often


class Hearing:
    """Cares for the watcher and empties its hint table.

    Attributes:
        has_news: the table holds something that was not taken up yet.
        overflows: how often the kernel has dropped events.
        unwatched: how many directories are scanned in turn.
        proved_at: when the watcher last proved to hear; None: it cannot be told.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        schedule: Schedule,
        looks: Looks,
        problems: Problems,
        on_root_lost: Callable[[float], None],
    ) -> None:
        self._parts = parts
        self._schedule = schedule
        self._looks = looks
        self._on_root_lost = on_root_lost
        self._problems = problems
        self._next_beat = float("-inf")
        self.has_news = False
        self.overflows = 0
        self.unwatched = 0
        self.proved_at: float | None = None

    def beat(self, now: float) -> None:
        """Care for the watches, and show what cannot be watched."""
        watcher = self._parts.watcher
        if watcher is not None and now >= self._next_beat:
            self._next_beat = now + _BEAT_SECONDS
            watcher.beat(now)
            told = watcher.status()
            self.overflows, self.unwatched = told.overflows, told.unwatched
            self.proved_at = told.proved_at
            self._problems.renew("unwatched", told.unwatched_sample)

    def hinted(self, _message: Hinted, _now: float) -> None:
        """The table has something."""
        self.has_news = True

    def advance(self, now: float) -> None:
        """Take what was heard."""
        if not self.has_news:
            return
        self.has_news = False
        hints = self._parts.hints.take()
        if hints.root_lost:
            self._on_root_lost(now)
        if hints.is_doubt:
            self._parts.log.debug("watch.doubt", reason=hints.doubt_reason)
            self._schedule.timetable.doubt(now)
        for directory, is_recursive in hints.directories.items():
            self._schedule.want_directory(directory, is_recursive=is_recursive)
        self._looks.hinted(hints)
