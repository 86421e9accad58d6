"""Memory for parts and larger bodies, used again and again instead of asked for anew each time.

A fresh 8 MiB costs 2,048 page faults and as many cleared pages, about a tenth of hashing it; and
the allocator's arenas of a dozen threads kept up to 100 MiB of such buffers after they were freed.
"""

from __future__ import annotations

import mmap
import weakref
from collections import deque
from typing import Final

__all__ = ["Buffers", "Shelf"]

_SPARE: Final = 4
"""Kept for the next parts. A buffer is in use from reading until the kernel has it: on a fast line
a few milliseconds after hashing, so that 4 serve 8 parts in flight; on a slow one each that is
given back is taken again at once. 32 MiB is what an upload may keep."""

_LEAST_BYTES: Final = 16 * 1024 * 1024
"""Fits a part of any file up to 160 GB and a body up to the default multipart_threshold."""

# From 2 MiB on the kernel can back it with huge pages: 4 faults instead of 2,048.
_HUGE_PAGES: Final = getattr(mmap, "MADV_HUGEPAGE", None)


class Buffers:
    """Spare buffers, shared by the uploads of one site that are under way; free of locks.

    Each step on the deque is one atomic operation, and a full one drops its oldest.
    """

    __slots__ = ("__weakref__", "_spare")

    def __init__(self) -> None:
        self._spare: deque[mmap.mmap] = deque(maxlen=_SPARE)

    def take(self, size_bytes: int) -> mmap.mmap:
        """Give a buffer of at least `size_bytes` (> 0), with whatever was in it before."""
        try:
            buffer = self._spare.pop()
        except IndexError:
            return _allocate(size_bytes)
        return buffer if len(buffer) >= size_bytes else _allocate(size_bytes)

    def give_back(self, buffer: mmap.mmap) -> None:
        """Take back a buffer that nobody reads or writes any more; from any thread, cheap."""
        self._spare.append(buffer)


class Shelf:
    """Gives every upload under way the same `Buffers`; they are freed with the last upload."""

    __slots__ = ("_shared",)

    def __init__(self) -> None:
        self._shared: weakref.ref[Buffers] | None = None

    def buffers(self) -> Buffers:
        """Give those in use, or new ones: two at once, should two uploads begin together."""
        buffers = self._shared() if self._shared is not None else None
        if buffers is None:
            buffers = Buffers()
            self._shared = weakref.ref(buffers)
        return buffers


def _allocate(size_bytes: int) -> mmap.mmap:
    capacity_bytes = max(size_bytes, _LEAST_BYTES)  # what is not touched is not resident
    buffer = mmap.mmap(-1, capacity_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if _HUGE_PAGES is not None:
        buffer.madvise(_HUGE_PAGES)
    return buffer
