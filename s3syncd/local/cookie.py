"""A sign of life: a touch in a directory of our own that must come back as an event.

A reader that is alive as a thread can still be deaf. Whoever touches and hears nothing knows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["Cookie"]

LATE_SECONDS: Final = 10.0
"""A full kernel queue (16,384 events) is read in 0.1 s; this leaves room for a starved machine."""


class Cookie:
    """One touch at a time. `touch` and `is_late` are called by one thread, `answer` by any.

    Args:
        directory: private to this watcher; made if missing. Never inside a root.

    Attributes:
        proved_at: when a sign was last seen to have come back (monotonic seconds), over all
            readers; None: no signs can be sent.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.wd = -1
        self.proved_at: float | None = None
        self._sent_at: float | None = None
        self._is_answered = False

    def prepare(self) -> bool:
        """Make the directory and the file; tell whether that was possible."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file.touch()
        except OSError:
            return False
        return True

    def touch(self, now: float) -> None:
        """Send a sign, unless the one before is still out. `now`: monotonic seconds."""
        if self.wd < 0:
            self.proved_at = None
            return
        if self._is_answered or self.proved_at is None:
            self._is_answered, self.proved_at = False, now
        if self._sent_at is not None:
            return
        self._sent_at = now
        try:
            os.utime(self._file)
        except OSError:
            self._sent_at = self.proved_at = None  # nothing was sent, so nothing can be said

    def answer(self, wd: int) -> bool:
        """Take an event of descriptor `wd`; tell whether it was ours."""
        if wd != self.wd:
            return False
        self._sent_at, self._is_answered = None, True
        return True

    def is_late(self, now: float) -> bool:
        """Tell whether the sign has been out for too long. `now`: monotonic seconds."""
        sent_at = self._sent_at
        return sent_at is not None and now - sent_at > LATE_SECONDS

    def reset(self) -> None:
        """Forget watch and sign: another reader begins."""
        self.wd = -1
        self._sent_at, self._is_answered = None, False

    @property
    def _file(self) -> Path:
        return self.directory / "cookie"
