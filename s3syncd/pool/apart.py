"""What blocks, on threads apart: a server that says nothing must hold no worker.

Rare requests (first contact, the control of uploads in parts) are made by code that waits for the
answer. A silent server makes that wait for many seconds, and each site with one would take workers
that all others need. So a call yields an `Apart`, and goes on when the function has returned.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from s3syncd.pool.calls import CallFailed, Start

if TYPE_CHECKING:
    from s3syncd.pool.lane import Lane

__all__ = ["Annex", "Apart", "apart"]

_Answer = TypeVar("_Answer")

_MOST: Final = 64
"""Threads: each is little but its stack, and as many sites may be stuck while others still pass."""

_MOST_AGAIN: Final = 48
"""For what was in vain before: the rest is kept for those that were not tried yet."""

_MOST_OF_BUSY: Final = 32
"""For lanes that have one already: with the other half, each of 32 more lanes gets its first."""

_MOST_OF_LANE: Final = 8
"""As many as one lane may have of the ten workers that there are by default."""

_IDLE_SECONDS: Final = 0.2
"""The control of uploads in parts comes in bursts; a thread costs as much as a small request."""


class Apart:
    """A start that has a function called apart: gives what it returns, `CallFailed` if it raises.

    Args:
        function: may block; called once, on any thread.
        is_again: it was in vain before: what was not yet tried goes first.
    """

    __slots__ = ("_function", "is_again")

    def __init__(self, function: Callable[[], object], *, is_again: bool = False) -> None:
        self._function = function
        self.is_again = is_again

    def __call__(self, resume: Callable[[Any], None]) -> None:
        """Call the function, and go on; the pool has this done on a thread apart."""
        try:
            answer = self._function()
        except BaseException as error:  # noqa: BLE001 - it belongs to the call, not to the thread
            answer = CallFailed(error)
        resume(answer)


def apart(function: Callable[[], _Answer]) -> Generator[Start, Any, _Answer]:
    """Have a function called apart from inside a call, and give what it returns.

    Raises:
        BaseException: what the function raises.
    """
    answer = yield Apart(function)
    if isinstance(answer, CallFailed):
        raise answer.exception
    return answer  # type: ignore[no-any-return]


class _Errand(NamedTuple):
    start: Apart
    lane: Lane
    resume: Callable[[Any], None]


class Annex:
    """Threads for what blocks: made when needed, and ended when idle.

    Attributes:
        threads: how many there are.
    """

    def __init__(self) -> None:
        self.threads = 0
        self._lock = Lock()
        self._under_way = 0  # never more than `threads`, so each has a thread of its own
        self._of_lane: Counter[Lane] = Counter()
        self._waiting: deque[_Errand] = deque()
        self._given: SimpleQueue[_Errand | None] = SimpleQueue()
        self._is_over = False

    def begin(self, start: Apart, lane: Lane, resume: Callable[[Any], None]) -> None:
        """Have a start called apart, at once or when it is its turn; never waits for it.

        Raises:
            RuntimeError: the system gives no thread; it is not called.
        """
        errand = _Errand(start, lane, resume)
        with self._lock:
            if self._is_over:
                return
            if not self._may_begin(errand):
                self._waiting.append(errand)
                return
            self._note(errand, 1)
            is_short = self.threads < self._under_way
            self.threads += is_short
        if is_short:
            self._add_thread(errand)
        self._given.put(errand)

    def stop(self) -> None:
        """Begin nothing more, and end the idle threads; the others end when they can."""
        with self._lock:
            self._is_over = True
            self._waiting.clear()
            for _ in range(self.threads):
                self._given.put(None)

    def _add_thread(self, errand: _Errand) -> None:
        try:
            # A daemon: nobody waits at the end for a server that does not answer.
            Thread(target=self._work, name="worker-apart", daemon=True).start()
        except RuntimeError:
            with self._lock:
                self.threads -= 1
                self._note(errand, -1)
            raise

    def _work(self) -> None:
        while True:
            try:
                errand = self._given.get(timeout=_IDLE_SECONDS)
            except Empty:
                if self._leaves(is_sent=False):
                    return
                continue
            if errand is None:
                self._leaves(is_sent=True)
                return
            errand.start(errand.resume)
            self._end(errand)
            del errand  # a thread that waits would keep what the function holds

    def _leaves(self, *, is_sent: bool) -> bool:
        with self._lock:
            if not is_sent and self.threads == self._under_way:
                return False  # something was given a moment ago
            self.threads -= 1
            return True

    def _end(self, errand: _Errand) -> None:
        with self._lock:
            self._note(errand, -1)
            following = self._next()
            if following is not None:
                self._note(following, 1)
                self._given.put(following)

    # --- the lock is held -----------------------------------------------------------------------

    def _next(self) -> _Errand | None:
        following = next((one for one in self._waiting if self._may_begin(one)), None)
        if following is not None:
            self._waiting.remove(following)
        return following

    def _may_begin(self, errand: _Errand) -> bool:
        of_lane = self._of_lane[errand.lane]
        most = _MOST_AGAIN if errand.start.is_again else _MOST
        if of_lane:
            most = min(most, _MOST_OF_BUSY)
        return self._under_way < most and of_lane < _MOST_OF_LANE

    def _note(self, errand: _Errand, change: int) -> None:
        self._under_way += change
        self._of_lane[errand.lane] += change
        if not self._of_lane[errand.lane]:
            del self._of_lane[errand.lane]
