"""Files that change all the time: a problem each, and how long to leave them alone.

Owned by the site thread.
"""

from __future__ import annotations

from typing import Final

from s3syncd.site.problems import Problems

__all__ = ["Unstable"]

_WAIT_SECONDS: Final = (60.0, 120.0, 240.0, 300.0)  # after the first time, the second, and so on
_KEPT: Final = 1_000  # counted one by one (0.1 MiB); others wait as after the first time


class Unstable:
    """The unstable files of one site."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._times: dict[str, int] = {}

    def met(self, path: str) -> float:
        """A file changed through its deadline; return the seconds to leave it alone."""
        times = self._times.get(path, 0)
        if len(self._times) < _KEPT or times:
            self._times[path] = times + 1
        self._problems.note(path, "unstable")
        return _WAIT_SECONDS[min(times, len(_WAIT_SECONDS) - 1)]

    def end(self, path: str) -> None:
        """A file is in the bucket, or gone."""
        if self._times.pop(path, None) is not None:
            self._problems.clear(path)
