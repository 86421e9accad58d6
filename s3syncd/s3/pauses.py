"""Waiting before a repetition without holding a thread."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Pauses"]

Resume = Callable[[None], None]


class Pauses:
    """Calls that wait for a time to pass; whoever looks at the clock every second lets them go on.

    Thread-safe without a lock: each step on the shared dict is one atomic operation.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: dict[object, tuple[float, Resume]] = {}
        self._is_closed = False

    def start(self, seconds: float) -> Callable[[Resume], None]:
        """Give a Start that resumes at the first `release` after so many seconds."""

        def start(resume: Resume) -> None:
            self._waiting[object()] = (self._clock() + seconds, resume)
            if self._is_closed:
                self._go_on(lambda _due: True)

        return start

    def release(self, now: float) -> None:
        """Let go on whoever has waited long enough; `now` is monotonic seconds."""
        self._go_on(lambda due: due <= now)

    def close(self) -> None:
        """Let all go on, and hold nobody any more."""
        self._is_closed = True
        self._go_on(lambda _due: True)

    def _go_on(self, is_due: Callable[[float], bool]) -> None:
        for name, (due, _) in list(self._waiting.items()):
            if is_due(due):
                waiting = self._waiting.pop(name, None)
                if waiting is not None:  # another thread was not quicker
                    waiting[1](None)
