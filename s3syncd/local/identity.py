"""Opening the root, and telling one root (or mount inside it) from another."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from s3syncd.core.safety import RootIdentity

__all__ = ["PASS", "STAY", "RootError", "identity_of", "open_directory", "open_root"]

PASS: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""For the directories on the way: they need be searchable, not readable."""

STAY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""For the directory at the end, which is read."""


class RootError(OSError):
    """The root is missing, unreadable, or not the one that was accepted.

    `seen` is the identity of the other one; None where there is none to be told.
    """

    seen: RootIdentity | None = None


def open_root(root: Path, *, expected: RootIdentity | None = None) -> int:
    """Open the root from the top, following no link, and return its descriptor.

    Args:
        root: absolute.
        expected: the only identity that will do; None takes any directory.

    Raises:
        RootError: it cannot be opened, or is another one.
    """
    fd = -1
    try:
        fd = _open_down(root)
        seen = identity_of(fd)
    except OSError as error:
        if fd >= 0:
            os.close(fd)
        raise RootError(error.errno, error.strerror or type(error).__name__) from error
    if expected is not None and seen != expected:
        os.close(fd)
        other = RootError(errno.ESTALE, "another directory stands in the root's place")
        other.seen = seen
        raise other
    return fd


def open_directory(top: int, path: str, *, flags: int = STAY) -> int:
    """Open `path` below the descriptor `top`, component by component, following no link.

    Args:
        top: a directory; stays open.
        path: `a/b` or `a/b/`; empty opens `top` itself anew.
        flags: for the last component; those on the way are only passed through.

    Raises:
        OSError: a component is missing (ENOENT), no directory or a link (ENOTDIR), or forbidden.
    """
    names = path.rstrip("/").split("/") if path else ["."]
    last = len(names) - 1
    opened = top
    for depth, name in enumerate(names):
        try:
            below = os.open(name, flags if depth == last else PASS, dir_fd=opened)
        finally:
            if opened != top:
                os.close(opened)
        opened = below
    return opened


def _open_down(root: Path) -> int:
    top = os.open(root.anchor, PASS)
    try:
        return open_directory(top, "/".join(root.parts[1:]))
    finally:
        os.close(top)


def identity_of(fd: int) -> RootIdentity:
    """Give the identity of an open directory.

    Raises:
        OSError: its filesystem does not answer.
    """
    return RootIdentity(os.fstat(fd).st_ino, os.fstatvfs(fd).f_fsid)
