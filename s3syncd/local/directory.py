"""One directory: its names in key order, and what stands behind them.

Names are sorted, then looked at in slices: a directory of a million files costs its names, not its
stats. A regular file is one name `f`; a directory `d/`; a link or special file both `s` and `s/`,
because neither a file nor anything below can be judged there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, TypeAlias

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.paths import Scope
from s3syncd.local.files import reason_of

__all__ = ["SLICE_NAMES", "Directory", "Item"]

SLICE_NAMES: Final = 4_096
"""Names looked at in one go (1.5 MiB of entries); a larger directory is opened for each slice."""

Item: TypeAlias = LocalEntry | UnknownMark

Skip: TypeAlias = Callable[[str, int, os.DirEntry[str]], None]

_KIND: Final = 0o170000  # the bits of st_mode that tell what a file is (inode(7))

# Builds the named tuple from a tuple in 0.1 us; its own constructor takes three times that.
_as_entry: Any = partial(tuple.__new__, LocalEntry)


class Directory:
    """The sorted names of one open directory.

    Args:
        prefix: `a/b/`, or empty for the root.
        fd: the directory; used during construction only.
        scope: names that it does not select, and directories that it prunes, are left out.
        lost_mounts: paths (`a/b/m/`) below `prefix` that are unknown if nothing leads there.
        skip: called with each path whose name is not UTF-8, the open directory and the entry.

    Raises:
        OSError: it could not be read to its end, so that nothing is known of it.
    """

    __slots__ = ("_marked", "inode", "names", "prefix")

    def __init__(
        self,
        prefix: str,
        fd: int,
        scope: Scope,
        *,
        lost_mounts: Iterable[str],
        skip: Skip,
    ) -> None:
        self.prefix = prefix
        self.inode = os.fstat(fd).st_ino
        self._marked: dict[str, str] = {}
        self.names: list[str] = []
        self._read(fd, scope, skip)
        self._mark_lost(lost_mounts)
        self.names.sort()

    def judge(self, fd: int, start: int) -> list[Item | str]:
        """Look at the slice of names from `start` on.

        Returns:
            Entries and marks in order; a str (`a/b/`) for each directory.
        """
        found: list[Item | str] = []
        add = found.append
        prefix = self.prefix
        look, regular, kind, as_entry = os.lstat, stat.S_IFREG, _KIND, _as_entry
        for name in self.names[start : start + SLICE_NAMES]:
            if name[-1] == "/":
                add(self._below(prefix + name, name))
                continue
            try:
                seen = look(name, dir_fd=fd)
            except FileNotFoundError:
                continue  # gone since it was listed
            except OSError as error:
                add(UnknownMark(prefix + name, reason_of(error)))
                continue
            mode = seen.st_mode
            if mode & kind == regular:
                add(
                    as_entry(
                        (
                            prefix + name,
                            seen.st_size,
                            seen.st_mtime_ns,
                            seen.st_ctime_ns,
                            seen.st_ino,
                            mode,
                        )
                    )
                )
            elif not stat.S_ISDIR(mode):  # a directory by now: its own hint is on the way
                add(UnknownMark(prefix + name, _word_for(mode)))
        return found

    def give_up(self, start: int, reason: str) -> list[Item | str]:
        """Mark the slice of names from `start` on: the directory is not the one that was read."""
        return [
            UnknownMark(self.prefix + name, reason)
            for name in self.names[start : start + SLICE_NAMES]
        ]

    def _below(self, path: str, name: str) -> Item | str:
        reason = self._marked.get(name) if self._marked else None
        return path if reason is None else UnknownMark(path, reason)

    def _read(self, fd: int, scope: Scope, skip: Skip) -> None:
        names, prefix, is_selected = self.names, self.prefix, scope.is_selected
        takes_all = scope.takes_all
        with os.scandir(fd) as entries:
            for entry in entries:
                name = entry.name
                if not name.isascii() and not _is_utf8(name):
                    skip(prefix + name, fd, entry)
                elif entry.is_file(follow_symlinks=False):
                    if takes_all or is_selected(prefix + name):
                        names.append(name)
                elif scope.is_pruned(f"{prefix}{name}/"):
                    if not entry.is_dir(follow_symlinks=False) and is_selected(prefix + name):
                        names.append(name)
                elif entry.is_dir(follow_symlinks=False):
                    names.append(name + "/")
                else:
                    self._mark_special(name, entry, is_selected(prefix + name))

    def _mark_special(self, name: str, entry: os.DirEntry[str], is_selected: bool) -> None:
        if is_selected:
            self.names.append(name)
        self.names.append(name + "/")
        self._marked[name + "/"] = "symlink" if entry.is_symlink() else "special_file"

    def _mark_lost(self, lost_mounts: Iterable[str]) -> None:
        """A mount whose way is gone leaves no name behind: it is put in as a mark."""
        present: set[str] | None = None
        for path in lost_mounts:
            if present is None:
                present = {name for name in self.names if name[-1] == "/"}
            rest = path[len(self.prefix) :]
            if rest[: rest.find("/") + 1] not in present:
                self.names.append(rest)
                self._marked[rest] = "mount_missing"


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _word_for(mode: int) -> str:
    return "symlink" if stat.S_ISLNK(mode) else "special_file"
