"""Places on this machine: what is in them, and who may use them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["NOBODY", "as_nobody", "snapshot"]

NOBODY = 65534


def snapshot(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mode) for path in folder.rglob("*"))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user that owns nothing: root may write everywhere."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else and come back")
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
