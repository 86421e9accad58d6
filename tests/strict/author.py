"""A seeded user who keeps a diary: creates, edits, saves, renames, deletes, one after the other."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Final

from tests.strict.blobs import LEAST_BYTES, make_blob
from tests.strict.diary import Diary

__all__ = ["Author"]

_NAMES: Final = ("a", "b", "c d", "e+f", "é", "g%20")
_LENGTHS: Final = (0, LEAST_BYTES, 1000, 1000, 5000, 70_000)

# A rewrite of a fifth of a second: longer than the 0.1 s after which a closed file is quiet.
_SLOW_BYTES: Final = 5120
_STEP_BYTES: Final = 256
_PAUSE_SECONDS: Final = 0.01

# Simplest first; how often each is done, of 100 or so.
_WEIGHTS: Final = {
    "create": 22, "edit": 16, "save": 9, "edit_equal_length": 6, "delete": 13, "rename": 11,
    "edit_slowly": 8, "restore": 4, "rename_over": 4, "rename_directory": 4, "touch": 3,
}  # fmt: skip


class Author:
    """See the module. Everything is in the diary before it is done.

    Attributes:
        weights: what is done, and how often, of 100 or so.
        diary: what was done.
        done: how often each thing was done.
        kept: paths that are left alone.

    Args:
        root: the site's directory.
        seed: the same one does the same things.
        aside: where contents are written that are then moved in.
        rests_after_seconds: a change that stands half done for so long is noted in the diary: no
            site can tell it from one that is done, and a busy machine stops every program.
    """

    weights: Mapping[str, int] = _WEIGHTS

    def __init__(
        self, root: Path, seed: int, *, aside: Path, rests_after_seconds: float = math.inf
    ) -> None:
        self.diary = Diary()
        self.done: dict[str, int] = {}
        self.kept: set[str] = set()
        self._root = root
        self._aside = aside
        self._rests_after_seconds = rests_after_seconds
        self._random = Random(seed)
        self._count = 0
        self._sequences: dict[str, int] = {}
        self._deleted: list[tuple[str, bytes]] = []
        self._never = threading.Event()
        aside.mkdir(exist_ok=True)

    def act(self, count: int) -> None:
        """Do so many things."""
        for _ in range(count):
            name = self._random.choices(list(self.weights), list(self.weights.values()))[0]
            operation: Callable[[], bool] = getattr(self, f"_{name}")
            if operation():
                self.done[name] = self.done.get(name, 0) + 1

    def write(self, path: str, length: int) -> None:
        """Write a new blob where a file is, or none."""
        self._write(path, self._blob(path, length))

    def remove(self, path: str) -> None:
        """Delete a file."""
        self._deleted.append((path, (self._root / path).read_bytes()))
        self.diary.removed(path, time.time())
        (self._root / path).unlink()

    def rename(self, old: str, new: str) -> bool:
        """Rename a file, over another one if there is one."""
        self.diary.renamed(old, new, time.time())
        (self._root / new).parent.mkdir(parents=True, exist_ok=True)
        (self._root / old).rename(self._root / new)
        return True

    def _create(self) -> bool:
        path = self._new()
        if path is not None:
            self.write(path, self._random.choice(_LENGTHS))
        return path is not None

    def _edit(self) -> bool:
        path = self._one()
        if path is not None:
            self.write(path, self._random.choice(_LENGTHS))
        return path is not None

    def _edit_equal_length(self) -> bool:
        path = self._one()
        if path is not None:
            self.write(path, (self._root / path).stat().st_size)
        return path is not None

    def _edit_slowly(self) -> bool:
        """Edit a file and at once rewrite it in place, step by step: torn until the last one."""
        path = self._one()
        if path is None:
            return False
        self.write(path, _SLOW_BYTES)
        content = self._blob(path, _SLOW_BYTES)
        self.diary.wrote(path, content, time.time())
        with (self._root / path).open("r+b", buffering=0) as opened:
            since = time.time()
            for start in range(0, _SLOW_BYTES, _STEP_BYTES):
                opened.write(content[start : start + _STEP_BYTES])
                since = self._went_on(path, since)
                self._never.wait(_PAUSE_SECONDS)
        return True

    def _save(self) -> bool:
        """Replace a file as editors do: whole, by a rename."""
        path = self._one()
        if path is None:
            return False
        content = self._blob(path, self._random.choice(_LENGTHS))
        (self._aside / "saved").write_bytes(content)
        self.diary.wrote(path, content, time.time())
        (self._aside / "saved").rename(self._root / path)
        return True

    def _delete(self) -> bool:
        path = self._one()
        if path is not None:
            self.remove(path)
        return path is not None

    def _restore(self) -> bool:
        """Put the same bytes back where they were deleted, unless something is there by now."""
        if not self._deleted:
            return False
        path, content = self._random.choice(self._deleted)
        if path in self.diary.files() or not self._is_free(path):
            return False
        self._write(path, content)
        return True

    def _rename(self) -> bool:
        old, new = self._one(), self._new()
        return old is not None and new is not None and self.rename(old, new)

    def _rename_over(self) -> bool:
        old, new = self._one(), self._one()
        return old is not None and new is not None and old != new and self.rename(old, new)

    def _rename_directory(self) -> bool:
        number = self._random.randrange(100)
        tops = sorted({path.split("/")[0] for path in self.diary.files() if "/" in path})
        if not tops:
            return False
        old, new = self._random.choice(tops), f"d{number}"
        if (self._root / new).exists():
            return False
        now = time.time()
        for path in sorted(self.diary.files()):
            if path.startswith(f"{old}/"):
                self.diary.renamed(path, new + path.removeprefix(old), now)
        (self._root / old).rename(self._root / new)
        return True

    def _touch(self) -> bool:
        path = self._one()
        if path is not None:
            (self._root / path).touch()
        return path is not None

    def _write(self, path: str, content: bytes) -> None:
        self.diary.wrote(path, content, time.time())
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        since = time.time()
        (self._root / path).write_bytes(content)
        self._went_on(path, since)

    def _went_on(self, path: str, since: float) -> float:
        """Note it if the last step of a change was long ago; gives the time of this one."""
        now = time.time()
        if now - since >= self._rests_after_seconds:
            self.diary.rested(path, since, now)
        return now

    def _blob(self, path: str, length: int) -> bytes:
        self._count += 1
        self._sequences[path] = self._sequences.get(path, 0) + 1
        return make_blob(self._count, path, self._sequences[path], length)

    def _one(self) -> str | None:
        files = sorted(set(self.diary.files()) - self.kept)
        return self._random.choice(files) if files else None

    def _new(self) -> str | None:
        """Give a path where nothing is, if there is room."""
        folder = self._random.choice(["", "", f"d{self._random.randrange(4)}/"])
        path = f"{folder}{self._random.choice(_NAMES)}{self._random.randrange(8)}"
        return path if path not in self.diary.files() and self._is_free(path) else None

    def _is_free(self, path: str) -> bool:
        place = self._root / path
        return not place.exists() and not any(
            parent.is_file() for parent in place.parents if parent != self._root
        )
