"""On which cores the threads of this process run.

Only one thread at a time has Python's interpreter. Where those that want it are spread over cores,
each hand-over wakes another core, and a small upload makes some thirty: first uploads of 4 KiB
files took twice the CPU and 1.6 times as long as on one core (6,000 files, 2 cores, `s3syncd sync`
with and without taskset). So the process keeps to one core, its home; what leaves the interpreter
for long, such as hashing a large body, roams. The kernel moves other programs away from a busy
core, and where it cannot, the home moves.

In a process of somebody else (`s3syncd.api`) nothing here does anything.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Home", "Usage", "elsewhere", "look", "others", "own_process", "roam", "settle"]

_BUSY: Final = 0.3
"""Share of a second: using the home less, or gaining less elsewhere, is no reason to move."""


class Usage(NamedTuple):
    """What a core did since the start of the system, in ticks of the kernel."""

    busy: int
    idle: int


class Home:
    """The core that this process keeps to.

    Args:
        cores: those that it may use; at least two.
        place: puts a thread (its native id; 0 is the calling one) on cores.
        threads: gives the native ids of the process's threads.
        usage: tells of all cores of the system; raises OSError where that cannot be read.
        used_seconds: CPU time of the process.
    """

    def __init__(
        self,
        cores: frozenset[int],
        *,
        place: Callable[[int, frozenset[int]], None],
        threads: Callable[[], Iterator[int]],
        usage: Callable[[], dict[int, Usage]],
        used_seconds: Callable[[], float] = time.process_time,
    ) -> None:
        self._cores = cores
        self._place = place
        self._threads = threads
        self._usage = usage
        self._used_seconds = used_seconds
        self._lock = threading.Lock()
        self._roaming: set[int] = set()
        self._seen: tuple[float, float, dict[int, Usage]] | None = None
        # Many daemons on one host do not all choose the first core.
        self.core = sorted(cores)[os.getpid() % len(cores)]

    @property
    def others(self) -> frozenset[int]:
        """The cores it does not keep to."""
        return self._cores - {self.core}

    def elsewhere(self) -> Usage:
        """Give what those cores did together, since the start of the system.

        Raises:
            OSError: it cannot be read.
        """
        usage = self._usage()
        seen = [usage[core] for core in self.others if core in usage]
        return Usage(sum(one.busy for one in seen), sum(one.idle for one in seen))

    def settle(self) -> None:
        """Put the calling thread, and all that it will start, on the home core."""
        self._place(0, frozenset({self.core}))

    def roam(self, *, is_roaming: bool) -> None:
        """Let the calling thread use every core, or bring it home."""
        thread = threading.get_native_id()
        with self._lock:
            if is_roaming:
                self._roaming.add(thread)
                self._place(thread, self._cores)
            else:
                self._roaming.discard(thread)
                self._place(thread, frozenset({self.core}))

    def look(self, now: float) -> None:
        """Move where others keep the home busy while another core idles; about once a second.

        Args:
            now: monotonic seconds.
        """
        used = self._used_seconds()
        then, self._seen = self._seen, None
        if self._roaming:
            return  # what they use cannot be told from what others use
        try:
            usage = self._usage()
        except OSError:
            return
        self._seen = (now, used, usage)
        if then is None or now <= then[0]:
            return
        our_share = (used - then[1]) / (now - then[0])
        busy = {
            core: _busy_share(usage[core], then[2].get(core)) for core in self._cores & {*usage}
        }
        others_share = busy.get(self.core, 0.0) - our_share
        best = min(busy, key=lambda core: busy[core], default=self.core)
        if our_share > _BUSY and busy[best] + _BUSY < others_share:
            self._move(best)

    def _move(self, core: int) -> None:
        with self._lock:
            self.core = core
            for thread in self._threads():
                if thread not in self._roaming:
                    self._place(thread, frozenset({core}))


def _busy_share(now: Usage, then: Usage | None) -> float:
    busy, idle = (now.busy - then.busy, now.idle - then.idle) if then else (1, 0)
    return busy / max(1, busy + idle)


_home: list[Home] = []
_state = {"is_ours": False}


def own_process() -> None:
    """Say that this process runs nothing but one command of ours."""
    _state["is_ours"] = True


def others() -> frozenset[int]:
    """Give the cores that a second process may use: not the home, where there are others."""
    return _home[0].others if _home else frozenset()


def elsewhere() -> Usage | None:
    """Give what those cores did, since the start of the system; None where it cannot be told."""
    try:
        return _home[0].elsewhere() if _home else None
    except (OSError, ValueError):
        return None


def settle() -> None:
    """Keep our own process on one core; to be called before its first other thread.

    Nothing happens where there is only one, where the interpreter has no lock, and outside Linux.
    """
    if sys.platform != "linux" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return
    cores = frozenset(os.sched_getaffinity(0))
    if _state["is_ours"] and len(cores) > 1 and not _home:
        home = Home(cores, place=_place, threads=_own_threads, usage=_read_usage)
        home.settle()
        _home.append(home)


def roam(*, is_roaming: bool) -> None:
    """Let the calling thread use every core while it does without the interpreter, or end that."""
    for home in _home:
        home.roam(is_roaming=is_roaming)


def look(now: float) -> None:
    """See about once a second whether the home is still a good one; `now`: monotonic seconds."""
    for home in _home:
        home.look(now)


def _place(thread: int, cores: frozenset[int]) -> None:
    """Do as the kernel allows: a thread may have ended, a container's cores may have changed."""
    if sys.platform == "linux":
        try:
            os.sched_setaffinity(thread, cores)
        except OSError:
            return


def _own_threads() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc/self/task").iterdir())


def _read_usage() -> dict[int, Usage]:
    """Read /proc/stat (proc(5)): user nice system idle iowait irq softirq steal, in ticks."""
    usage = {}
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name != "cpu":
            counts = [int(tick) for tick in ticks[:8]]
            idle = counts[3] + counts[4]
            usage[int(name[3:])] = Usage(sum(counts) - idle, idle)
    return usage
