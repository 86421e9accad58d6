"""A root that stays open while many files below it are looked at."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from s3syncd.core.safety import RootIdentity
from s3syncd.local.identity import RootError, identity_of, open_root

__all__ = ["HeldRoot", "OpenedRoot"]


class OpenedRoot:
    """One descriptor, closed by the last of those who borrow it once it is no longer held."""

    __slots__ = ("borrowers", "fd", "identity", "place")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.identity = identity_of(fd)
        self.place = _place_of(os.fstat(fd))
        self.borrowers = 1


class HeldRoot:
    """Lends a root's descriptor without opening it from the top each time.

    Opening a root is a dozen system calls, some a third of what a small upload costs. One `stat`
    of its path tells as well that the directory held still stands there: its inode cannot be given
    to another one while it is open. Any thread may borrow.

    Args:
        path: of the root, absolute.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._path = str(path)
        self._lock = Lock()
        self._held: OpenedRoot | None = None
        self._is_over = False

    def borrow(self, expected: RootIdentity | None) -> OpenedRoot:
        """Give what stands at the root's place now; for `give_back`.

        Args:
            expected: the only identity that will do; None takes any directory.

        Raises:
            RootError: it cannot be opened, or is another one.
        """
        place = self._place_now()
        with self._lock:
            held = self._held
            is_expected = held is not None and (expected is None or expected == held.identity)
            if held is not None and is_expected and held.place == place:
                held.borrowers += 1
                return held
        opened = _open(self.path, expected)
        with self._lock:
            if self._is_over:
                return opened
            held, self._held = self._held, opened
            if held is not None and not held.borrowers:
                os.close(held.fd)
        return opened

    def give_back(self, opened: OpenedRoot) -> None:
        """End what `borrow` began."""
        with self._lock:
            opened.borrowers -= 1
            if not opened.borrowers and opened is not self._held:
                os.close(opened.fd)

    def let_go(self, *, for_good: bool = False) -> None:
        """Keep it open no longer: a file system that nobody works on can be unmounted.

        `for_good`: nor what late comers borrow from now on, once they have given it back.
        """
        with self._lock:
            self._is_over = self._is_over or for_good
            held, self._held = self._held, None
            if held is not None and not held.borrowers:
                os.close(held.fd)

    def _place_now(self) -> tuple[int, int] | None:
        try:
            return _place_of(os.lstat(self._path))
        except OSError:
            return None


def _open(root: Path, expected: RootIdentity | None) -> OpenedRoot:
    fd = open_root(root, expected=expected)
    try:
        return OpenedRoot(fd)
    except OSError as error:
        os.close(fd)
        raise RootError(error.errno, error.strerror or type(error).__name__) from error


def _place_of(seen: os.stat_result) -> tuple[int, int]:
    return seen.st_dev, seen.st_ino
