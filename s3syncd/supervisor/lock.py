"""One daemon per state directory: an flock, with the pid of who holds it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from s3syncd.errors import FatalError
from s3syncd.failpoints import reach

__all__ = ["StateLock", "holder_of"]

# O_NOFOLLOW: what it names is emptied. In a directory that others may write to, a link put there
# would have it be any file of ours.
_OPEN: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class StateLock:
    """The lock of a state directory; the kernel gives it back when the process ends.

    Raises:
        FatalError: another process holds it (its pid is named), or the directory is unusable.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = path = state_dir / "lock"
        try:
            state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._fd = os.open(path, _OPEN, 0o600)
        except OSError as error:
            raise FatalError(
                f"cannot use the state directory {state_dir}: {error.strerror}",
                hint="set state_dir to a directory that the daemon may write",
            ) from error
        try:
            reach("lock.before_take")
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _pid_in(self._fd)
            os.close(self._fd)
            raise FatalError(
                f"another s3syncd (pid {holder}) uses {state_dir}",
                hint="stop it first; only a daemon of other sites may have another state_dir",
            ) from error
        reach("lock.after_take")
        with suppress(OSError):  # a full disk: nobody is told the pid, the lock holds all the same
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def is_lost(self) -> bool:
        """Whether the file is not at its place any more, so that another daemon could take it."""
        try:
            there = os.lstat(self._path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # a disk that fails: nobody else can take it there either
        return not os.path.samestat(there, os.fstat(self._fd))

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._fd)


def holder_of(state_dir: Path) -> str | None:
    """Give the pid of who holds the lock, `unknown` where that is not told; None: nobody.

    Nothing is made or written. For the moment of the look, nobody else can take the lock.

    Raises:
        OSError: the lock is there and cannot be looked at.
    """
    try:
        lock = os.open(state_dir / "lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(lock)
    else:
        return None
    finally:
        os.close(lock)


def _pid_in(lock: int) -> str:
    return os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
