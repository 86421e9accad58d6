"""Trees of files to upload: the same names and bytes in every run."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

__all__ = ["make_tree", "wait_until_quiet"]

# A directory of the size that source trees, mail folders and photo folders have.
_FILES_PER_DIRECTORY = 200

# A file younger than settle_open_seconds (5) may still be written to, and s3syncd then waits or
# asks for a lease; what is measured here is work, not that wait.
_QUIET_SECONDS = 6.0


def make_tree(root: Path, *, files: int, size_bytes: int) -> None:
    """Create `files` files of `size_bytes` each below `root`, no two with the same content."""
    chance = random.Random(files * 1_000_003 + size_bytes)
    block = chance.randbytes(size_bytes)
    for number in range(files):
        if number % _FILES_PER_DIRECTORY == 0:
            directory = root / f"d{number // (_FILES_PER_DIRECTORY * 50):03d}" / f"e{number:07d}"
            directory.mkdir(parents=True)
        head = number.to_bytes(8, "big")
        descriptor = os.open(directory / f"f{number:07d}.bin", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(descriptor, (head + block)[:size_bytes])
        os.close(descriptor)


def wait_until_quiet() -> None:
    """Let the youngest file grow old enough to be taken as finished."""
    threading.Event().wait(_QUIET_SECONDS)
