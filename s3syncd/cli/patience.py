"""Says what a command waits for, once that takes longer than a person expects."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from s3syncd.cli.wording import duration, printable

__all__ = ["Tell", "patience"]

Tell = Callable[[str], None]
"""Told what begins now, as words after `waiting:`; empty: nothing that takes long."""

_ON_TERMINAL: Final = (2.0, 10.0)
"""Seconds until a step is mentioned, and mentioned again: a person begins to wonder by then."""

_ELSEWHERE: Final = (10.0, 60.0)
"""The same where it ends up in a log or in cron's mail."""


@contextmanager
def patience(
    stream: TextIO,
    *,
    quiet_seconds: float | None = None,
    again_seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Tell]:
    """Yield what is to be told of each step; what lasts is written to `stream`, a line each.

    Args:
        stream: standard error, so that the result stays by itself.
        quiet_seconds: a step that ends within it is not mentioned; by default more off a terminal.
        again_seconds: a step that lasts is mentioned again after it; by default as well.
        clock: monotonic seconds.
    """
    quiet, again = _ON_TERMINAL if stream.isatty() else _ELSEWHERE
    quiet = quiet if quiet_seconds is None else quiet_seconds
    again = again if again_seconds is None else again_seconds
    waiting = _Waiting(stream, quiet, again, clock)
    thread = threading.Thread(target=waiting.run, name="patience", daemon=True)
    thread.start()
    try:
        yield waiting.note
    finally:
        waiting.end()
        thread.join()


class _Waiting:
    """The step under way; noted by one thread, written about by another."""

    def __init__(
        self, stream: TextIO, quiet_seconds: float, again_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._stream = stream
        self._quiet_seconds = quiet_seconds
        self._again_seconds = again_seconds
        self._clock = clock
        self._changed = threading.Condition()
        self._text = ""
        self._begun_at = clock()
        self._is_over = False

    def note(self, text: str) -> None:
        with self._changed:
            if text != self._text:
                self._text, self._begun_at = text, self._clock()
                self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def run(self) -> None:
        seen, pause = "", self._quiet_seconds
        with self._changed:
            while not self._is_over:
                if self._text != seen:
                    seen, pause = self._text, self._quiet_seconds
                is_same = not self._changed.wait(timeout=pause) and self._text == seen
                if is_same and seen:
                    self._write(seen)
                    pause = self._again_seconds

    def _write(self, text: str) -> None:
        lasted = duration(self._clock() - self._begun_at)
        self._stream.write(f"waiting: {printable(text)} ({lasted})\n")
        self._stream.flush()
