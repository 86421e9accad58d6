"""How much room a file system has left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["DiskRoom", "room_at"]


class DiskRoom(NamedTuple):
    """What is free for this user, and what there is in all, in bytes."""

    free_bytes: int
    total_bytes: int
    is_read_only: bool = False


def room_at(place: Path) -> DiskRoom | None:
    """Look at the file system of `place`; None where it does not tell."""
    try:
        told = os.statvfs(place)
    except OSError:
        return None
    if not told.f_blocks:
        return None  # a file system without a size of its own (some network ones)
    return DiskRoom(
        told.f_bavail * told.f_frsize,
        told.f_blocks * told.f_frsize,
        is_read_only=bool(told.f_flag & os.ST_RDONLY),
    )
