"""What a process holds, read off /proc: threads, descriptors, connections and memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Footprint", "footprint"]

_LISTENS = "0A"  # of a row of /proc/net/tcp: the state LISTEN, which is no connection


class Footprint(NamedTuple):
    """What a process holds at one moment.

    `connections` are TCP sockets that do not listen, in any state, so that one its server closed
    and nobody let go of counts too; `descriptors` are all others.
    """

    threads: int
    descriptors: int
    connections: int
    rss_bytes: int


def footprint(pid: int) -> Footprint:
    """Read what a process holds now."""
    folder = Path("/proc", str(pid))
    connected = _connected(folder / "net" / "tcp") | _connected(folder / "net" / "tcp6")
    links = [_link(one) for one in (folder / "fd").iterdir()]
    connections = sum(link in connected for link in links)
    resident = int((folder / "statm").read_text().split()[1])
    return Footprint(
        len(list((folder / "task").iterdir())),
        len(links) - connections,
        connections,
        resident * os.sysconf("SC_PAGE_SIZE"),
    )


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # closed since it was listed
        return ""


def _connected(table: Path) -> set[str]:
    """Give the names that /proc/PID/fd has for the connections of the host."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except FileNotFoundError:  # no IPv6
        return set()
    return {f"socket:[{row[9]}]" for row in rows if row[3] != _LISTENS}
