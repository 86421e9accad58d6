"""Where the control socket is, and how to name it to the kernel.

Imported by the daemon and by every client command, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["MAX_ADDRESS_BYTES", "MAX_REPLY_BYTES", "MAX_REQUEST_BYTES", "reachable", "socket_path"]

# sun_path holds 108 bytes on Linux and 104 elsewhere, the final NUL included (unix(7)).
MAX_ADDRESS_BYTES = 107 if sys.platform == "linux" else 103
_DESCRIPTORS = Path("/proc/self/fd")

MAX_REQUEST_BYTES = 64 * 1024
"""A request is a command, a site name and a hash: three long names fit a hundred times over."""

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""A status has at most 100 problems per site of 2 KiB each: this is 300 sites at worst."""


def socket_path(state_dir: Path) -> Path:
    """Name the control socket of the daemon that owns `state_dir`."""
    return state_dir / "control.sock"


@contextmanager
def reachable(path: Path, *, descriptors: Path = _DESCRIPTORS) -> Iterator[str]:
    """Yield an address of `path` short enough for bind and connect.

    A state directory may be deeper than a socket address is long. The directory is then named by
    an open descriptor, or, where there is no /proc, by a symbolic link in a private directory.

    Args:
        path: the socket.
        descriptors: where the system shows this process its open descriptors.

    Raises:
        OSError: the directory of `path` cannot be opened.
    """
    if len(os.fsencode(path)) <= MAX_ADDRESS_BYTES:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if descriptors.is_dir():
            yield f"{descriptors}/{descriptor}/{path.name}"
        else:
            with _linked(path.parent) as directory:
                yield f"{directory}/{path.name}"
    finally:
        os.close(descriptor)


@contextmanager
def _linked(directory: Path) -> Iterator[Path]:
    """Yield a short symbolic link to `directory`, gone afterwards."""
    private = Path(tempfile.mkdtemp(prefix="s3syncd-"))
    try:
        link = private / "d"
        link.symlink_to(directory.absolute())
        yield link
    finally:
        shutil.rmtree(private, ignore_errors=True)
