"""The hands of a user: each change to a disk, in the diary before it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tests.simulation.disk import Disk, File
from tests.simulation.names import Names
from tests.strict.blobs import make_blob
from tests.strict.diary import Diary

__all__ = ["Ears", "Hands"]


class Ears(Protocol):
    """Whoever hears of changes, as the watch reader does."""

    def changed(self, path: str, *, is_closed: bool = True) -> None:
        """A file was written, came or went."""

    def moved(self, directory: str) -> None:
        """A directory (`a/b/`) came or went, with all below."""


class Hands:
    """See the module.

    Attributes:
        is_writing: paths that are being rewritten step by step.

    Args:
        true_time: seconds since the epoch, on the store's clock.
    """

    def __init__(
        self, disk: Disk, ears: Ears, *, true_time: Callable[[], float], serial: int
    ) -> None:
        self.diary = Diary()
        self.is_writing: dict[str, Callable[[], None]] = {}
        self.names = Names(self.diary)
        self._disk = disk
        self._ears = ears
        self._true_time = true_time
        self._count = serial
        self._last_at = 0.0
        self._old: list[tuple[str, bytes]] = []
        self._moves: list[tuple[str, str]] = []

    def write(self, path: str, content: bytes, *, is_new_inode: bool = False) -> None:
        """Write a file where one is, or none, whatever is in its way."""
        self._clear_way(path)
        self._remember(path)
        is_new_directory = self._is_new_directory(path)
        self.diary.wrote(path, content, self._at())
        (self._disk.replace if is_new_inode else self._disk.write)(path, content)
        self._tell(path, is_new_directory)

    def remove(self, path: str) -> None:
        """Delete a file."""
        self._remember(path)
        self.diary.removed(path, self._at())
        self._disk.remove(path)
        self._ears.changed(path)

    def rename(self, old: str, new: str) -> None:
        """Move a file."""
        self._clear_way(new)
        if old not in self._disk.tree.files:
            return  # it was in the way itself
        self._remember(new)
        is_new_directory = self._is_new_directory(new)
        self._note_rename(old, new, self._at())
        self._disk.rename(old, new)
        self._moves.append((old, new))
        self._ears.changed(old)
        self._tell(new, is_new_directory)

    def blob(self, path: str, length: int) -> bytes:
        """Make a content that there never was."""
        self._count += 1
        return make_blob(self._count, path, self._count, length)

    def overwrite(self, file: File) -> None:
        """Write a file anew in place, all at once, wherever it is, if it is nobody's work now."""
        for path, each in self._disk.tree.files.items():
            if each is file and file.content and path not in self.is_writing:
                self.write(path, self.blob(path, len(file.content)))
                return

    def end_writers(self) -> None:
        """Let everybody who writes come to the end."""
        for path in list(self.is_writing):
            while path in self.is_writing:
                self.is_writing[path]()

    # --- inside ---------------------------------------------------------------------------------

    def _note_rename(self, old: str, new: str, at: float) -> None:
        self.diary.renamed(old, new, at)
        self.names.renamed(old, new, at)

    def _at(self) -> float:
        """Give a time of which no other line of the diary is."""
        self._last_at = max(self._true_time(), self._last_at + 1e-6)
        return self._last_at

    def _remember(self, path: str) -> None:
        file = self._disk.tree.files.get(path)
        if path in self.is_writing:
            self._give_up(path)  # what it holds is half of something
        elif file is not None:
            self._old.append((path, file.content))

    def _give_up(self, path: str) -> None:
        """Close a file that was being rewritten."""
        del self.is_writing[path]
        self._disk.tree.files[path].writers -= 1

    def _clear_way(self, path: str) -> None:
        """Take away what stands in the way: files where a directory must be, or the reverse."""
        way = path
        while way := way.rpartition("/")[0]:
            if way in self._disk.tree.files:
                self.remove(way)
        if path in self._disk.tree.directories:
            for below in self._disk.below(path):
                self.remove(below)
            self._disk.remove_directory(path)

    def _is_new_directory(self, path: str) -> str:
        """Give the topmost directory that has to be made for a path, '' for none."""
        names = path.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            directory = "/".join(names[:depth])
            if directory not in self._disk.tree.directories:
                return f"{directory}/"
        return ""

    def _tell(self, path: str, new_directory: str) -> None:
        if new_directory:
            self._ears.moved(new_directory)  # nobody watches inside it yet
        else:
            self._ears.changed(path)
