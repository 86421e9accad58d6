"""What is mounted where: which roots inotify can be trusted on, and what is mounted inside one."""

from __future__ import annotations

import os
import re
import select
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Mount", "Mounts", "is_local", "parse_mountinfo"]

_MOUNTINFO: Final = Path("/proc/self/mountinfo")

# Filesystems all of whose changes pass through this kernel. Everything else (network, FUSE, what
# is not known) is polled: inotify sees there only what this machine does itself.
_LOCAL_KINDS: Final = frozenset({
    "aufs", "bcachefs", "btrfs", "devtmpfs", "ecryptfs", "erofs", "exfat", "ext2", "ext3", "ext4",
    "f2fs", "fuseblk", "hfs", "hfsplus", "iso9660", "jfs", "msdos", "nilfs2", "ntfs", "ntfs3",
    "overlay", "ramfs", "reiserfs", "rootfs", "squashfs", "tmpfs", "ubifs", "udf", "vfat", "xfs",
    "zfs",
})  # fmt: skip

_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """One line of mountinfo: where, the filesystem's type, and the kernel's number for it."""

    point: str
    kind: str
    number: int


def is_local(kind: str) -> bool:
    """Tell whether every change on a filesystem of this type passes through this kernel."""
    return kind in _LOCAL_KINDS


def parse_mountinfo(text: str) -> list[Mount]:
    """Read the lines of /proc/self/mountinfo; those of another shape are left out."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) >= 6 and after:
            point = _ESCAPE.sub(lambda found: chr(int(found[1], 8)), fields[4])
            mounts.append(Mount(point, after.split(" ", 1)[0], int(fields[0])))
    return mounts


class Mounts:
    """The mounts at, above and below one root. Owned by one thread.

    Args:
        root: absolute.
        source: the kernel's table; absent (not Linux): nothing is known to be mounted.
    """

    def __init__(self, root: Path, *, source: Path = _MOUNTINFO) -> None:
        self._root = root
        self._source = source
        self._fd = -1
        self._poller = select.poll() if hasattr(select, "poll") else None
        self._seen: list[Mount] = []
        self.inner: frozenset[str] = frozenset()
        """Directories (`a/b/`) below the root on which something is mounted."""

    def refresh(self) -> bool:
        """Read the table when it changed; tell whether anything that concerns the root did."""
        if not self._is_stale():
            return False
        mounts = [mount for mount in parse_mountinfo(self._read()) if self._concerns(mount.point)]
        if mounts == self._seen:
            return False
        self._seen = mounts
        below = str(self._root).rstrip("/") + "/"
        self.inner = frozenset(
            mount.point[len(below) :] + "/"
            for mount in mounts
            if mount.point.startswith(below) and mount.point != below
        )
        return True

    @property
    def kind(self) -> str:
        """The type of the filesystem that the root is on; empty where it cannot be told."""
        above = [mount for mount in self._seen if self._covers_root(mount.point)]
        # The longest point is nearest; of several on one point the last one listed hides the rest.
        return (
            max(enumerate(above), key=lambda at: (len(at[1].point), at[0]))[1].kind if above else ""
        )

    def close(self) -> None:
        """Close the kernel's table."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _is_stale(self) -> bool:
        if self._fd < 0:
            try:
                self._fd = os.open(self._source, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return False
            if self._poller is not None:
                self._poller.register(self._fd, select.POLLPRI)
            return True
        # The kernel flags the open table after each mount and unmount (proc(5)): one system call.
        return self._poller is None or bool(self._poller.poll(0))

    def _read(self) -> str:
        chunks = []
        os.lseek(self._fd, 0, os.SEEK_SET)
        while chunk := os.read(self._fd, 65_536):
            chunks.append(chunk)
        return os.fsdecode(b"".join(chunks))

    def _covers_root(self, point: str) -> bool:
        return str(self._root) == point or str(self._root).startswith(point.rstrip("/") + "/")

    def _concerns(self, point: str) -> bool:
        return self._covers_root(point) or point.startswith(str(self._root).rstrip("/") + "/")
