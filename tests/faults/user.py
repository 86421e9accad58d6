"""A user who does to files whatever programs and people do, seeded, with contents that tell torn.

A content is a row of blocks; each names the content, its own place and how many there are, and has
a checksum. A part of one, or of two, is therefore known for what it is: `flaw_of`.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

__all__ = ["User", "flaw_of"]

_BLOCK_BYTES = 64
_CHECKSUM_BYTES = 9
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_AT_FDCWD = -100
_NAMES = ("a", "b", "c", "d e", "f+g", "é", "n%20")
_LIBC = ctypes.CDLL(None, use_errno=True)

# How often each is done, of 100 or so.
_WEIGHTS = {
    "create": 12, "rewrite": 8, "rewrite_equal_size": 6, "save": 8, "write_slowly": 3,
    "rewrite_slowly": 3, "rename": 9, "rename_over": 4, "rename_and_edit": 3,
    "rename_and_back": 3, "rename_directory": 5, "exchange": 4, "exchange_directories": 2,
    "delete": 6, "delete_tree": 2, "recreate": 4, "recreate_same": 3, "chmod": 2, "touch": 2,
    "link": 2, "truncate": 2, "make_directories": 4, "file_to_directory": 2,
    "directory_to_file": 2, "swap_for_link": 2, "swap_for_fifo": 1, "swap_directory_for_link": 1,
    "away_and_back": 2, "move_out": 1,
}  # fmt: skip


def flaw_of(content: bytes) -> str:
    """Tell what is wrong with a content; empty: it is whole."""
    if len(content) % _BLOCK_BYTES:
        return f"{len(content)} bytes"
    names: set[tuple[bytes, int]] = set()
    for start in range(0, len(content), _BLOCK_BYTES):
        block = content[start : start + _BLOCK_BYTES]
        body, checksum = block[:-_CHECKSUM_BYTES], block[-_CHECKSUM_BYTES:-1]
        if b"%08x" % zlib.crc32(body) != checksum:
            return f"checksum at {start}"
        name, place, total, _ = body.split(b"|", 3)
        if int(place) * _BLOCK_BYTES != start:
            return f"block {place!r} at {start}"
        names.add((name, int(total)))
    if len(names) > 1:
        return f"mixed of {sorted(names)}"
    if names and next(iter(names))[1] * _BLOCK_BYTES != len(content):
        return f"{len(content)} bytes of {names}"
    return ""


class User:
    """See the module.

    Attributes:
        gone: every path that was a file once and later was not.
        done: operation -> how often it was carried out.
    """

    def __init__(self, root: Path, aside: Path, seed: int) -> None:
        self.root = root
        self.gone: set[str] = set()
        self.done: dict[str, int] = {}
        self.random = random.Random(seed)
        self._aside = aside
        self._serial = 0
        self._known: set[str] = set()
        self._busy: set[int] = set()
        self._writers: list[threading.Thread] = []
        self._clock = threading.Event()
        aside.mkdir(exist_ok=True)

    def act(self, count: int = 1) -> None:
        """Do some things, one after the other."""
        for _ in range(count):
            name = self.random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            operation: Callable[[], None] = getattr(self, f"_{name}")
            try:
                operation()
            except (OSError, shutil.Error):
                name += " (in vain)"
            self.done[name] = self.done.get(name, 0) + 1
            self._remember()

    def rest(self) -> None:
        """Wait until nothing is being written any more."""
        for writer in self._writers:
            writer.join()
        self._writers.clear()

    # --- what there is ---------------------------------------------------------------------

    def _files(self) -> list[Path]:
        found = [Path(folder, name) for folder, _, names in os.walk(self.root) for name in names]
        return [path for path in found if path.is_file() and not path.is_symlink()]

    def _directories(self) -> list[Path]:
        return [Path(folder) for folder, _, _ in os.walk(self.root)]

    def _remember(self) -> None:
        now = {path.relative_to(self.root).as_posix() for path in self._files()}
        self.gone |= self._known - now
        self._known |= now

    def _file(self) -> Path:
        found = self._files()
        if not found:
            raise FileNotFoundError
        return self.random.choice(found)

    def _directory(self, *, at_least: int = 1) -> Path:
        """Give a directory below the root, if there are so many."""
        found = self._directories()[1:]
        if len(found) < at_least:
            raise FileNotFoundError
        return self.random.choice(found)

    def _new(self) -> Path:
        name = f"{self.random.choice(_NAMES)}{self.random.randrange(6)}"
        return self.random.choice(self._directories()) / name

    def _moment(self) -> None:
        self._clock.wait(self.random.choice((0, 0.05, 0.4)))

    def _content(self, blocks: int | None = None) -> bytes:
        self._serial += 1
        count = self.random.choice((0, 1, 1, 2, 5, 20, 64)) if blocks is None else blocks
        content = bytearray()
        for place in range(count):
            body = f"{self._serial:08}|{place:06}|{count:06}|".encode()
            body = body.ljust(_BLOCK_BYTES - _CHECKSUM_BYTES, b".")
            content += body + b"%08x\n" % zlib.crc32(body)
        return bytes(content)

    def _write(self, path: Path, content: bytes) -> None:
        if path.exists() and path.stat().st_ino in self._busy:
            raise BlockingIOError  # two writers of one file leave it torn for ever
        path.write_bytes(content)

    def _slowly(self, path: Path, mode: str, content: bytes, step: int, pause: float) -> None:
        opened = path.open(mode, buffering=0)
        inode = os.fstat(opened.fileno()).st_ino

        def write() -> None:
            with opened:
                for start in range(0, len(content), step):
                    opened.write(content[start : start + step])
                    self._clock.wait(pause)
            self._busy.discard(inode)

        self._busy.add(inode)
        self._writers.append(threading.Thread(target=write, name="slow-writer"))
        self._writers[-1].start()

    # --- what is done ----------------------------------------------------------------------

    def _create(self) -> None:
        self._write(self._new(), self._content())

    def _rewrite(self) -> None:
        self._write(self._file(), self._content())

    def _rewrite_equal_size(self) -> None:
        path = self._file()
        self._write(path, self._content(path.stat().st_size // _BLOCK_BYTES))

    def _save(self) -> None:
        path = self._file()
        beside = path.with_name(f".{path.name}.tmp")
        self._write(beside, self._content())
        beside.replace(path)

    def _write_slowly(self) -> None:
        self._slowly(self._new(), "xb", self._content(8), 40, self.random.choice((0.005, 0.05)))

    def _rewrite_slowly(self) -> None:
        path = self._file()
        if path.stat().st_ino not in self._busy:
            content = self._content(path.stat().st_size // _BLOCK_BYTES)
            self._slowly(path, "r+b", content, 256, self.random.choice((0, 0.001, 0.02)))

    def _rename(self) -> None:
        self._file().rename(self._new())

    def _rename_over(self) -> None:
        self._file().rename(self._file())

    def _rename_and_edit(self) -> None:
        path = self._file().rename(self._new())
        self._write(path, self._content())

    def _rename_and_back(self) -> None:
        path, other = self._file(), self._new()
        if not other.exists():
            path.rename(other)
            self._remember()
            self._moment()
            other.rename(path)

    def _rename_directory(self) -> None:
        self._directory().rename(self._new())

    def _exchange(self) -> None:
        _exchange(self._file(), self._file())

    def _exchange_directories(self) -> None:
        _exchange(self._directory(at_least=2), self._directory(at_least=2))

    def _delete(self) -> None:
        self._file().unlink()

    def _delete_tree(self) -> None:
        shutil.rmtree(self._directory(at_least=6))

    def _recreate(self) -> None:
        path = self._file()
        path.unlink()
        self._remember()
        self._moment()
        self._write(path, self._content())

    def _recreate_same(self) -> None:
        path = self._file()
        if path.stat().st_ino not in self._busy:
            content = path.read_bytes()
            path.unlink()
            self._remember()
            self._moment()
            path.write_bytes(content)

    def _chmod(self) -> None:
        self._file().chmod(self.random.choice((0o600, 0o644, 0o755)))

    def _touch(self) -> None:
        stamp = 1e9 + self.random.random() * 1e8
        os.utime(self._file(), (stamp, stamp))

    def _link(self) -> None:
        self._new().hardlink_to(self._file())

    def _truncate(self) -> None:
        path = self._file()
        if path.stat().st_ino not in self._busy:
            os.truncate(path, 0)

    def _make_directories(self) -> None:
        path = self._new() / "sub" / "below"
        path.mkdir(parents=True)
        self._write(path / "file", self._content())

    def _file_to_directory(self) -> None:
        path = self._file()
        path.unlink()
        path.mkdir()
        self._write(path / "inside", self._content(1))

    def _directory_to_file(self) -> None:
        path = self._directory(at_least=5)
        shutil.rmtree(path)
        self._write(path, self._content(2))

    def _swap_for_link(self) -> None:
        self._swap(self._file(), lambda path: path.symlink_to("/etc/passwd"))

    def _swap_for_fifo(self) -> None:
        self._swap(self._file(), os.mkfifo)

    def _swap_directory_for_link(self) -> None:
        self._swap(self._directory(), lambda path: path.symlink_to("/etc"))

    def _away_and_back(self) -> None:
        self._swap(self._directory(), lambda path: None)

    def _move_out(self) -> None:
        self._directory(at_least=6).rename(self._aside / f"out-{self._serial}-{len(self.gone)}")

    def _swap(self, path: Path, put: Callable[[Path], None]) -> None:
        """Put something else in the place of a path, for a moment."""
        held = path.rename(self._aside / "held")
        put(path)
        self._remember()
        self._moment()
        path.unlink(missing_ok=True)
        held.rename(path)


def _exchange(one: Path, other: Path) -> None:
    left, right = os.fsencode(one), os.fsencode(other)
    if _LIBC.renameat2(_AT_FDCWD, left, _AT_FDCWD, right, _EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2")
