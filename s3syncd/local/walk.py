"""One walk over a directory and what is below, in the order in which S3 lists keys.

Names of directories compare with a trailing slash, so that `a.txt` comes before what is in `a/`.
No descriptor is kept between two steps: a walk may pause for hours, and must neither pin a mount
nor believe an old directory. Each directory is opened from the root, component by component,
following no link, so that no loop is possible and a directory moved away meanwhile is not read
under its old name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from typing import Final, Protocol, TypeAlias

from s3syncd.core.entry import UnknownMark
from s3syncd.core.paths import Scope
from s3syncd.local.directory import SLICE_NAMES, Directory, Item
from s3syncd.local.files import lstat_path, reason_of
from s3syncd.local.identity import open_directory
from s3syncd.local.inner import InnerMounts
from s3syncd.local.nameless import Nameless

__all__ = ["MAX_ENTRIES", "Step", "Walk", "Watch"]

MAX_ENTRIES: Final = 512
"""Entries of a batch, and directories visited for one: some 2-20 ms between two looks."""

Step: TypeAlias = tuple[list[Item], bool]


class Watch(Protocol):
    """What scans need of the watcher."""

    def watch(self, path: str, fd: int) -> bool:
        """Begin to hear of changes in the open directory; False where that is not possible."""

    def meet(self, path: str) -> None:
        """Take note of a directory that was seen and is not gone into."""

    def begin_scan(self) -> None:
        """A full scan begins: every directory will be told to `watch` again."""

    def end_scan(self) -> None:
        """A full scan was complete: what it did not tell to `watch` is no part of the tree."""


class Walk:
    """The state of one walk that outlives a step.

    Args:
        scope: what is selected; the rest is neither told nor, where pruned, read.
        prefix: where to begin: `a/b/`, or empty for the root.
        is_recursive: False stays in that directory.
        watch: told of each directory before it is listed.
        mounts: what is known of mounts.

    Attributes:
        root_fd: the root; set anew by the owner before each step, valid for that step alone.
        nameless: names met that are not UTF-8.
    """

    def __init__(
        self,
        scope: Scope,
        *,
        prefix: str,
        is_recursive: bool,
        watch: Watch | None,
        mounts: InnerMounts,
    ) -> None:
        self._scope = scope
        self._prefix = prefix
        self._is_recursive = is_recursive
        self._watch = watch
        self._mounts = mounts
        self.root_fd = -1
        self.nameless = Nameless()

    def steps(self) -> Iterator[Step]:
        """Yield (entries, is_last); entries may be empty. Nothing that a tree holds raises."""
        if reason := self._mounts.reason_above(self.root_fd, self._prefix):
            yield [UnknownMark(self._prefix, reason)], True
            return
        batch: list[Item] = []
        visited = 0
        stack = [chain.from_iterable(self._slices(self._prefix))]
        while stack:
            for item in stack[-1]:
                if isinstance(item, str):
                    stack.append(chain.from_iterable(self._slices(item)))
                    visited += 1
                    break
                batch.append(item)
                if len(batch) >= MAX_ENTRIES:
                    yield batch, False
                    batch, visited = [], 0
            else:
                stack.pop()
            if visited >= MAX_ENTRIES:
                yield batch, False
                batch, visited = [], 0
        yield batch, True

    def _slices(self, prefix: str) -> Iterator[list[Item | str]]:
        """Read one directory: its items in order, with a str for each directory to go into."""
        found, directory = self._begin(prefix)
        yield found
        if directory is not None:
            for start in range(SLICE_NAMES, len(directory.names), SLICE_NAMES):
                yield self._later_slice(directory, start)

    def _begin(self, prefix: str) -> tuple[list[Item | str], Directory | None]:
        try:
            fd = open_directory(self.root_fd, prefix)
        except OSError as error:
            return self._unopened(prefix, error), None
        try:
            if reason := self._mounts.judge(prefix, fd):
                return [UnknownMark(prefix, reason)], None
            if self._watch is not None:
                self._watch.watch(prefix, fd)  # watch, then list: nothing can fall between
            directory = Directory(
                prefix,
                fd,
                self._scope,
                lost_mounts=self._mounts_below(prefix),
                skip=self.nameless.meet,
            )
            return self._kept(directory.judge(fd, 0)), directory
        except OSError as error:
            return [UnknownMark(prefix, reason_of(error))], None
        finally:
            os.close(fd)

    def _later_slice(self, directory: Directory, start: int) -> list[Item | str]:
        try:
            fd = open_directory(self.root_fd, directory.prefix)
        except OSError as error:
            return directory.give_up(start, reason_of(error))
        try:
            if os.fstat(fd).st_ino != directory.inode:
                return directory.give_up(start, "io_error")
            return self._kept(directory.judge(fd, start))
        finally:
            os.close(fd)

    def _kept(self, found: list[Item | str]) -> list[Item | str]:
        if self._is_recursive:
            return found
        kept: list[Item | str] = []
        for item in found:
            if not isinstance(item, str):
                kept.append(item)
            elif self._watch is not None:
                self._watch.meet(item)
        return kept

    def _unopened(self, prefix: str, error: OSError) -> list[Item | str]:
        """Tell what it means that a directory cannot be opened."""
        look = lstat_path(self.root_fd, prefix[:-1]) if prefix else UnknownMark("", "io_error")
        if look == "directory":
            return [UnknownMark(prefix, reason_of(error))]
        if isinstance(look, UnknownMark):
            return [UnknownMark(prefix, look.reason)]
        return [UnknownMark(path, "mount_missing") for path in sorted(self._mounts_below(prefix))]

    def _mounts_below(self, prefix: str) -> list[str]:
        if not self._is_recursive:
            return []
        return [
            path
            for path in self._mounts.stored
            if path.startswith(prefix) and path != prefix and not self._scope.is_pruned(path)
        ]
