"""A file system that can be told to hang, as one over a network does whose server is lost, or fail.

FUSE, spoken by hand: one directory of a few files, read-only. While it hangs, whoever asks it
anything waits in the kernel. Needs root and /dev/fuse, and nothing else.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

__all__ = ["FAILURES", "HAS_FUSE", "HangingFiles", "hanging_files", "needs_fuse"]

HAS_FUSE = os.geteuid() == 0 and os.access("/dev/fuse", os.R_OK | os.W_OK)
"""Whether such a file system can be mounted here."""

needs_fuse = pytest.mark.skipif(not HAS_FUSE, reason="mounts a FUSE file system")

_libc = ctypes.CDLL(None, use_errno=True)
_FORCE, _DETACH = 1, 2  # of umount2(2)

_IN = struct.Struct("<IIQQIIIHH")  # length, opcode, unique, node, ...
_OUT = struct.Struct("<IiQ")  # length, error, unique
_ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
_DIRECTORY, _FILE = 0o40755, 0o100644
_MOMENT = 1_700_000_000  # long ago: every file is quiet
# Opcodes of linux/fuse.h.
_LOOKUP, _FORGET, _GETATTR, _OPEN, _READ, _STATFS = 1, 2, 3, 14, 15, 17
_RELEASE, _FLUSH, _INIT, _OPENDIR, _READDIR, _RELEASEDIR, _BATCH_FORGET = 18, 25, 26, 27, 28, 29, 42

FAILURES = {
    "lookup": {_LOOKUP}, "stat": {_GETATTR}, "opening": {_OPENDIR, _OPEN}, "listing": {_READDIR},
    "reading": {_READ}, "statfs": {_STATFS},
}  # fmt: skip
"""What can be told to fail, by name."""


class HangingFiles:
    """The file system; see the module."""

    def __init__(self, place: Path, files: Mapping[str, bytes]) -> None:
        self._place = str(place).encode()
        self._names, self._contents = list(files), list(files.values())
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._failing: dict[int, int] = {}
        self._device = os.open("/dev/fuse", os.O_RDWR)
        told = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if _libc.mount(b"hanging", self._place, b"fuse.hanging", 0, told):
            raise OSError(ctypes.get_errno(), "mount")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def hang(self) -> None:
        """Answer nobody from now on."""
        self._may_answer.clear()

    def resume(self) -> None:
        """Answer again, also those who wait."""
        self._may_answer.set()

    def fail(self, what: str, error: int) -> None:
        """Answer what `FAILURES` names with an error of errno(3) from now on."""
        self._failing |= dict.fromkeys(FAILURES[what], error)

    def heal(self) -> None:
        """Fail no more."""
        self._failing = {}

    def end(self) -> None:
        """Be unmounted; who still waits gets an error."""
        _libc.umount2(self._place, _FORCE | _DETACH)
        self.resume()
        self._thread.join(10)
        os.close(self._device)

    def _serve(self) -> None:
        with suppress(OSError):  # unmounted
            while True:
                asked = os.read(self._device, 1 << 20)
                self._may_answer.wait()
                _, operation, unique, node, *_ = _IN.unpack_from(asked)
                if operation in {_FORGET, _BATCH_FORGET}:
                    continue
                error, answer = self._answer(operation, node, asked[_IN.size :])
                with suppress(FileNotFoundError):  # whoever asked has been killed
                    head = _OUT.pack(_OUT.size + len(answer), -error, unique)
                    os.write(self._device, head + answer)

    def _answer(self, operation: int, node: int, body: bytes) -> tuple[int, bytes]:
        if operation in self._failing and not self._is_begun(operation, body):
            return self._failing[operation], b""
        if operation == _INIT:
            return 0, struct.pack("<IIIIHHIIHH7I", 7, 31, 65536, 0, 0, 0, 65536, 1, *[0] * 9)
        if operation == _GETATTR:
            return 0, struct.pack("<QII", 0, 0, 0) + self._attributes(node)
        if operation == _LOOKUP:
            return self._looked_up(body.rstrip(b"\0").decode())
        if operation in {_OPENDIR, _OPEN}:
            return 0, struct.pack("<QII", 1, 0, 0)
        if operation in {_READDIR, _READ}:
            _, start, size = struct.unpack_from("<QQI", body)
            is_file = operation == _READ
            content = self._contents[node - 2][start:] if is_file else self._listed(start)
            if not is_file and operation in self._failing:
                content = self._listed(start, end=start + 3)  # the rest is asked for again
            return 0, content[:size]
        if operation == _STATFS:
            return 0, struct.pack("<5Q10I", 9, 9, 9, 9, 9, 4096, 255, 4096, *[0] * 7)
        return (0 if operation in {_RELEASE, _FLUSH, _RELEASEDIR} else errno.ENOSYS), b""

    def _is_begun(self, operation: int, body: bytes) -> bool:
        """Whether it is the beginning of a listing: one that fails breaks off in the middle."""
        return operation == _READDIR and struct.unpack_from("<QQI", body)[1] == 0

    def _looked_up(self, name: str) -> tuple[int, bytes]:
        if name not in self._names:
            return errno.ENOENT, b""
        node = self._names.index(name) + 2
        return 0, struct.pack("<4QII", node, 0, 0, 0, 0, 0) + self._attributes(node)

    def _attributes(self, node: int) -> bytes:
        size = 4096 if node == 1 else len(self._contents[node - 2])
        mode = _DIRECTORY if node == 1 else _FILE
        times = (_MOMENT, _MOMENT, _MOMENT, 0, 0, 0)
        return _ATTRIBUTES.pack(node, size, 8, *times, mode, 1, 0, 0, 0, 4096, 0)

    def _listed(self, start: int, *, end: int | None = None) -> bytes:
        """Give the entries from one on; few enough for one answer."""
        listed = b""
        for place, name in enumerate([".", "..", *self._names][:end]):
            if place >= start:
                written = name.encode()
                kind = 4 if place < 2 else 8
                listed += struct.pack("<QQII", max(1, place), place + 1, len(written), kind)
                listed += written + b"\0" * (-len(written) % 8)
        return listed


@contextmanager
def hanging_files(place: Path, files: Mapping[str, bytes]) -> Iterator[HangingFiles]:
    """Mount such a file system on a directory."""
    one = HangingFiles(place, files)
    try:
        yield one
    finally:
        one.end()
