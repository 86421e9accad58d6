"""Our own directory inside one that files are brought into: what is under way, and whose it is."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from typing import Final

from s3syncd.local.drafts import is_draft, is_kept
from s3syncd.local.identity import STAY

__all__ = ["STAGING", "DestinationError", "end_staging", "staged", "sweep"]

STAGING: Final = ".s3syncd-restore"
"""At the top of the destination; no restored file can have this name."""

_CLAIM: Final = "claim"
# A file system that was just made has it, and nobody misses it in a directory that is empty.
_NOTHING: Final = frozenset({"lost+found"})

_MAX_CLAIM_BYTES: Final = 64 * 1024  # a line that we wrote


class DestinationError(OSError):
    """The directory cannot be used for this. `word`: not_empty, claimed, busy or unusable."""

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(detail)
        self.word = word
        self.detail = detail


def staged(fd: int, claim: str, *, may_hold_files: bool) -> tuple[bool, int]:
    """Take the directory `fd`; give whether an earlier run had it, and our own inside it.

    Raises:
        DestinationError: it is not empty, or another process or claim has it.
        OSError: it cannot be read or written.
    """
    is_resumed = _is_there(fd)
    if not (is_resumed or may_hold_files):
        _check_empty(fd)
    staging_fd = _opened_staging(fd)
    try:
        _lock(staging_fd)
        is_ours = _claim(staging_fd, claim, is_foreign_fine=may_hold_files)
        sweep(staging_fd, with_kept=not is_ours)
    except BaseException:
        os.close(staging_fd)
        raise
    return is_resumed, staging_fd


def sweep(staging_fd: int, *, with_kept: bool) -> None:
    """Remove what is under way, of this run or one before.

    Args:
        staging_fd: our own directory.
        with_kept: also what a later run could go on with.
    """
    for name in os.listdir(staging_fd):
        if is_draft(name) or (with_kept and is_kept(name)):
            os.unlink(name, dir_fd=staging_fd)


def end_staging(fd: int, staging_fd: int) -> None:
    """Leave nothing of ours in the directory `fd`.

    Raises:
        OSError: somebody else has put something into it.
    """
    os.unlink(_CLAIM, dir_fd=staging_fd)
    os.rmdir(STAGING, dir_fd=fd)


def _check_empty(fd: int) -> None:
    left = sorted(set(os.listdir(fd)) - _NOTHING)
    if left:
        raise DestinationError("not_empty", left[0])


def _is_there(fd: int) -> bool:
    """Tell whether an earlier run left something; what else has that name is in the way."""
    try:
        seen = os.lstat(STAGING, dir_fd=fd)
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(seen.st_mode):
        raise DestinationError("unusable", f"{STAGING} is not a directory")
    return True


def _opened_staging(fd: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(STAGING, 0o700, dir_fd=fd)
    return os.open(STAGING, STAY, dir_fd=fd)


def _lock(staging_fd: int) -> None:
    try:
        fcntl.flock(staging_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DestinationError("busy", "another process brings files into it") from None
    except OSError:
        return  # a file system without such locks


def _claim(staging_fd: int, claim: str, *, is_foreign_fine: bool) -> bool:
    """Write down what is brought, or see that it is the same: then True."""
    wanted = claim.encode()
    with suppress(FileNotFoundError):
        found = _read(staging_fd)
        if found == wanted:
            return True
        if found and not is_foreign_fine:
            raise DestinationError("claimed", found.decode("utf-8", "replace"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    opened = os.open(_CLAIM, flags, 0o600, dir_fd=staging_fd)
    try:
        os.write(opened, wanted)
        os.fsync(opened)
    finally:
        os.close(opened)
    return False


def _read(staging_fd: int) -> bytes:
    opened = os.open(_CLAIM, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=staging_fd)
    try:
        return os.pread(opened, _MAX_CLAIM_BYTES, 0)
    finally:
        os.close(opened)
