"""Trees of files to upload: the same names and bytes in every run."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["QUIET_SECONDS", "grow_tree", "make_sized", "make_tree", "wait_until_quiet"]

# A directory of the size that source trees, mail folders and photo folders have.
_FILES_PER_DIRECTORY = 200

# A file younger than settle_open_seconds (5) may still be written to, and s3syncd then waits or
# asks for a lease; what is measured here is work, not that wait.
QUIET_SECONDS = 6.0

_BLOCK_BYTES = 2**20


def make_tree(root: Path, *, files: int, size_bytes: int) -> None:
    """Create `files` files of `size_bytes` each below `root`, no two with the same content."""
    for _ in grow_tree(root, files=files, size_bytes=size_bytes):
        pass


def grow_tree(root: Path, *, files: int, size_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Create the tree of `make_tree` file by file, and give the path and the content of each."""
    chance = random.Random(files * 1_000_003 + size_bytes)
    block = chance.randbytes(size_bytes)
    for number in range(files):
        folder = (
            f"d{number // (_FILES_PER_DIRECTORY * 50):03d}/e{number // _FILES_PER_DIRECTORY:06d}"
        )
        if number % _FILES_PER_DIRECTORY == 0:
            (root / folder).mkdir(parents=True)
        content = (number.to_bytes(8, "big") + block)[:size_bytes]
        path = f"{folder}/f{number:07d}.bin"
        descriptor = os.open(f"{root}/{path}", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(descriptor, content)
        os.close(descriptor)
        yield path, content


def wait_until_quiet() -> None:
    """Let the youngest file grow old enough to be taken as finished."""
    threading.Event().wait(QUIET_SECONDS)


def make_sized(root: Path, sizes_bytes: Sequence[int]) -> None:
    """Create one file of each size, in one directory; blocks repeat, but no two files are equal."""
    root.mkdir(parents=True)
    chance = random.Random(len(sizes_bytes))
    block = chance.randbytes(_BLOCK_BYTES)
    for number, size_bytes in enumerate(sizes_bytes):
        with (root / f"f{number:05d}.bin").open("wb") as file:
            for at in range(0, size_bytes, _BLOCK_BYTES):
                head = (number << 32 | at // _BLOCK_BYTES).to_bytes(8, "big")
                file.write((head + block)[: min(_BLOCK_BYTES, size_bytes - at)])
