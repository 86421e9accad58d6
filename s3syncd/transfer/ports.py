"""What transfers touch besides the bucket: files, and chance. Whoever simulates brings others."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from s3syncd.core.entry import Action, LocalEntry, Settle
from s3syncd.core.messages import Look
from s3syncd.core.safety import RootIdentity
from s3syncd.local import files as real_files
from s3syncd.local.held import OpenedRoot
from s3syncd.pool import Start

__all__ = ["Beside", "Files", "Ports", "Root", "new_id"]


class Root(Protocol):
    """A site's directory; see `local.held.HeldRoot`."""

    path: Path

    def borrow(self, expected: RootIdentity | None) -> OpenedRoot:
        """Give what stands at the root's place now; for `give_back`."""

    def give_back(self, opened: OpenedRoot) -> None:
        """End what `borrow` began."""

    def let_go(self, *, for_good: bool = False) -> None:
        """Keep it open no longer, or never again."""


class Files(Protocol):
    """Single files below a root; see `local.files`."""

    def open_regular(self, root_fd: int, path: str) -> int:
        """Open the regular file at `path`; give a descriptor that the caller closes."""

    def stat_of(self, fd: int, path: str) -> LocalEntry:
        """Give the stat of an open file."""

    def lstat_path(self, root_fd: int, path: str) -> Look:
        """See what stands at `path`."""

    def read_whole(self, fd: int, size_bytes: int) -> bytes:
        """Read the first `size_bytes`."""

    def read_into(self, fd: int, offset: int, view: memoryview) -> int:
        """Fill `view` from `offset` on; give the number of bytes."""

    def try_read_lease(self, fd: int) -> bool | None:
        """Tell whether nobody at all has the file open for writing; None: it cannot be told."""


class Beside(Protocol):
    """Carries out small uploads elsewhere; see `sender`."""

    def carry(self, action: Action, settle: Settle, op_id: str | None) -> Start | None:
        """Give what has an upload carried out there; None: it is not, this time.

        The result is an `Outcome`, or None: it was not begun, nor will be.
        """

    def accept_root(self, identity: RootIdentity | None) -> None:
        """See `Transfer.accept_root`."""

    def rest(self, *, for_good: bool) -> None:
        """See `Transfer.rest`."""


def new_id() -> str:
    """Make an id that nobody has made before."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one site's transfers; the defaults are the real ones."""

    root: Root
    files: Files = real_files
    new_id: Callable[[], str] = new_id
    beside: Beside | None = None
