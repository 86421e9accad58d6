"""A disk whose power can be cut: ext4 in a file, on a loop device, with ext4's shutdown ioctl."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["LOGFLUSH", "NOLOGFLUSH", "Disk", "why_no_disk"]

# FS_IOC_SHUTDOWN of linux/fs.h: _IOR('X', 125, __u32). From then on every write fails, and what is
# dirty stays so: the disk is as if the power had gone at that moment.
_SHUTDOWN: Final = (2 << 30) | (4 << 16) | (ord("X") << 8) | 125
LOGFLUSH: Final = 1
"""The journal is written first: names and sizes are there, data may not be."""
NOLOGFLUSH: Final = 2
"""Nothing is written any more."""

_IMAGE_BYTES: Final = 96 * 2**20
_CAP_SYS_ADMIN: Final = 21  # capabilities(7)
_TOOLS: Final = ("mkfs.ext4", "mount", "umount")


def why_no_disk() -> str:
    """Say why no disk can be made here; '' if it can, as far as can be told without trying."""
    if sys.platform != "linux":
        return "ext4 is Linux's"
    status = Path("/proc/self/status").read_text()
    (capabilities,) = [line.split()[1] for line in status.splitlines() if line[:7] == "CapEff:"]
    if not int(capabilities, 16) >> _CAP_SYS_ADMIN & 1:
        return "only root may mount"
    if not os.access("/dev/loop-control", os.W_OK) or not any(Path("/dev").glob("loop[0-9]*")):
        return "there are no loop devices"
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    return f"there is no {missing[0]}" if missing else ""


class Disk:
    """See the module.

    Args:
        folder: where the image and the mount point are made.
    """

    def __init__(self, folder: Path) -> None:
        self.mounted = folder / "disk"
        self._image = folder / "image"
        self.mounted.mkdir()

    @contextlib.contextmanager
    def on(self) -> Iterator[Path]:
        """Make and mount it; take it away in the end."""
        with self._image.open("wb") as image:
            image.truncate(_IMAGE_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self._image)], check=True)
        self._mount()
        try:
            yield self.mounted
        finally:
            subprocess.run(["umount", "-l", str(self.mounted)], check=False)
            self._image.unlink()

    def cut(self, flag: int) -> None:
        """Cut the power; whoever uses the disk sees errors from now on."""
        descriptor = os.open(self.mounted, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", flag))
        finally:
            os.close(descriptor)

    def come_back(self) -> None:
        """Mount it again, when nobody uses it any more: the journal is replayed."""
        subprocess.run(["umount", str(self.mounted)], check=True)
        self._mount()

    def _mount(self) -> None:
        command = ["mount", "-o", "loop", str(self._image), str(self.mounted)]
        subprocess.run(command, check=True, capture_output=True)
