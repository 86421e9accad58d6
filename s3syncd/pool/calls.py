"""Calls under way: the running generator, its resume, and handles on children."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Lock

    from s3syncd.pool.lane import Lane

__all__ = [
    "Call",
    "CallFailed",
    "Handle",
    "Idle",
    "PoolStopped",
    "Resume",
    "Running",
    "Start",
    "Step",
    "Waiting",
    "first_of",
]

Start: TypeAlias = Callable[[Callable[[Any], None]], None]
Call: TypeAlias = Generator[Start, Any, object]
# A call, and what its generator is continued with: a value, or an exception to be thrown.
Step: TypeAlias = "tuple[Running, Any, BaseException | None]"


class PoolStopped(Exception):  # noqa: N818 - says what happened, is no error of the call
    """The pool stopped before the call had begun: it had no effect."""


@dataclass(frozen=True, slots=True)
class CallFailed:
    """Stands for the outcome of a call that ended with an exception."""

    exception: BaseException


class Running:
    """One admitted or waiting call. Changed under the pool's lock, or by the worker that runs it.

    Attributes:
        is_child: spawned by another call.
        is_idle: holds neither slot nor bytes.
        is_overdraft: its bytes were given beyond the budget.
        is_started: a worker has begun it.
        is_ended: the generator has returned; `result` is set; children may still run.
        is_abandoned: the pool stopped without it; it is never continued.
        open_children: number of children that are not done.
        busy_workers: workers in it or in a start that it yielded (two, when a resume came early).
    """

    __slots__ = (
        "busy_workers",
        "call",
        "done",
        "handle",
        "is_abandoned",
        "is_child",
        "is_ended",
        "is_idle",
        "is_overdraft",
        "is_started",
        "lane",
        "make_call",
        "open_children",
        "parent",
        "result",
        "size_bytes",
    )

    def __init__(
        self,
        lane: Lane,
        make_call: Callable[[], Call],
        size_bytes: int,
        *,
        done: Callable[[object], None] | None = None,
        parent: Running | None = None,
    ) -> None:
        self.lane = lane
        self.make_call = make_call
        self.size_bytes = size_bytes
        self.done = done
        self.parent = parent
        self.is_child = parent is not None
        self.call: Call | None = None
        self.handle: Handle | None = None
        self.is_idle = self.is_overdraft = self.is_started = False
        self.is_ended = self.is_abandoned = False
        self.open_children = self.busy_workers = 0
        self.result: object = None


class Resume:
    """Continues a call, once; a second time is ignored and counted.

    `owner` is the thread that is inside the start: a resume from there needs no queue.
    """

    __slots__ = ("_armed", "_ignore", "_put", "has_value", "owner", "value")

    def __init__(
        self,
        running: Running,
        put: Callable[[Step], None],
        ignore: Callable[[], None],
        owner: int,
    ) -> None:
        self._armed = [running]
        self._put = put
        self._ignore = ignore
        self.owner = owner
        self.has_value = False
        self.value: Any = None

    def __call__(self, value: Any = None) -> None:
        """Go on with `value` as the result of the yield; cheap, from any thread."""
        running = self.disarm()
        if running is None:
            self._ignore()
        elif self.owner == get_ident():
            self.value = value
            self.has_value = True
        else:
            self._put((running, value, None))

    def disarm(self) -> Running | None:
        """Take the right to continue; None when somebody has taken it before.

        `list.pop` is one step under the interpreter lock: of two threads one gets the call.
        """
        try:
            return self._armed.pop()
        except IndexError:
            return None


class Idle:
    """A start during which the call holds neither a slot nor bytes."""

    __slots__ = ("start",)

    def __init__(self, start: Start) -> None:
        self.start = start

    def __call__(self, resume: Callable[[Any], None]) -> None:
        """Call the start; the pool has taken slot and bytes back before."""
        self.start(resume)


class Waiting(Idle):
    """Waits for the first of some handles; always idle, or children could wait for their parent.

    Gives the handle that is done, or, for a single one (`has_result`), its result.
    """

    __slots__ = ("_handles", "_has_result", "_resume")

    def __init__(self, handles: Sequence[Handle], *, has_result: bool) -> None:
        super().__init__(self._subscribe)
        self._handles = handles
        self._has_result = has_result
        self._resume: Callable[[Any], None] | None = None

    def _subscribe(self, resume: Callable[[Any], None]) -> None:
        with self._handles[0].lock:
            finished = next((handle for handle in self._handles if handle.is_done), None)
            if finished is None:
                self._resume = resume
                for handle in self._handles:
                    handle.waiters[self] = None
                return
        resume(finished.result if self._has_result else finished)

    def unsubscribe(self) -> Callable[[Any], None] | None:
        """Leave all handles; return the resume to call. The pool's lock is held."""
        for handle in self._handles:
            handle.waiters.pop(self, None)
        resume, self._resume = self._resume, None
        return resume

    def value_for(self, handle: Handle) -> object:
        """Return what the yield gives when this handle is done."""
        return handle.result if self._has_result else handle


class Handle:
    """A child: `yield handle.wait` gives its result, `CallFailed` when it raised.

    Attributes:
        is_done: the child and its own children have ended.
        result: what it returned; None before.
    """

    __slots__ = ("is_done", "lock", "result", "waiters")

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.is_done = False
        self.result: object = None
        self.waiters: dict[Waiting, None] = {}

    def finish(
        self, result: object, callbacks: list[tuple[Callable[..., object], tuple[Any, ...]]]
    ) -> None:
        """Set the result and collect the resumes to be called. The pool's lock is held."""
        self.result = result
        self.is_done = True
        for waiter in list(self.waiters):
            resume = waiter.unsubscribe()
            if resume is not None:
                callbacks.append((resume, (waiter.value_for(self),)))

    @property
    def wait(self) -> Start:
        """The start that gives the result. The caller holds no slot and no bytes meanwhile."""
        return Waiting((self,), has_result=True)


def first_of(handles: Sequence[Handle]) -> Start:
    """Return the start that gives the first handle that is done (at once when one is).

    Raises:
        ValueError: no handle was given: that wait would never end.
    """
    if not handles:
        raise ValueError("first_of needs a handle")
    return Waiting(tuple(handles), has_result=False)
