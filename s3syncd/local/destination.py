"""A directory that files are brought into: each appears under its name whole, or not at all.

What is under way stands in a directory of our own inside it (`STAGING`), which also says what is
being brought, so that a later run knows what it goes on with (`drafts.py`); it goes away with the
last file.
Names are walked component by component from one descriptor, no link is followed, and nothing that
is there is replaced unless that is asked for.
"""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final, NoReturn, Self

from s3syncd.core.messages import Look
from s3syncd.local import files
from s3syncd.local.drafts import Draft, KeptDraft
from s3syncd.local.identity import PASS, STAY
from s3syncd.local.staging import STAGING, end_staging, staged, sweep

__all__ = ["Destination"]

# What link(2) says where a file system has no hard links, or none between such places.
_NO_LINKS: Final = frozenset({
    errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK,
})  # fmt: skip


class Destination:
    """The directory. Its methods may be called from any thread; `open` and `close` from one.

    Attributes:
        path: without links.
        is_resumed: an earlier run left it unfinished, with the same claim.
    """

    def __init__(
        self, path: Path, fd: int, staging_fd: int, *, is_resumed: bool, is_new: bool
    ) -> None:
        """Use `open`."""
        self.path = path
        self.fd = fd
        self.is_resumed = is_resumed
        self._staging_fd = staging_fd
        self._is_new = is_new
        self._numbers = count(1)

    @classmethod
    def open(cls, path: Path, *, claim: str, may_hold_files: bool) -> Self:
        """Make the directory ours for a while; it is made where it is missing.

        Args:
            path: absolute, without links.
            claim: says what is brought; an unfinished directory is gone on with where it is equal.
            may_hold_files: accept a directory that is not empty.

        Raises:
            DestinationError: it is not empty, or another process or claim has it.
            OSError: it cannot be made or read.
        """
        is_new = not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, STAY)
        try:
            is_resumed, staging_fd = staged(fd, claim, may_hold_files=may_hold_files)
        except BaseException:
            os.close(fd)
            raise
        return cls(path, fd, staging_fd, is_resumed=is_resumed, is_new=is_new)

    def look(self, path: str) -> Look:
        """See what stands at `path`; never raises OSError."""
        return files.lstat_path(self.fd, path)

    def open_regular(self, path: str) -> int:
        """Open the file at `path` for reading; see `local.files.open_regular`."""
        return files.open_regular(self.fd, path)

    def begin(self) -> Draft:
        """Begin a file, without its name yet.

        Raises:
            OSError: it cannot be made.
        """
        return Draft.begin(self._staging_fd, str(next(self._numbers)))

    def resume(self, path: str, content: str) -> Draft:
        """Go on with a file that an earlier run has begun, or begin it; see `KeptDraft.resume`.

        Raises:
            OSError: it cannot be made.
        """
        return KeptDraft.resume(self._staging_fd, path, content)

    def place(self, draft: Draft, path: str, *, may_replace: bool) -> None:
        """Give a file its name; what is open of it stays open.

        Args:
            draft: whole, and durable.
            path: relative, with `/` between segments; directories are made.
            may_replace: another file may stand there.

        Raises:
            FileExistsError: something stands there.
            NotADirectoryError: so does something that is no directory, or is a link, on the way.
            OSError: it cannot be done.
        """
        parent, name = self._opened_parent(path)
        try:
            if may_replace:
                os.rename(draft.name, name, src_dir_fd=self._staging_fd, dst_dir_fd=parent)
            else:
                self._link(draft.name, parent, name)
        finally:
            if parent != self.fd:
                os.close(parent)

    def close(self, *, is_over: bool) -> None:
        """Let go of it; `is_over`: nobody will go on with it, so nothing of ours stays.

        Nor does the directory, where it was made for this and nothing came into it.
        """
        with suppress(OSError):
            sweep(self._staging_fd, with_kept=is_over)
            if is_over:
                _sync(self.fd)  # the names, too, before what remembers them goes
                end_staging(self.fd, self._staging_fd)
                if self._is_new:
                    self.path.rmdir()  # fails where there is anything in it
        os.close(self._staging_fd)
        os.close(self.fd)

    def _link(self, draft: str, parent: int, name: str) -> None:
        """Name the draft where nothing stands: link(2) fails there, rename(2) would replace."""
        staging = self._staging_fd
        try:
            os.link(draft, name, src_dir_fd=staging, dst_dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if _exists(name, parent):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from error
            os.rename(draft, name, src_dir_fd=staging, dst_dir_fd=parent)
        else:
            os.unlink(draft, dir_fd=staging)

    def _opened_parent(self, path: str) -> tuple[int, str]:
        """Open the directory that `path` stands in, making what is missing; links are refused."""
        *names, last = path.split("/")
        if "\0" in path or STAGING in (*names, last)[:1]:
            _refuse(path)
        if any(name in {"", ".", ".."} for name in (*names, last)):
            _refuse(path)
        opened = self.fd
        for name in names:
            try:
                below = _below(opened, name)
            finally:
                if opened != self.fd:
                    os.close(opened)
            opened = below
        return opened, last


def _refuse(path: str) -> NoReturn:
    raise OSError(errno.EINVAL, "not a path below the directory", path)


def _sync(fd: int) -> None:
    """Have the file system that `fd` is on write all it holds; others may hang (dead NFS).

    Raises:
        OSError: it could not.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # not on macOS
        os.sync()
    elif syncfs(fd):
        raise OSError(ctypes.get_errno(), "the names could not be written")


def _exists(name: str, parent: int) -> bool:
    try:
        os.lstat(name, dir_fd=parent)
    except FileNotFoundError:
        return False
    return True


def _below(parent: int, name: str) -> int:
    with suppress(FileNotFoundError):
        return os.open(name, PASS, dir_fd=parent)
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
    return os.open(name, PASS, dir_fd=parent)
