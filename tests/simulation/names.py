"""Follows files over their names."""

from __future__ import annotations

from collections.abc import Iterator

from tests.strict.diary import Diary

__all__ = ["Names"]


class Names:
    """Which file was renamed to which name, and when (seconds of the store's clock)."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary
        self._renames: dict[tuple[str, float], str] = {}

    def renamed(self, old: str, new: str, at: float) -> None:
        """A file got another name."""
        self._renames[old, at] = new

    def since(self, path: str, at: float, *, until: float) -> Iterator[str]:
        """Give the names that a file has had since it was renamed from a path at a time."""
        name = self._renames.get((path, at))
        if name is not None:
            yield name
            for line in self._diary.of(name):
                if line.digest is None and at < line.at <= until:
                    yield from self.since(name, line.at, until=until)

    def before(self, path: str, at: float) -> Iterator[tuple[str, float]]:
        """Give the names that a file had before the one it had at a time, and until when."""
        came = [(when, old) for (old, when), new in self._renames.items() if new == path]
        when, old = max((each for each in came if each[0] <= at), default=(at, ""))
        if old:
            yield old, when
            yield from self.before(old, when)
