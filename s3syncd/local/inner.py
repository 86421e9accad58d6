"""The file systems mounted inside a root: those that belong to the tree, and those that do not.

One that is there before anything below it is known belongs to the tree, and is missed when it goes.
One that comes later over files that are known hides them: nobody deleted those, nor wrote what is
seen in their place. So all at and under it is unknown until the site accepts it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Look
from s3syncd.core.safety import RootIdentity, is_same_tree
from s3syncd.local.files import lstat_path
from s3syncd.local.identity import identity_of, open_directory
from s3syncd.local.mounts import Mounts

__all__ = ["InnerMounts", "Known", "Occupant", "identity_at"]

Occupant = RootIdentity | None
"""What a person or the site accepts at a mount's place; None: that it is gone for good."""

_MISSING, _NEW = "mount_missing", "mount_new"  # reasons of marks


class Known(Protocol):
    """What is known of a file."""

    @property
    def path(self) -> str:
        """Site-relative."""

    @property
    def size_bytes(self) -> int:
        """Its size."""

    @property
    def mtime_ns(self) -> int:
        """When it was written, nanoseconds since the epoch."""


class InnerMounts:
    """Mounts inside the root: those there now, and those remembered. Owned by the scan thread.

    Args:
        mounts: the kernel's table.
        stored: path (`a/m/`) to what was mounted there when it was accepted.
        on_new: called with each mount that is not accepted: when it is met for the first time, and
            for each scan that has to leave it out.
    """

    def __init__(
        self,
        mounts: Mounts,
        stored: Mapping[str, RootIdentity],
        *,
        on_new: Callable[[str, RootIdentity], None],
    ) -> None:
        self._mounts = mounts
        self._on_new = on_new
        self._inner: frozenset[str] = frozenset()  # when last looked at
        self._new: set[str] = set()
        self._left_out: set[str] = set()
        self.stored = dict(stored)

    def refresh(self, root_fd: int, is_pruned: Callable[[str], bool]) -> None:
        """See what is mounted now, and tell of what is new."""
        self._mounts.refresh()
        inner = self._mounts.inner
        if inner is self._inner:
            return
        self._new &= inner
        for path in sorted(inner - self._inner - self.stored.keys()):
            # A single file may be mounted over another one: it is a file.
            identity = None if is_pruned(path) else identity_at(root_fd, path)
            if identity is not None:
                self._new.add(path)
                self._on_new(path, identity)
        self._inner = inner

    def judge(self, prefix: str, fd: int) -> str:
        """Give why the open directory is not what belongs there, or empty.

        Raises:
            OSError: its filesystem does not answer.
        """
        stored = self.stored.get(prefix)
        if stored is not None:
            return "" if identity_of(fd) == stored else _MISSING
        if prefix not in self._inner:
            return ""
        self._new.add(prefix)
        self._left_out.add(prefix)
        self._on_new(prefix, identity_of(fd))
        return _NEW

    def reason_above(self, root_fd: int, prefix: str) -> str:
        """Give why nothing of a directory can be known, for a mount at or above it; or empty."""
        for path, identity in self.stored.items():
            if prefix.startswith(path) and identity_at(root_fd, path) != identity:
                return _MISSING
        is_new = any(prefix.startswith(path) and path != prefix for path in self._new)
        return _NEW if is_new else ""

    def look(self, root_fd: int, paths: Sequence[str]) -> dict[str, Look]:
        """Look at single paths; nothing is told of those at or under what does not belong there."""
        lost = [p for p, known in self.stored.items() if identity_at(root_fd, p) != known]
        unknown = [*((path, _MISSING) for path in lost), *((path, _NEW) for path in self._new)]
        return {
            path: UnknownMark(path, reason)
            if unknown and (reason := _reason_at(path, unknown))
            else lstat_path(root_fd, path)
            for path in paths
        }

    def accept(self, root_fd: int, path: str, identity: Occupant, sample: Sequence[Known]) -> bool:
        """Accept a mount if the files known below it are there; tells whether it did.

        Without an identity: that what was mounted there is gone for good, if it is.
        """
        if identity is None:
            return self._forget(root_fd, path)
        if identity_at(root_fd, path) != identity:
            return False
        matching = sum(_is_same(known, lstat_path(root_fd, known.path)) for known in sample)
        if not is_same_tree(sampled=len(sample), matching=matching):
            return False
        self.stored[path] = identity
        self._new.discard(path)
        return True

    def _forget(self, root_fd: int, path: str) -> bool:
        """Miss a mount no more; one that is there again is not forgotten."""
        stored = self.stored.get(path)
        found = identity_at(root_fd, path)
        if stored is None or found == stored:
            return False
        del self.stored[path]
        self._left_out.add(path)
        if path in self._inner:  # another one in its place hides the same files
            self._new.add(path)
            if found is not None:
                self._on_new(path, found)
        return True

    def was_left_out(self, path: str) -> bool:
        """Whether a scan has left out what is below a mount; from now on none has."""
        was_left_out = path in self._left_out
        self._left_out.discard(path)
        return was_left_out


def identity_at(root_fd: int, path: str) -> RootIdentity | None:
    """Give the identity of a directory (`a/m/`) below an open root; None: there is none."""
    try:
        fd = open_directory(root_fd, path)
    except OSError:
        return None
    try:
        return identity_of(fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def _is_same(known: Known, look: object) -> bool:
    return (
        isinstance(look, LocalEntry)
        and look.size_bytes == known.size_bytes
        and look.mtime_ns == known.mtime_ns
    )


def _reason_at(path: str, unknown: Sequence[tuple[str, str]]) -> str:
    """Give why a path cannot be judged, or empty."""
    return next((reason for place, reason in unknown if f"{path}/".startswith(place)), "")
