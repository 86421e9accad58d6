"""Shows something again each second: in place on a terminal, block after block elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from threading import Event
from typing import Final, TextIO

from s3syncd.cli import exits

__all__ = ["Screen", "watch"]

EVERY_SECONDS: Final = 1.0
"""The daemon publishes about as often; a look costs it a millisecond."""

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l"
"""The other screen, so that the shell's stays as it was; no cursor; no line goes over the edge."""

_LEAVE: Final = "\x1b[?7h\x1b[?25h\x1b[?1049l"


class Screen:
    """A stream that is drawn on again and again; to be used in a with statement.

    On a terminal a picture takes the place of the one before, cut to the height; leaving, the last
    one stays below the prompt. Elsewhere each is written, an empty line between two.
    """

    def __init__(self, stream: TextIO, *, lines: Callable[[], int] | None = None) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._lines = lines or (lambda: shutil.get_terminal_size().lines)
        self._last = ""

    def __enter__(self) -> Screen:
        if self._is_terminal:
            self._write(_ENTER)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal:
            self._write(_LEAVE + (self._last + "\n" if self._last else ""))

    def draw(self, text: str) -> None:
        """Show `text`, lines without the last line's end."""
        if self._is_terminal:
            shown = text.splitlines()
            room = max(2, self._lines())
            if len(shown) > room:
                shown = [*shown[: room - 1], f"... {len(shown) - room + 1} more lines"]
            # What is behind the end of each line, and below the last, was of the picture before.
            self._write("\x1b[H" + "\x1b[K\r\n".join(shown) + "\x1b[K\x1b[J")
        else:
            self._write(("\n" if self._last else "") + text + "\n")
        self._last = text

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def watch(
    look: Callable[[], tuple[str, int]],
    draw: Callable[[str], None],
    *,
    timeout_seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    every_seconds: float = EVERY_SECONDS,
) -> int:
    """Look and draw until Ctrl-C or the time is over; gives the exit code of the last look.

    Args:
        look: gives a text and an exit code.
        draw: shows it.
        timeout_seconds: None goes on until Ctrl-C.
        clock: monotonic seconds.
        every_seconds: from one look to the next.
    """
    pause, code = Event(), exits.INTERRUPTED
    start = clock()
    deadline = float("inf") if timeout_seconds is None else start + timeout_seconds
    number = 0
    try:
        while True:
            text, code = look()
            draw(text)
            number += 1
            if clock() >= deadline:
                return code
            # By the second, however long the look took; one that was missed is left out.
            number = max(number, int((clock() - start) / every_seconds))
            pause.wait(max(0.0, min(start + number * every_seconds, deadline) - clock()))
    except KeyboardInterrupt:
        return code
