"""The diary of a user: what stood at which path since when, written before each change is made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Diary", "Line", "digest_of"]


class Line(NamedTuple):
    """From `at` (epoch seconds) on a path holds content of this digest; None: nothing."""

    at: float
    digest: str | None


def digest_of(content: bytes) -> str:
    """Give what the diary, and the store's history, know a content by: MD5, in hexadecimal."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class Diary:
    """What one user did to the files of a site.

    A line is to be written before the change that it tells: whoever acts on the change then does so
    later than the line says, on any clock that is the same for both.
    """

    def __init__(self) -> None:
        self._lines: dict[str, list[Line]] = {}
        self._rests: dict[str, list[tuple[float, float]]] = {}

    def wrote(self, path: str, content: bytes, at: float) -> None:
        """Note that a path gets a content."""
        self._add(path, Line(at, digest_of(content)))

    def removed(self, path: str, at: float) -> None:
        """Note that a path is deleted."""
        self._add(path, Line(at, None))

    def renamed(self, old: str, new: str, at: float) -> None:
        """Note that what is at a path goes to another one."""
        digest = self._lines[old][-1].digest
        self._add(old, Line(at, None))
        self._add(new, Line(at, digest))

    def rested(self, path: str, since: float, until: float) -> None:
        """Note that a change of a path stood half done for longer than a site has to wait."""
        self._rests.setdefault(path, []).append((since, until))

    def may_be_torn(self, path: str, at: float, *, late_seconds: float) -> bool:
        """Whether what arrives then may have been read while a change stood half done."""
        return any(
            since <= at <= until + late_seconds for since, until in self._rests.get(path, ())
        )

    def of(self, path: str) -> list[Line]:
        """Give what stood at a path, one after the other."""
        return list(self._lines.get(path, ()))

    def files(self) -> dict[str, str]:
        """Give what there is now: path -> digest."""
        return {
            path: lines[-1].digest
            for path, lines in self._lines.items()
            if lines[-1].digest is not None
        }

    def __iter__(self) -> Iterator[tuple[str, list[Line]]]:
        return iter(self._lines.items())

    def has(self, path: str, *, at: float) -> bool:
        """Tell whether there is anything at a path at a time."""
        lines = [line for line in self._lines.get(path, ()) if line.at <= at]
        return bool(lines) and lines[-1].digest is not None

    def is_at(self, path: str, digest: str, *, since: float, at: float) -> bool:
        """Tell whether a path got a content at one time and still has it at a later one."""
        state = None
        for line in self._lines.get(path, ()):
            if line.at <= at:
                state = line
        return state == Line(since, digest)

    def has_stood(self, path: str, digest: str, *, since: float | None, until: Line) -> bool:
        """Tell whether a file of a content stood from a time (None: ever) to its end.

        One that was written again since, were it with the same bytes, may be another file.
        """
        lines = self._lines[path][: self._lines[path].index(until)]
        starts = [
            place for place, line in enumerate(lines)
            if line.digest == digest and (since is None or line.at <= since)
        ]  # fmt: skip
        return bool(starts) and starts[-1] == len(lines) - 1

    def _add(self, path: str, line: Line) -> None:
        self._lines.setdefault(path, []).append(line)
