"""How the second process begins; `launch` in `sender.launch` calls it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress

from s3syncd import allocator, collector, cores, failpoints
from s3syncd.sender.second import Second, Sizes

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1
"""prctl(2)."""

_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGIO")
"""Meant for the first process, which ends this one when nothing is under way any more. SIGIO: see
`cli.process`."""


def main(fd: int, parent: int, places: str, sizes: Sizes) -> int:
    """Carry out uploads.

    Args:
        fd: this end of the line.
        parent: the process to end with.
        places: the cores to be on, separated by commas.
        sizes: of the pool.
    """
    for name in _IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before that
        return 1
    if places:
        with suppress(OSError):
            os.sched_setaffinity(0, {int(core) for core in places.split(",")})
    allocator.own_process()
    collector.own_process()
    cores.own_process()
    cores.settle()
    if wanted := os.environ.get("S3SYNCD_FAILPOINTS"):
        failpoints.arm(wanted)
    Second(socket.socket(fileno=fd), sizes).run()
    return 0


if __name__ == "__main__":
    _fd, _parent, _places, *_sizes = sys.argv[1:]
    # Threads of a pool that nobody stops may be in a file system that hangs.
    os._exit(main(int(_fd), int(_parent), _places, Sizes(*map(int, _sizes))))
