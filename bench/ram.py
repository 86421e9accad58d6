"""A folder in memory: what is measured is programs, not this machine's disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ram_folder", "where"]

_SHARED_MEMORY = Path("/dev/shm")  # tmpfs on every Linux of today
_NEEDED_BYTES = 8 * 2**30  # two trees of 2 GiB, and as many objects


def where() -> str:
    """Where the trees and the objects lie, in words for the report."""
    return "in memory (/dev/shm)" if _is_usable() else f"on disk ({tempfile.gettempdir()}): no RAM"


def _is_usable() -> bool:
    try:
        free = os.statvfs(_SHARED_MEMORY)
    except OSError:
        return False
    is_writable = os.access(_SHARED_MEMORY, os.W_OK)
    return is_writable and free.f_bavail * free.f_frsize >= _NEEDED_BYTES


@contextmanager
def ram_folder(name: str) -> Iterator[Path]:
    """An empty folder, in memory where there is enough of it, for the length of a block."""
    place = _SHARED_MEMORY if _is_usable() else None
    folder = Path(tempfile.mkdtemp(prefix=f"s3syncd-bench-{name}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
