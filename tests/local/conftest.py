"""A root to look at, and what may be mounted in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.follower import Follower, following


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory to be watched, beside one that is not."""
    (tmp_path / "root").mkdir()
    (tmp_path / "out").mkdir()
    return tmp_path / "root"


@pytest.fixture
def mounted() -> Iterator[object]:
    """Mounts a fresh tmpfs on a directory; skipped where that is not allowed."""
    points: list[Path] = []

    def mount(point: Path) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=32m", "none", point],
            check=False,
            capture_output=True,
        )
        if done.returncode:
            pytest.skip(f"mounting is not possible here: {done.stderr.decode()}")
        points.append(point)

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "-l", point], check=False, capture_output=True)


@pytest.fixture
def follower(root: Path) -> Iterator[Follower]:
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        follower.follow()
        yield follower
