"""A lane without a pool: each step of a call happens when the agenda says so."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from s3syncd.pool import Apart, Call, CallFailed, Handle
from tests.simulation.agenda import Agenda

__all__ = ["CrashError", "Lane", "as_crash"]


class CrashError(BaseException):
    """The process dies here; nothing in it may catch that."""


def as_crash(error: Exception) -> CrashError | None:
    """Give the crash that a failpoint asks for, None for any other error."""
    is_failpoint = isinstance(error, RuntimeError) and str(error).startswith("failpoint ")
    return CrashError(str(error)) if is_failpoint else None


class _Running:
    def __init__(
        self, lane: Lane, make_call: Callable[[], Call], done: Callable[[object], None]
    ) -> None:
        self._lane = lane
        self._make_call = make_call
        self._call: Call | None = None
        self._done = done

    def go_on(self, value: Any = None) -> None:
        try:
            self._call = self._call or self._make_call()
            start = self._call.send(value)
            while isinstance(start, Apart):  # in one step, as if it held a worker
                answers: list[Any] = []
                start(answers.append)
                start = self._call.send(answers[0])
        except StopIteration as end:
            self._done(end.value)
        except Exception as error:
            if crash := as_crash(error):
                raise crash from error
            self._lane.failures.append(error)
            self._done(CallFailed(error))
        else:
            start(self._resume)

    def _resume(self, value: Any = None) -> None:
        self._lane.agenda.soon("call", lambda: self.go_on(value))


class Lane:
    """The face of `pool.Lane`.

    Attributes:
        failures: exceptions that came out of calls, of which there should be none.
    """

    def __init__(self, agenda: Agenda, on_room: Callable[[], None], *, limit: int) -> None:
        self.agenda = agenda
        self.in_flight = 0
        self.failures: list[Exception] = []
        self._limit = limit
        self._on_room = on_room
        self._is_room_due = False
        self._is_closed = False

    def offer(
        self, make_call: Callable[[], Call], *, size_bytes: int, done: Callable[[object], None]
    ) -> bool:
        if self._is_closed:
            return False
        if self.in_flight >= self._limit:
            self._is_room_due = True
            return False
        self.in_flight += 1
        running = _Running(self, make_call, lambda value: self._ended(done, value))
        self.agenda.soon("begin", running.go_on)
        return size_bytes >= 0

    def spawn(self, make_call: Callable[[], Call], *, size_bytes: int) -> Handle:
        handle = Handle(Lock())
        callbacks: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

        def finished(value: object) -> None:
            handle.finish(value, callbacks)
            while callbacks:
                resume, values = callbacks.pop()
                resume(*values)

        assert size_bytes >= 0
        self.agenda.soon("child", _Running(self, make_call, finished).go_on)
        return handle

    def idle(self, start: Any) -> Any:
        return start

    def close(self) -> None:
        self._is_closed = True

    def _ended(self, done: Callable[[object], None], value: object) -> None:
        self.in_flight -= 1
        done(value)
        if self._is_room_due:
            self._is_room_due = False
            self._on_room()
