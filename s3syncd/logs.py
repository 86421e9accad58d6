"""Writes the log: one line per event, JSON unless to a terminal; the only module with structlog.

    log = logs.logger(site="photos")
    log.info("deletion.done", path="a/b", key="p/a/b")

structlog draws lines for a terminal and is loaded for one only: with what it brings (rich, asyncio)
it takes 0.12 s of CPU, a fifth of a start.

An event is `noun.verb`, always the same words; what differs stands in fields. Any thread may log;
a call below the level costs one comparison. A log that cannot be written stops nothing. No secret
is written; a line like one of the last 30 s, or one of a flood, is counted: see `core.logline`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from s3syncd.core.logline import Event, Folding, Redaction

__all__ = ["Logger", "configure", "flush", "logger", "tick"]

LEVELS = {"trace": 5, "debug": 10, "info": 20, "warning": 30, "error": 40, "fatal": 50}
LEVEL_ALIASES = {"warn": "warning", "panic": "fatal", "critical": "fatal"}
_LOOK_SECONDS = 1.0  # whether the file was rotated: one system call for the lines of a second
# Control characters, line breaks of Unicode, and what changes the direction of writing. On a
# console the line breaks of a traceback stay; JSON spells out those below a space by itself.
_UNSEEN = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_CONTROL = re.compile(rf"[\x00-\x08\x0b-\x1f{_UNSEEN}]")
_UNSEEN_IN_JSON = re.compile(f"[{_UNSEEN}]")


class _Output:
    """Where lines go. Any thread; the lock keeps lines whole and the counts right."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wall: Callable[[], float] = time.time
        self._monotonic: Callable[[], float] = time.monotonic
        self._folding = Folding()
        self._redaction = Redaction()
        self._stream: TextIO | None = None
        self._own: TextIO | None = None
        self._file: Path | None = None
        self._looked_at = float("-inf")
        self._is_console = False
        self._render: Callable[[object, str, Event], Any] = _as_json
        self.threshold = LEVELS["info"]

    def configure(
        self,
        *,
        level: str,
        style: str,
        file: Path | None,
        stream: TextIO | None,
        redaction: Redaction,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        own = _opened(file) if file else None
        with self._lock:
            self._write_all(self._folding.flush())
            if self._own is not None:
                self._own.close()
            self._own, self._stream, self._file = own, own or stream, file
            self._looked_at = float("-inf")
            target = self._stream or sys.stderr
            self._is_console = style == "console" or (style == "auto" and target.isatty())
            colors = self._is_console and target.isatty()
            self._render = _console(colors=colors) if self._is_console else _as_json
            self._redaction, self._wall, self._monotonic = redaction, wall, monotonic
            self.threshold = LEVELS[LEVEL_ALIASES.get(level, level)]

    def flush(self) -> None:
        with self._lock:
            self._write_all(self._folding.flush())

    def tick(self) -> None:
        if not self._lock.acquire(blocking=False):  # nobody waits for a reader who does not read
            return
        try:
            if due := self._folding.due(self._monotonic()):
                self._write_all(due)
        finally:
            self._lock.release()

    def write(self, event: Event, level: int) -> None:
        with self._lock:
            # One line per file at DEBUG: looking each up would cost more than it folds.
            is_folded = level >= LEVELS["info"]
            self._write_all(self._folding.lines(event, self._monotonic()) if is_folded else [event])

    def _follow(self) -> None:
        """Go over to the file that now has the name: the one before was rotated, or deleted."""
        now = self._monotonic()
        if self._own is None or self._file is None or now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        try:
            if _is_same_file(self._own, self._file):
                return
            own = _opened(self._file)
        except OSError:  # no right to make it, no room: the old one takes what is written
            return
        self._own.close()
        self._own = self._stream = own

    def _write_all(self, events: list[Event]) -> None:
        self._follow()
        stream = self._stream or sys.stderr
        for event in events:
            when = datetime.fromtimestamp(self._wall(), UTC).isoformat(timespec="milliseconds")
            stamped = {"timestamp": when.replace("+00:00", "Z"), **event}
            plain = self._redaction(stamped)
            if self._is_console:
                plain = {key: _printable(value) for key, value in plain.items()}
            try:
                stream.write(f"{self._render(None, str(event.get('level')), plain)}\n")
                stream.flush()
            except (OSError, ValueError):  # disk full, pipe closed: the work goes on unlogged
                return


def _opened(file: Path) -> TextIO:
    return file.open("a", encoding="utf-8", errors="backslashreplace")


def _is_same_file(stream: TextIO, file: Path) -> bool:
    try:
        found = file.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(stream.fileno())
    return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)


