"""What the container or service that this process runs in may use, from its control groups.

Read once, when the configuration is: two defaults are lower where there is less than they suppose.
A limit of a group holds for all below it, so the least on the way up counts. Both versions, as
they are mounted by every usual system: below /sys/fs/cgroup (cgroups(7)).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

__all__ = [
    "Allowance",
    "read",
    "suited_buffer_bytes",
    "suited_checksum_workers",
]

_MIB: Final = 2**20

_BUFFER_SHARE: Final = 4
"""Of a memory limit a quarter: transfers and hashing may hold that much each, and the rest of the
process has some 100 MiB."""

_LEAST_BUFFER_BYTES: Final = 16 * _MIB
"""A file this large is sent in one piece, alone if need be: a lower budget saves nothing."""


_ENDLESS_BYTES: Final = 2**62
"""No machine has as much: version 1 writes 2^63, less a page, where nothing is limited."""


class Allowance(NamedTuple):
    """What may be used at most; None where nothing limits it."""

    memory_bytes: int | None = None
    cpus: float | None = None


def read(machine: Path = Path("/")) -> Allowance:
    """Return the allowance of this process; what cannot be read is no limit.

    Args:
        machine: the root directory of the system, with /proc and /sys.
    """
    memory: list[float] = []
    cpus: list[float] = []
    for controllers, path in _groups(machine):
        if not controllers:  # version 2 has one tree for all
            for folder in _upwards(machine, "", path):
                memory += _numbers(folder / "memory.max")[:1]
                cpus += _quotient(_numbers(folder / "cpu.max"))
        for controller in controllers:
            for folder in _upwards(machine, controller, path):
                if controller == "memory":
                    memory += _numbers(folder / "memory.limit_in_bytes")[:1]
                if controller == "cpu":
                    quota = _numbers(folder / "cpu.cfs_quota_us")
                    cpus += _quotient(quota + _numbers(folder / "cpu.cfs_period_us"))
    limits = [number for number in memory if number < _ENDLESS_BYTES]
    return Allowance(int(min(limits)) if limits else None, min(cpus) if cpus else None)


def suited_buffer_bytes(default_bytes: int, allowance: Allowance) -> int:
    """Return the default of `buffer_bytes`, lower where little memory is allowed."""
    if allowance.memory_bytes is None:
        return default_bytes
    share = allowance.memory_bytes // _BUFFER_SHARE
    return min(default_bytes, max(share, _LEAST_BUFFER_BYTES))


def suited_checksum_workers(default: int, allowance: Allowance) -> int:
    """Return the default of `checksum_workers`: two for each CPU that may be used."""
    return default if allowance.cpus is None else min(default, 2 * math.ceil(allowance.cpus))


def _groups(machine: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield, for each hierarchy, its controllers (none: version 2) and this process's group."""
    for line in _lines(machine / "proc/self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield tuple(name for name in controllers.split(",") if name), path


def _upwards(machine: Path, controller: str, path: str) -> Iterator[Path]:
    """Yield the directories of a group and of all above it.

    In a container the path may be one of the host, which is not there; the top is always.
    """
    top = machine / "sys/fs/cgroup" / controller
    parts = [part for part in path.split("/") if part]
    if ".." not in parts:
        for length in range(len(parts), 0, -1):
            yield top.joinpath(*parts[:length])
    yield top


def _quotient(numbers: list[float]) -> list[float]:
    """Give quota divided by period as CPUs; nothing where either is missing or no limit."""
    if len(numbers) != 2 or numbers[0] <= 0 or numbers[1] <= 0:
        return []
    return [numbers[0] / numbers[1]]


def _numbers(file: Path) -> list[float]:
    """Read the numbers of a file; none where one of its words is `max`."""
    words = " ".join(_lines(file)).split()
    return [float(word) for word in words] if all(map(_is_number, words)) else []


def _is_number(word: str) -> bool:
    return word.removeprefix("-").isascii() and word.removeprefix("-").isdigit()


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except (OSError, ValueError):
        return []
