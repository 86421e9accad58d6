"""What is done to a tree at one stroke: two names exchanged, thousands of files made."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

__all__ = ["exchange", "fill"]

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def exchange(one: Path, other: Path) -> None:
    """Swap two names in one step, as deploy programs do."""
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    assert failed == 0, os.strerror(ctypes.get_errno())


def fill(root: Path, count: int) -> None:
    (root / "d").mkdir()
    for number in range(count):
        os.close(os.open(root / f"d/{number:05}", os.O_CREAT | os.O_WRONLY))
