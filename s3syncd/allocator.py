"""The C library's memory, set for a process that is ours alone.

Where large bodies go by the CRT (behind a proxy) it copies each part, 8 MiB, into memory of the C
library. When the first of them is freed glibc learns to keep blocks of that size, and then holds up
to 50 MiB that nobody uses in the arenas of a dozen threads. From 1 MiB on a block now is one of its
own, and goes back to the system when it is freed.

In a process of somebody else (`s3syncd.api`) nothing here does anything.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

__all__ = ["own_process"]

_M_MMAP_THRESHOLD: Final = -3
"""`mallopt(3)`: setting it also ends the learning."""

_LARGE_BYTES: Final = 1024 * 1024
"""As `transfer.bodies.LENT_BYTES`: below, fresh pages each time cost more than what is kept."""


def own_process() -> None:
    """Say that this process runs nothing but us; to be called before the first thread."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none, and keeps nothing
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
