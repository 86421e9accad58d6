"""The workers of a pool: as many are awake as do any good.

Of threads that want the interpreter one runs at a time, and each hand-over between two costs more
than a small file's work. So one worker does all the steps while they are quick, and waits for what
happens elsewhere (answers on sockets, offers) when there are none. Another one is woken when those
that are awake are held up: by a disk, a network file system, or a long digest. How this is told:
every few milliseconds, while there is work, the watch looks whether steps ended, and how much CPU
the process used.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from resource import RUSAGE_SELF, getrusage
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from s3syncd.pool.calls import Step

__all__ = ["Bell", "Crew", "Waiter", "wanted_change"]

_LOOK_SECONDS: Final = 0.005
"""The interpreter's own switch interval: less can be the wait of one thread for another."""

_LOOKS_IN_VAIN: Final = 20
"""Looks at an idle crew before the watch rests: a burst's pauses are shorter than 0.1 s."""

_LITTLE_CPU: Final = 0.5
"""Share of a core: with less the workers wait for something else, and more of them would help."""

_MUCH_CPU: Final = 0.8
"""With more, one worker less does as much."""

_QUICK_SECONDS: Final = 0.002
"""Steps longer than this are held up by something, or hash without the interpreter."""


class Waiter(Protocol):
    """Where the worker without a step waits."""

    def wait(self) -> Sequence[Callable[[], None]]:
        """Wait until something happens, or `wake`; gives what is to be called then."""

    def wake(self) -> None:
        """Let the one who waits go on, or the next one not wait; from any thread."""

    def flush(self) -> None:
        """Let go of what is kept back for others; by each worker that has no step left."""


class Bell:
    """Waits for nothing but to be woken."""

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()

    def wait(self) -> Sequence[Callable[[], None]]:
        """See `Waiter`."""
        self._rings.get()
        return ()

    def wake(self) -> None:
        """See `Waiter`."""
        self._rings.put(None)

    def flush(self) -> None:
        """See `Waiter`: nothing is."""


class Look(NamedTuple):
    """What the watch saw since the last look.

    Attributes:
        seconds: since then.
        cpu_seconds: used by the process.
        preemptions: how often the kernel took a core from a thread of ours: others want it, too.
        steps: that ended.
        awake: workers awake now.
        has_waiter: one of them waits for something to happen.
        has_ready: steps wait for a worker.
    """

    seconds: float
    cpu_seconds: float
    preemptions: int
    steps: int
    awake: int
    has_waiter: bool
    has_ready: bool


def wanted_change(look: Look) -> int:
    """Tell how many workers more (1) or fewer (-1) do any good."""
    if look.has_waiter:
        return 0
    share = look.cpu_seconds / look.seconds
    is_held_up = look.has_ready and not look.preemptions and share < _LITTLE_CPU
    if not look.steps or is_held_up:
        return 1
    is_quick = look.awake * look.seconds < look.steps * _QUICK_SECONDS
    has_no_more = look.preemptions or share > _MUCH_CPU
    return -1 if look.awake > 1 and is_quick and has_no_more else 0


class Crew:
    """Threads that carry out steps.

    Args:
        workers: how many, `worker-0` and so on; one is awake at least.
        carry_out: does one step; must not raise.
        waiter: where a worker waits; told what happens elsewhere.

    Attributes:
        faults: how often what the waiter gave to be called raised an exception.
    """

    def __init__(
        self, workers: int, carry_out: Callable[[Step], None], waiter: Waiter | None = None
    ) -> None:
        self._carry_out = carry_out
        self._waiter = waiter or Bell()
        self._ready: deque[Step] = deque()
        self._beds: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()
        self._awake = 0
        self._is_waiting = False
        self._leaving = 0
        self._steps = 0  # counted without a lock: one that is lost tells nothing wrong
        self.faults = 0
        self._is_over = Event()
        self._is_watched = Event()
        self._workers = [
            Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(workers)
        ]
        self._watcher = Thread(target=self._watch, name="worker-watch", daemon=True)

    def start(self) -> None:
        """Start the threads."""
        for thread in self._workers:
            thread.start()
        self._is_watched.set()
        self._watcher.start()
        self._wake_one()

    def put(self, step: Step) -> None:
        """Queue a step; from any thread, never waits."""
        self._ready.append(step)
        if self._is_waiting:
            self._waiter.wake()

    def stop(self, deadline: float) -> None:
        """End the threads, those in a step by `deadline` (monotonic seconds) or never."""
        self._is_over.set()
        self._is_watched.set()
        self._waiter.wake()
        for _ in self._workers:
            self._beds.put(None)
        for thread in (*self._workers, self._watcher):
            if thread.ident is not None:
                thread.join(max(0.0, deadline - monotonic()))

    # --- workers --------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            self._beds.get()
            if self._is_over.is_set():
                return
            self._be_awake()

    def _be_awake(self) -> None:
        ready, is_over = self._ready, self._is_over.is_set
        while not is_over():
            try:
                step = ready.popleft()
            except IndexError:
                if self._wait():
                    continue
                return
            self._carry_out(step)
            # A worker that waits would keep its last call's closure, and with it 64 MiB of memory.
            del step
            self._steps += 1
            if self._leaving and self._leave():
                return

    def _wait(self) -> bool:
        """Wait until there may be a step; False: somebody else does, go to bed."""
        self._waiter.flush()
        with self._lock:
            if self._is_waiting:
                self._awake -= 1
                return False
            self._is_waiting = True
        # From here on `put` wakes; what was put before is seen now.
        told = () if self._ready or self._is_over.is_set() else self._waiter.wait()
        self._is_waiting = False
        if not self._is_watched.is_set():
            self._is_watched.set()
        for tell in told:
            self._tell(tell)
        return True

    def _tell(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except BaseException:  # noqa: BLE001 - somebody else's mistake must not cost a worker
            self.faults += 1

    def _leave(self) -> bool:
        with self._lock:
            if not self._leaving or self._awake == 1:
                self._leaving = 0
                return False
            self._leaving -= 1
            self._awake -= 1
            return True

    def _wake_one(self) -> None:
        with self._lock:
            if self._awake == len(self._workers):
                return
            self._awake += 1
        self._beds.put(None)

    # --- the watch ------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._is_over.is_set():
            self._is_watched.wait()
            self._look_on()
            self._is_watched.clear()
            if not self._is_waiting:  # it left while this was cleared
                self._is_watched.set()

    def _look_on(self) -> None:
        """Look at the crew until it has been idle for a while."""
        then, in_vain = _now(), 0
        steps = self._steps
        while in_vain < _LOOKS_IN_VAIN and not self._is_over.wait(_LOOK_SECONDS):
            now, before = _now(), steps
            steps = self._steps
            look = Look(
                now.seconds - then.seconds,
                now.cpu_seconds - then.cpu_seconds,
                now.preemptions - then.preemptions,
                steps - before,
                self._awake,
                self._is_waiting,
                bool(self._ready),
            )
            then = now
            in_vain = in_vain + 1 if look.has_waiter and not look.steps else 0
            self._change(wanted_change(look))

    def _change(self, wanted: int) -> None:
        if wanted > 0:
            self._leaving = 0
            self._wake_one()
        elif wanted < 0:
            self._leaving = 1


class _Moment(NamedTuple):
    seconds: float
    cpu_seconds: float
    preemptions: int


def _now() -> _Moment:
    used = getrusage(RUSAGE_SELF)
    return _Moment(monotonic(), used.ru_utime + used.ru_stime, used.ru_nivcsw)
