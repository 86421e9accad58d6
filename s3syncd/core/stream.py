"""A sorted stream that comes in chunks, seen from its head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

__all__ = ["LAST", "Chunks", "Head"]

_Entry = TypeVar("_Entry", bound=tuple[object, ...])
Chunks: TypeAlias = Iterator[Sequence[_Entry] | None]

# Behind every path: S3 keys have at most 1,024 bytes and Linux paths 4,096, so none consists of
# 1,025 characters of four bytes each.
LAST: Final = "\U0010ffff" * 1025

_RUN: Final = 128
"""Paths compared at one go. Longer runs are no faster; each change met costs a copy of a run."""


class Head(Generic[_Entry]):
    """The next entry of one stream, and the chunk it stands in."""

    __slots__ = ("_chunks", "chunk", "index", "path")

    def __init__(self, chunks: Chunks[_Entry]) -> None:
        self._chunks: Chunks[_Entry] | None = chunks
        self.chunk: Sequence[_Entry] = ()
        self.index = 0
        self.path = ""

    def load(self) -> bool:
        """Set `path` to the next entry's; False when the source has nothing yet."""
        while self.index >= len(self.chunk):
            if self._chunks is None:
                self.path = LAST
                return True
            try:
                chunk = next(self._chunks)
            except StopIteration:
                self.end()
                continue
            if chunk is None:
                return False
            self.chunk, self.index = chunk, 0
        self.path = str(self.chunk[self.index][0])
        return True

    def head(self) -> _Entry | None:
        """Give the next entry without taking it, or None at the end."""
        return None if self.path is LAST else self.chunk[self.index]

    def run(self) -> Sequence[_Entry]:
        """Give a stretch of the chunk from the head on."""
        return self.chunk[self.index : self.index + _RUN]

    def take(self, path: str) -> _Entry | None:
        """Give the entry at `path` and go on, or None if the head is another path."""
        if self.path != path:
            return None
        self.index += 1
        return self.chunk[self.index - 1]

    def end(self) -> None:
        """Let nothing follow."""
        self._chunks, self.chunk, self.index = None, (), 0
