"""A lane without a pool: calls run on the test's own thread, when the test lets them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from s3syncd.pool import Call, CallFailed, Handle

__all__ = ["InlineLane"]


class _Running:
    def __init__(
        self, lane: InlineLane, make_call: Callable[[], Call], done: Callable[[object], None]
    ) -> None:
        self._lane = lane
        self._make_call = make_call
        self._call: Call | None = None
        self._done = done

    def go_on(self, value: Any = None) -> None:
        """Continue the call until it waits for something that does not answer at once."""
        try:
            self._call = self._call or self._make_call()
            start = self._call.send(value)
        except StopIteration as end:
            self._end(end.value)
        except Exception as error:  # noqa: BLE001 - as the pool does
            self._end(CallFailed(error))
        else:
            start(lambda answer: self._lane.continued.append((self, answer)))

    def _end(self, value: object) -> None:
        self._lane.in_flight -= 1
        self._done(value)


class InlineLane:
    """The face of `pool.Lane`.

    Attributes:
        limit: calls in flight at once.
        is_held: calls that were offered do not begin.
        admitted: how many calls were admitted so far.
    """

    def __init__(self, on_room: Callable[[], None], *, limit: int = 64) -> None:
        self.limit = limit
        self.is_held = False
        self.is_closed = False
        self.in_flight = 0
        self.admitted = 0
        self.refused = 0
        self.continued: deque[tuple[_Running, Any]] = deque()
        self._on_room = on_room
        self._waiting: deque[tuple[Callable[[], Call], Callable[[object], None]]] = deque()
        self._is_room_due = False

    def offer(
        self,
        make_call: Callable[[], Call],
        *,
        size_bytes: int,
        done: Callable[[object], None],
    ) -> bool:
        """Admit a call if fewer than `limit` are in flight."""
        if self.is_closed:
            return False
        if self.in_flight >= self.limit:
            self._is_room_due = True
            self.refused += 1
            return False
        self.in_flight += 1
        self.admitted += 1
        self._waiting.append((make_call, done))
        return size_bytes >= 0

    def spawn(self, make_call: Callable[[], Call], *, size_bytes: int) -> Handle:
        """Run a child to its end at once."""
        handle = Handle(Lock())
        handle.finish(_drive(make_call()) if size_bytes >= 0 else None, [])
        return handle

    def idle(self, start: Any) -> Any:
        return start

    def close(self) -> None:
        self.is_closed = True

    def step(self) -> bool:
        """Go on with one call; return whether there was one."""
        if self._is_room_due and self.in_flight < self.limit and not self.is_closed:
            self._is_room_due = False
            self._on_room()
        if self.is_held:
            return False
        if self.continued:
            running, value = self.continued.popleft()
            running.go_on(value)
            return True
        if self._waiting:
            make_call, done = self._waiting.popleft()
            _Running(self, make_call, done).go_on()
            return True
        return False


def _drive(call: Call) -> Any:
    value: Any = None
    while True:
        try:
            start = call.send(value)
        except StopIteration as end:
            return end.value
        except Exception as error:  # noqa: BLE001 - as the pool does
            return CallFailed(error)
        answers: list[Any] = []
        start(answers.append)
        assert len(answers) == 1, "a child's start that did not answer, or twice"
        value = answers[0]
