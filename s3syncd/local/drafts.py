"""Files under way, without a name of their own yet: some of them outlive an interruption."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from typing import Final, Self

__all__ = ["Draft", "KeptDraft", "is_draft", "is_kept"]

_SUFFIX: Final = ".part"
_KEPT_SUFFIX: Final = ".kept"
_NOTES_SUFFIX: Final = ".notes"

_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_AGAIN: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_MODE: Final = 0o666
"""Of a new file before the umask; nobody else can reach it in a directory of ours."""

_MAX_OFFSET_DIGITS: Final = 19
"""Of 2**63, beyond which no file goes. Python refuses to read numbers of thousands of digits."""

_MAX_NOTES_BYTES: Final = 16 * 1024 * 1024
"""A line for each 8 MiB: enough for 8 TB. Of what is larger the end is brought again."""


def is_draft(name: str) -> bool:
    """Whether a file name is that of a draft that nobody goes on with."""
    return name.endswith(_SUFFIX)


def is_kept(name: str) -> bool:
    """Whether a file name belongs to a draft that a later run may go on with."""
    return name.endswith((_KEPT_SUFFIX, _NOTES_SUFFIX))


class Draft:
    """A file under way. Its range methods may be called from any thread.

    Attributes:
        spans: offsets at which an earlier run has written; here none.
    """

    spans: frozenset[int] = frozenset()

    def __init__(self, staging_fd: int, name: str, fd: int) -> None:
        """Use `begin`."""
        self.name = name
        self.fd = fd
        self._staging_fd = staging_fd

    @classmethod
    def begin(cls, staging_fd: int, stem: str) -> Self:
        """Begin one in the directory `staging_fd`.

        Raises:
            OSError: it cannot be made.
        """
        name = stem + _SUFFIX
        return cls(staging_fd, name, os.open(name, _NEW, _MODE, dir_fd=staging_fd))

    def write(self, offset: int, content: bytes) -> None:
        """Write bytes at an offset.

        Raises:
            OSError: not all of them could be written.
        """
        view = memoryview(content)
        while view:
            written = os.pwrite(self.fd, view, offset)
            view, offset = view[written:], offset + written

    def finish(self, *, mtime_ns: int | None, mode: int | None) -> None:
        """Set the times and permissions, and make the content durable.

        Raises:
            OSError: it cannot be made durable.
        """
        if mode is not None:
            os.fchmod(self.fd, mode)
        if mtime_ns is not None:
            with suppress(OSError, OverflowError):  # a time that this file system cannot hold
                os.utime(self.fd, ns=(mtime_ns, mtime_ns))
        os.fsync(self.fd)

    def close(self, *, is_unfinished: bool = False) -> None:
        """Let go of it; without a name of its own it is gone.

        Args:
            is_unfinished: a later run may want to go on with it.
        """
        os.close(self.fd)
        _remove(self.name, self._staging_fd)


class KeptDraft(Draft):
    """One in spans, noted as they are written: a later run finds them.

    The notes prove nothing: after a power cut they may be ahead of the content.
    """

    def __init__(
        self, staging_fd: int, stem: str, fd: int, notes_fd: int, spans: frozenset[int]
    ) -> None:
        """Use `resume`."""
        super().__init__(staging_fd, stem + _KEPT_SUFFIX, fd)
        self.spans = spans
        self._notes = stem + _NOTES_SUFFIX
        self._notes_fd = notes_fd

    @classmethod
    def resume(cls, staging_fd: int, path: str, content: str) -> Self:
        """Go on with what an earlier run left of the same content, or begin anew.

        Args:
            staging_fd: the directory it is in.
            path: what it will be called; there is one for each.
            content: says what is brought: in which version, of what size, in which spans.

        Raises:
            OSError: it cannot be made.
        """
        stem = _digest(path)[:32]
        head = f"{_digest(content)}\n".encode()
        spans = _noted(staging_fd, stem + _NOTES_SUFFIX, head)
        if spans:
            with suppress(OSError):
                return cls(staging_fd, stem, *_opened(staging_fd, stem), spans)
        for suffix in (_KEPT_SUFFIX, _NOTES_SUFFIX):
            _clear(stem + suffix, staging_fd)
        fd = os.open(stem + _KEPT_SUFFIX, _NEW, _MODE, dir_fd=staging_fd)
        try:
            notes_fd = os.open(stem + _NOTES_SUFFIX, _NEW | os.O_APPEND, _MODE, dir_fd=staging_fd)
        except BaseException:
            os.close(fd)
            raise
        draft = cls(staging_fd, stem, fd, notes_fd, frozenset())
        try:
            os.write(notes_fd, head)
        except BaseException:
            draft.close()
            raise
        return draft

    def write(self, offset: int, content: bytes) -> None:
        """Write the span that begins at an offset, and note it.

        Raises:
            OSError: not all of it could be written.
        """
        super().write(offset, content)
        os.write(self._notes_fd, b"%d\n" % offset)  # O_APPEND: threads do not mix their lines

    def close(self, *, is_unfinished: bool = False) -> None:
        """Let go of it; without a name of its own it is gone, unless it `is_unfinished`."""
        os.close(self._notes_fd)
        if is_unfinished:
            os.close(self.fd)
            return
        _remove(self._notes, self._staging_fd)
        super().close()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _noted(staging_fd: int, name: str, head: bytes) -> frozenset[int]:
    """Give the offsets noted of the content that `head` names: none of another one."""
    try:
        fd = os.open(name, _AGAIN, dir_fd=staging_fd)
    except OSError:
        return frozenset()
    try:
        _check_own(os.fstat(fd))
        notes = os.pread(fd, _MAX_NOTES_BYTES, 0)
    except OSError:  # a pipe, a disk that fails: what cannot be read are no notes
        return frozenset()
    finally:
        os.close(fd)
    if not notes.startswith(head):
        return frozenset()
    lines = notes[len(head) :].split(b"\n")[:-1]  # without a line that was cut off
    return frozenset(
        int(line) for line in lines if line.isdigit() and len(line) <= _MAX_OFFSET_DIGITS
    )


def _opened(staging_fd: int, stem: str) -> tuple[int, int]:
    """Open what an earlier run left: content and notes.

    Raises:
        OSError: it cannot be, or has another name by now, so that it is somebody's file.
    """
    fd = os.open(stem + _KEPT_SUFFIX, _AGAIN, dir_fd=staging_fd)
    try:
        _check_own(os.fstat(fd))
        return fd, os.open(stem + _NOTES_SUFFIX, _AGAIN | os.O_APPEND, dir_fd=staging_fd)
    except BaseException:
        os.close(fd)
        raise


def _check_own(seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode) or seen.st_nlink != 1:
        raise OSError("not a file of our own, or no longer only that")


def _remove(name: str, staging_fd: int) -> None:
    with suppress(OSError):
        os.unlink(name, dir_fd=staging_fd)


def _clear(name: str, staging_fd: int) -> None:
    """Have a name free for a new file: what cannot be removed goes out of its way.

    Raises:
        OSError: it stays where it is.
    """
    try:
        os.unlink(name, dir_fd=staging_fd)
    except FileNotFoundError:
        return
    except IsADirectoryError:
        _clear_directory(name, staging_fd)


def _clear_directory(name: str, staging_fd: int) -> None:
    # What is in it is not ours to remove, and its name must not be that of a draft.
    try:
        os.rmdir(name, dir_fd=staging_fd)
    except OSError:
        os.rename(
            name, f"{name}.{secrets.token_hex(8)}.strange",
            src_dir_fd=staging_fd, dst_dir_fd=staging_fd,
        )  # fmt: skip
