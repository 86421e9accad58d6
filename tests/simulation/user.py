"""The user of one site: few paths, many changes, each in the diary before it is made."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from tests.simulation.disk import Disk
from tests.simulation.hands import Ears, Hands
from tests.strict.blobs import LEAST_BYTES

__all__ = ["LARGE_BYTES", "PATHS", "Loss", "User"]

Loss = tuple[frozenset[str], float, float]
"""Paths that seemed gone all at once, since when and until when."""

LARGE_BYTES: Final = 700
"""What is larger goes up in parts."""

# `d` is a directory to some operations and a file to others.
PATHS: Final = ("a", "b", "c d", "d", "d/a", "d/b", "d/e/a", "é", "f/a", "f/d")
_LENGTHS: Final = (0, LEAST_BYTES, LEAST_BYTES, 300, 300, 300, 900)
_SLOW_STEPS: Final = 4

_WEIGHTS: Final = {
    "write": 30, "rewrite": 12, "restore": 10, "delete": 16, "rename": 14, "rename_back": 4,
    "replace": 8, "rewrite_slowly": 7, "move_directory": 6, "delete_directory": 3, "touch": 4,
    "chmod": 2,
}  # fmt: skip


class User(Hands):
    """See the module.

    Attributes:
        done: how often each thing was done.
        losses: when the root looked emptied.

    Args:
        true_time: seconds since the epoch, on the store's clock.
        later: has something happen after some seconds.
    """

    def __init__(
        self, disk: Disk, random: Random, ears: Ears, *, true_time: Callable[[], float],
        later: Callable[[float, Callable[[], object]], None], serial: int,
    ) -> None:  # fmt: skip
        super().__init__(disk, ears, true_time=true_time, serial=serial)
        self.done: dict[str, int] = {}
        self.losses: list[Loss] = []
        self._random = random
        self._later = later

    def act(self) -> str:
        """Do one thing; gives its name and where, '' where it could not be done."""
        return self.do(self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0])

    def do(self, name: str) -> str:
        """Do what is called so, where it can be done; gives what `act` gives."""
        operation: Callable[[], str] = getattr(self, f"_{name}")
        where = operation()
        if not where:
            return ""
        self.done[name] = self.done.get(name, 0) + 1
        return f"{name} {where}"

    def expected(self) -> dict[str, str]:
        """Give what the site should hold: path -> digest."""
        return self.diary.files()

    def lost_everything(self) -> None:
        """Every file is gone; they may come back."""
        self.end_writers()
        self.losses.append((frozenset(self._disk.tree.files), self._at(), float("inf")))
        for path in sorted(self._disk.tree.files):
            self.diary.removed(path, self._at())

    def found_everything(self) -> None:
        """What there is on the disk is there, whatever became of it meanwhile."""
        if self.losses and self.losses[-1][2] == float("inf"):
            self.losses[-1] = (*self.losses[-1][:2], self._at())
        here = self.diary.files()
        for path, file in sorted(self._disk.tree.files.items()):
            if path not in here:
                self.diary.wrote(path, file.content, self._at())

    # --- the operations -------------------------------------------------------------------------

    def _write(self) -> str:
        path = self._random.choice(PATHS)
        self.write(path, self.blob(path, self._random.choice(_LENGTHS)))
        return path

    def _rewrite(self) -> str:
        path = self._one()
        if path:
            self.write(path, self.blob(path, len(self._disk.tree.files[path].content)))
        return path

    def _replace(self) -> str:
        path = self._one()
        if path:
            content = self.blob(path, self._random.choice(_LENGTHS))
            self.write(path, content, is_new_inode=True)
        return path

    def _restore(self) -> str:
        """Put bytes where they were once."""
        if not self._old:
            return ""
        path, content = self._random.choice(self._old[-6:])
        self.write(path, content, is_new_inode=self._random.random() < 0.5)
        return path

    def _delete(self) -> str:
        path = self._one()
        if path:
            self.remove(path)
        return path

    def _rename(self) -> str:
        old, new = self._one(), self._random.choice(PATHS)
        if not old or old == new or new.startswith(f"{old}/"):
            return ""
        self.rename(old, new)
        return f"{old} {new}"

    def _rename_back(self) -> str:
        if not self._moves:
            return ""
        new, old = self._moves[-1]
        if self._one_of(old) is None or old == new or new.startswith(f"{old}/"):
            return ""
        self.rename(old, new)
        return f"{old} {new}"

    def _rewrite_slowly(self) -> str:
        """Rewrite a file in place, step by step: torn until the last one."""
        path = self._one()
        if not path or len(self._disk.tree.files[path].content) < LEAST_BYTES:
            return ""
        old = self._disk.tree.files[path].content
        content = self.blob(path, len(old))
        self.diary.wrote(path, content, self._at())
        file, steps = self._disk.tree.files[path], list(range(1, _SLOW_STEPS + 1))
        file.writers += 1

        def step() -> None:
            place = len(content) * steps.pop(0) // _SLOW_STEPS
            is_last = not steps
            self._disk.write(path, content[:place] + old[place:])
            if is_last:
                self._give_up(path)
            else:
                self._later(self._random.choice((0.01, 0.05, 0.08)), go_on)
            self._ears.changed(path, is_closed=is_last)

        def go_on() -> None:
            if self.is_writing.get(path) is step:
                step()

        self.is_writing[path] = step
        step()
        return path

    def _move_directory(self) -> str:
        directories = sorted({path.split("/")[0] for path in self._disk.tree.files if "/" in path})
        new = self._random.choice(("d", "f", "g"))
        if not directories:
            return ""
        old = self._random.choice(directories)
        if old == new or new in self._disk.tree.files or self._disk.below(new):
            return ""
        self.end_writers()
        at = self._at()
        for path in self._disk.below(old):
            self._note_rename(path, new + path[len(old) :], at)
        self._disk.remove_directory(new)
        self._disk.rename_directory(old, new)
        self._ears.moved(f"{old}/")
        self._ears.moved(f"{new}/")
        return f"{old} {new}"

    def _delete_directory(self) -> str:
        directory = self._random.choice(("d", "f", "d/e"))
        paths = self._disk.below(directory)
        for path in paths:
            self.remove(path)
        self._disk.remove_directory(directory)
        return directory if paths else ""

    def _touch(self) -> str:
        path = self._one()
        if path:
            self._disk.touch(path, mtime=True)
            self._ears.changed(path)
        return path

    def _chmod(self) -> str:
        path = self._one()
        if path:
            self._disk.touch(path, mtime=False)
            self._ears.changed(path, is_closed=False)
        return path

    def _one(self) -> str:
        files = sorted(path for path in self._disk.tree.files if path not in self.is_writing)
        return self._random.choice(files) if files else ""

    def _one_of(self, path: str) -> str | None:
        return path if path in self._disk.tree.files and path not in self.is_writing else None
