"""A busy user: makes, rewrites, appends to, renames and removes files until told to stop."""

from __future__ import annotations

import os
import random
import shutil
import threading
from pathlib import Path

__all__ = ["BusyUser"]

_PER_SECOND = 25.0
_MOST_FILES = 2000  # then more is removed than made, so that the tree does not grow
_LARGE_EVERY = 400  # changes; sent in parts
_LARGE_BYTES = 20 * 2**20
_SMALL_BYTES = 64 * 2**10
_FOLDERS = 40


class BusyUser:
    """Changes a tree in a thread of its own; the same changes in every run.

    Attributes:
        changes: how many so far.
    """

    def __init__(self, root: Path) -> None:
        self.changes = 0
        self._root = root
        self._chance = random.Random(7)
        self._paths: list[Path] = []
        self._made = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="busy-user")
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the change at hand.

        Raises:
            Exception: a change had failed.
        """
        self._is_over.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while not self._is_over.wait(self._chance.uniform(0.5, 1.5) / _PER_SECOND):
                self._change()
                self.changes += 1
        except OSError as failure:
            self.failure = failure

    def _change(self) -> None:
        chance, is_full = self._chance.random(), len(self._paths) > _MOST_FILES
        if not self._paths or (chance < 0.4 and not is_full):
            self._make()
        elif chance < 0.6:
            self._any().write_bytes(self._content())
        elif chance < 0.7:
            with self._any().open("ab") as file:
                file.write(self._content()[:1000])
        elif chance < 0.8:
            self._rename()
        elif chance < 0.995:
            self._paths.pop(self._chance.randrange(len(self._paths))).unlink()
        else:
            self._remove_folder()

    def _make(self) -> None:
        self._made += 1
        folder = self._root / f"folder{self._chance.randrange(_FOLDERS)}"
        folder.mkdir(exist_ok=True)
        path = folder / f"file{self._made:06d}.bin"
        if self._made % _LARGE_EVERY == 0:
            with path.open("wb") as file:
                file.write(self._chance.randbytes(2**20) * (_LARGE_BYTES // 2**20))
        else:
            path.write_bytes(self._content())
        self._paths.append(path)

    def _rename(self) -> None:
        at = self._chance.randrange(len(self._paths))
        new = self._paths[at].with_name(f"renamed{self._made}-{self.changes}.bin")
        os.replace(self._paths[at], new)  # noqa: PTH105 the kernel's rename(2), by its name
        self._paths[at] = new

    def _remove_folder(self) -> None:
        folder = self._any().parent
        shutil.rmtree(folder)
        self._paths = [path for path in self._paths if path.parent != folder]

    def _any(self) -> Path:
        return self._chance.choice(self._paths)

    def _content(self) -> bytes:
        return self._chance.randbytes(self._chance.randrange(1, _SMALL_BYTES))