def _as_json(_logger: object, _method: str, event: Event) -> str:
    # A log is read with `tail` and `grep` as well: a file name must not drive that terminal.
    line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    if line.isascii() and "\x7f" not in line:
        return line
    return _UNSEEN_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def _console(*, colors: bool) -> Callable[[object, str, Event], Any]:
    import structlog  # noqa: PLC0415 - see the module

    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )


def _printable(value: object) -> object:
    """Spell out control characters: a file name must not move the operator's cursor."""
    if not isinstance(value, str):
        return value
    return _CONTROL.sub(lambda match: repr(match[0])[1:-1], value)


_output = _Output()


class Logger:
    """Logs events with the fields bound to it. Frozen; any thread.

    Pass `exc_info=True`, or an exception, for a traceback.

    Args:
        fields: stand in each line.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = dict(fields)

    def bind(self, **fields: Any) -> Logger:
        """Return another with more fields."""
        return Logger({**self._fields, **fields})

    def trace(self, event: str, **fields: Any) -> None:
        """Log what only a developer of s3syncd wants to know."""
        self._log("trace", event, fields)

    def debug(self, event: str, **fields: Any) -> None:
        """Log a single step, such as one upload."""
        self._log("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Log what an operator may want to read later."""
        self._log("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log what will need somebody if it goes on."""
        self._log("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Log what needs somebody."""
        self._log("error", event, fields)

    def fatal(self, event: str, **fields: Any) -> None:
        """Log why the process ends."""
        self._log("fatal", event, fields)

    def _log(self, level: str, event: str, fields: dict[str, Any]) -> None:
        if LEVELS[level] < _output.threshold:
            return
        merged: Event = {"level": level, "event": event, **self._fields, **fields}
        error = _error_of(merged.pop("exc_info", None))
        if error is not None:
            merged["exception"] = _traceback(error)
        _output.write(merged, LEVELS[level])


def _error_of(given: object) -> BaseException | None:
    """Give the exception that `exc_info` stands for, as `logging` takes it, too."""
    if isinstance(given, tuple):  # of a LogRecord: type, exception, traceback
        given = given[1]
    if isinstance(given, BaseException):
        return given
    return sys.exception() if given else None


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).removesuffix("\n")


class _Bridge(logging.Handler):
    """Brings the warnings of libraries that use `logging` into this log."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        fields = {"library": record.name, "message": record.getMessage()}
        getattr(logger(), level)("library.warned", **fields, exc_info=record.exc_info)


def logger(**fields: Any) -> Logger:
    """Return a logger with `fields` bound; it follows every later `configure`."""
    return Logger(fields)


def tick() -> None:
    """Write the counts of folded lines that are due; to be called about once a second."""
    _output.tick()


def flush() -> None:
    """Write the counts of folded lines, before the process ends."""
    _output.flush()


def configure(
    *,
    level: str = "info",
    style: str = "auto",
    file: Path | None = None,
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
    wall: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Set up the log of the process; may be called again (a reload also opens the file anew).

    Args:
        level: least level written, trace to fatal (warn, panic and critical, too).
        style: auto (console on a terminal, else JSON), json or console.
        file: appended to instead of `stream`; opened anew when it was renamed or deleted.
        stream: default standard error, so that what commands print stays clean.
        secrets: values that are masked wherever they turn up.
        wall: seconds since the epoch.
        monotonic: seconds, for the folding of repeats.

    Raises:
        OSError: `file` cannot be opened.
    """
    _output.configure(
        level=level,
        style=style,
        file=file,
        stream=stream,
        redaction=Redaction(secrets),
        wall=wall,
        monotonic=monotonic,
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Bridge)]:
        root.removeHandler(handler)
    # Below WARNING botocore logs signed headers.
    root.addHandler(_Bridge(logging.WARNING))
