"""Begins the second process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence

from s3syncd import cores
from s3syncd.s3.proxies import is_proxied

__all__ = ["is_of_use", "launch"]


def is_of_use() -> bool:
    """Whether there is another core for it, and it can send by itself (not by a proxy)."""
    return bool(cores.others()) and not is_proxied(os.environ)


def launch(end: socket.socket, *, sizes: Sequence[int]) -> subprocess.Popen[bytes]:
    """Begin it; it inherits `end`, and imports from where this process does.

    Args:
        end: of a `channel_pair`.
        sizes: of its pool; see `sender.second.Sizes`.

    Raises:
        OSError: the system begins no more processes.
    """
    places = ",".join(map(str, sorted(cores.others())))
    numbers = map(str, (end.fileno(), os.getpid()))
    # Not the directory that the daemon happens to be in: anybody may have put modules there.
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-P", "-m", "s3syncd.sender", *numbers, places, *map(str, sizes)],
        stdin=subprocess.DEVNULL,
        pass_fds=[end.fileno()],
        env={**os.environ, "PYTHONPATH": paths},
    )
