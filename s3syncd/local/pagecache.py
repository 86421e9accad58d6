"""Reading a file through without driving what others use out of the page cache.

A file that was not in the cache before is not left there by us: hashing a terabyte at first contact
would otherwise fill all memory with pages that nobody asks for again. A file that was there, be it
in part, is somebody's, and stays.
"""

from __future__ import annotations

import os
from typing import Final

__all__ = ["drop_read", "is_cold", "read_ahead"]

_SAMPLES: Final = 8
"""Places looked at in a large file: 8 us in all, against 1.3 s of hashing per GiB."""

_SAMPLED_BYTES: Final = 1024 * 1024
"""One place for so much: a small file costs one look."""

_CAN_LOOK: Final = hasattr(os, "RWF_NOWAIT") and hasattr(os, "posix_fadvise")


def is_cold(fd: int, size_bytes: int) -> bool:
    """Tell whether nothing of the file seems to be in the cache, without waiting for the disk.

    False where it cannot be told (no such call, file systems without it): nothing is dropped then.
    Leaves the descriptor advised for random reading, and some kernels bring in the pages looked at.
    """
    if not _CAN_LOOK or size_bytes <= 0:
        return False
    count = min(_SAMPLES, -(-size_bytes // _SAMPLED_BYTES))
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)  # a look must not set off read-ahead
        return not any(_is_cached(fd, n * size_bytes // count) for n in range(count))
    except OSError:
        return False


def read_ahead(fd: int) -> None:
    """Say that the file is read from its beginning to its end: the kernel reads further ahead."""
    if _CAN_LOOK:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)


def drop_read(fd: int, offset: int, size_bytes: int) -> None:
    """Let go of pages that were read; those that others have mapped or changed stay."""
    if _CAN_LOOK:
        os.posix_fadvise(fd, offset, size_bytes, os.POSIX_FADV_DONTNEED)


def _is_cached(fd: int, offset: int) -> bool:
    try:
        os.preadv(fd, [bytearray(1)], offset, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    return True
