"""Opening, reading and looking at single files below a root descriptor, following no link.

What cannot be told is never told as absent: only ENOENT, and ENOTDIR below a regular file, are.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from typing import Final

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.messages import Look
from s3syncd.local.identity import PASS

__all__ = [
    "entry_of",
    "ignore_sigio",
    "lstat_path",
    "open_regular",
    "read_at",
    "read_into",
    "read_whole",
    "reason_of",
    "stat_of",
    "try_read_lease",
]

# O_NONBLOCK: a FIFO put in the place of a file must not hang a worker; without meaning for files.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_UNREADABLE: Final = frozenset({errno.EACCES, errno.EPERM})


def open_regular(root_fd: int, path: str) -> int:
    """Open the regular file at `path` for reading, component by component.

    Args:
        root_fd: the site's root; stays open.
        path: site-relative.

    Returns:
        A descriptor that the caller closes.

    Raises:
        OSError: ENOENT, ENOTDIR or ELOOP (a link on the way or at the end), EACCES, ...; EINVAL
            where something other than a regular file stands there.
    """
    parent, name = _open_parent(root_fd, path)
    try:
        fd = os.open(name, _READ, dir_fd=parent)
    finally:
        if parent != root_fd:
            os.close(parent)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return fd


def read_whole(fd: int, size_bytes: int) -> bytes:
    """Read the first `size_bytes`; fewer only where the file has shrunk.

    Raises:
        OSError: it cannot be read.
    """
    content = os.pread(fd, size_bytes, 0)
    if len(content) < size_bytes:
        content += bytes(read_at(fd, len(content), size_bytes - len(content)))
    return content


def read_at(fd: int, offset: int, size_bytes: int) -> bytearray:
    """Read `size_bytes` from `offset` on; fewer only where the file ends before.

    Raises:
        OSError: it cannot be read.
    """
    buffer = bytearray(size_bytes)
    with memoryview(buffer) as view:
        done = read_into(fd, offset, view)
    del buffer[done:]
    return buffer


def read_into(fd: int, offset: int, view: memoryview) -> int:
    """Fill `view` from `offset` on; give the number of bytes, fewer only where the file ends.

    Raises:
        OSError: it cannot be read.
    """
    done = 0
    while done < len(view):
        with view[done:] as rest:
            count = os.preadv(fd, [rest], offset + done)
        if count == 0:
            break
        done += count
    return done


def stat_of(fd: int, path: str) -> LocalEntry:
    """Give the stat of an open file.

    Raises:
        OSError: it cannot be told.
    """
    return entry_of(path, os.fstat(fd))


def entry_of(path: str, seen: os.stat_result) -> LocalEntry:
    """Make an entry of a stat."""
    return LocalEntry(
        path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode
    )


def try_read_lease(fd: int) -> bool | None:
    """Tell whether nobody at all has the file open, or mapped, for writing.

    A read lease is granted only then; it is given back at once. False: somebody has. None where it
    cannot be told: not our file and no CAP_LEASE, a filesystem without leases, a system without
    them. The process must ignore SIGIO (`ignore_sigio`): a lease broken meanwhile would end it.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return False if error.errno == errno.EAGAIN else None
    return True


def ignore_sigio() -> None:
    """Survive a lease that another program breaks; once, in the main thread, before any file."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def lstat_path(root_fd: int, path: str) -> Look:
    """See what stands at `path`, component by component; never raises OSError.

    Returns:
        The entry of a regular file; `absent` (nothing there, or nothing above it, or a file
        above it); `directory`; or a mark for that path: a link or special file there or above, or
        an answer that proves nothing.
    """
    try:
        parent, name = _open_parent(root_fd, path)
    except OSError as error:
        return _judge_way(root_fd, path, error)
    try:
        return _look_at(parent, name, path)
    finally:
        if parent != root_fd:
            os.close(parent)


def reason_of(error: OSError) -> str:
    """Name why a place could not be judged, in the words of `UnknownMark`."""
    return "unreadable" if error.errno in _UNREADABLE else "io_error"


def _open_parent(root_fd: int, path: str) -> tuple[int, str]:
    *names, last = path.split("/")
    if not last or "\0" in path or any(name in {"", ".", ".."} for name in (*names, last)):
        raise OSError(errno.EINVAL, "not a site-relative path", path)
    opened = root_fd
    for name in names:
        try:
            below = os.open(name, PASS, dir_fd=opened)
        finally:
            if opened != root_fd:
                os.close(opened)
        opened = below
    return opened, last


def _look_at(parent: int, name: str, path: str) -> Look:
    try:
        seen = os.lstat(name, dir_fd=parent)
    except FileNotFoundError:
        return "absent"
    except OSError as error:
        return UnknownMark(path, reason_of(error))
    if stat.S_ISREG(seen.st_mode):
        return entry_of(path, seen)
    if stat.S_ISDIR(seen.st_mode):
        return "directory"
    return UnknownMark(path, "symlink" if stat.S_ISLNK(seen.st_mode) else "special_file")


def _judge_way(root_fd: int, path: str, error: OSError) -> Look:
    """Tell what a failure on the way to `path` proves: look where the way ends."""
    if error.errno == errno.ENOENT:
        return "absent"
    if error.errno != errno.ENOTDIR:
        return UnknownMark(path, reason_of(error))
    cut = path.find("/")
    while cut >= 0:
        above = lstat_path(root_fd, path[:cut])
        if isinstance(above, UnknownMark):
            return UnknownMark(path, above.reason)
        if above != "directory":
            return "absent"
        cut = path.find("/", cut + 1)
    return UnknownMark(path, "io_error")  # the way was mended between the two looks
