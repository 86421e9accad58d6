"""Standard output, of which a failure is told from every other one.

A full disk below `status > FILE` is an `OSError` like that of a directory that cannot be read; only
the first is a matter of one line. That the reader left stays `BrokenPipeError`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

__all__ = ["OutputError", "guarded", "silence"]

_Answer = TypeVar("_Answer")


class OutputError(Exception):
    """What a command says cannot be written; the message says why."""


@contextmanager
def guarded() -> Iterator[None]:
    """Let standard output raise `OutputError` where it cannot be written; flush it at the end.

    Closed from the start (`>&-`) it is nowhere, as for every other program.
    """
    plain = sys.stdout
    if plain is None:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield
        return
    output = _Output(plain)
    sys.stdout = cast("TextIO", output)
    try:
        yield
    finally:
        sys.stdout = plain
        output.flush()


def silence() -> None:
    """Write to nowhere from now on: Python would complain again at exit."""
    with suppress(OSError, ValueError):  # it has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Output:
    """Writes to a stream; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return _told(self._stream.write, text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        _told(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _told(act: Callable[..., _Answer], *given: object) -> _Answer:
    try:
        return act(*given)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from error
