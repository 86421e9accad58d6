"""Turns one value of the configuration into what the program uses, or says what to write instead.

Pure: no file, no environment, no pydantic. No message contains the value it is about, because any
value may turn out to be a secret somebody put at the wrong place.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable

from s3syncd.core.standing import KINDS

__all__ = [
    "HOST",
    "UnusableError",
    "level",
    "listen",
    "milliseconds",
    "notice_kinds",
    "patterns",
    "seconds",
    "size_bytes",
    "switch",
    "text",
    "whole",
]

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")

MAX_SECONDS = 366 * 86400.0  # far below what a wait can take (threading.TIMEOUT_MAX)
# Go durations, which s3sync-service reads, and days.
_UNIT_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_DURATION = re.compile(r"(?:\d{1,15}(?:\.\d{1,15})?(?:ns|us|µs|ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?([kmgt]i?)?b", re.IGNORECASE)
_SIZE_FACTOR = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
# Control characters and what else ends a line.
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
_LEVEL_ALIASES = {"warning": "warn", "critical": "fatal", "panic": "fatal"}


class UnusableError(ValueError):
    """A value that cannot be used: `what` is wrong with it and what to `write`; never the value."""

    def __init__(self, what: str, write: str) -> None:
        super().__init__(f"{what}; {write}")
        self.what = what
        self.write = write


def text(value: object) -> str:
    """Take a non-empty string without control characters; numbers keep their spelling."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnusableError("is not a string", "write one value, in quotes if in doubt")
    result = str(value)
    if not result.strip():
        raise UnusableError("is empty", "write a value or leave the key out")
    if _BREAKING.search(result):
        raise UnusableError("contains a control character", "write it in one line, without tabs")
    return result


def switch(value: object) -> bool:
    """Take true or false; the YAML 1.1 words yes, no, on and off mean the same here."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _SWITCH:
        return _SWITCH[value.lower()]
    raise UnusableError("is not a yes or no", "write true or false")


def whole(value: object) -> int:
    """Take a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnusableError(
            "is not a whole number", "write digits only, such as 10, without quotes"
        )
    return value


def seconds(value: object) -> float:
    """Take a duration: a number of seconds or a string such as 30s, 5m, 1h30m, 1d."""
    return _duration(value, number_seconds=1.0)


def milliseconds(value: object) -> float:
    """Take a duration in which a bare integer counts milliseconds; the result is seconds."""
    if isinstance(value, float) and not value.is_integer():
        raise UnusableError(
            "is a broken number without a unit", "write milliseconds (1500) or a unit (1.5s)"
        )
    return _duration(value, number_seconds=1e-3)


def _duration(value: object, *, number_seconds: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_good = math.isfinite(value) and value >= 0
        result = value * number_seconds if is_good else -1.0
    elif isinstance(value, str) and _DURATION.fullmatch(value):
        parts = _DURATION_PART.findall(value)
        result = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    else:
        result = -1.0
    if result < 0:
        write = "write a number, or a number with a unit: 500ms 30s 5m 1h 1d"
        raise UnusableError("is not a duration", write)
    if result > MAX_SECONDS:
        raise UnusableError("is longer than a year", "write a shorter time")
    return result


def size_bytes(value: object) -> int:
    """Take a size: a number of bytes or a string such as 16MiB or 5GB."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        match = _SIZE.fullmatch(value)
        if match is not None:
            return int(float(match[1]) * _SIZE_FACTOR[(match[2] or "").lower()])
    raise UnusableError("is not a size", "write bytes, or a number with a unit: 64KiB 16MiB 5GiB")


def level(value: object) -> str:
    """Take a log level, in any case; warning, critical and panic are other names."""
    word = value.lower() if isinstance(value, str) else ""
    word = _LEVEL_ALIASES.get(word, word)
    if word not in _LEVELS:
        raise UnusableError("is not a log level", "write one of " + " ".join(_LEVELS))
    return word


def listen(value: object) -> str:
    """Take host:port, :port (every address), a port (loopback) or unix:/path.

    The result is host:port, or unix:/path.
    """
    written = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if written.startswith("unix:/") and "\0" not in written:
        return written
    host, colon, port = written.rpartition(":")
    if not colon:
        host = "127.0.0.1"
    elif not host:
        host = "0.0.0.0"  # noqa: S104 - ":9350" is how Go programs spell "every address"
    is_port = port.isascii() and port.isdigit() and int(port) < 2**16
    if not is_port or not HOST.fullmatch(host):
        raise UnusableError(
            "is not an address to listen on",
            "write host:port such as 127.0.0.1:9350, unix:/path, or null",
        )
    return f"{host}:{int(port)}"


def notice_kinds(value: object) -> tuple[str, ...]:
    """Take a list of kinds of notices (one word is a list of one)."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(each in KINDS for each in given):
        raise UnusableError("is not a list of kinds", "write some of: " + ", ".join(KINDS))
    return tuple(kind for kind in KINDS if kind in given)


def patterns(value: object) -> tuple[str, ...]:
    """Take a list of regular expressions (one string is a list of one)."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise UnusableError("is not a list", "write one regular expression per line, after '- '")
    for pattern in given:
        _check_pattern(pattern)
    return tuple(given)


def _check_pattern(pattern: object) -> None:
    if not isinstance(pattern, str) or not pattern:
        raise UnusableError("is not a regular expression", "write it in single quotes")
    try:
        with warnings.catch_warnings():
            # A nested set such as [[:alpha:]] only warns in Python and matches something else.
            warnings.simplefilter("error")
            re.compile(pattern)
    except re.error as error:
        at = "" if error.pos is None else f" (character {error.pos + 1})"
        problem = "is not a regular expression" + at
    except (Warning, OverflowError, RecursionError):
        problem = "is not a regular expression that means what it says"
    else:
        return
    raise UnusableError(problem, _advice(pattern))


_ADVICE: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda pattern: "[[:" in pattern, "write [A-Za-z] for [[:alpha:]], \\d for [[:digit:]]"),
    (lambda pattern: "\\z" in pattern, "write \\Z for the end"),
    (lambda pattern: "(?i" in pattern, "write (?i) at the very start"),
    (lambda pattern: "\\p" in pattern or "\\Q" in pattern, "write the characters themselves"),
    (lambda pattern: pattern[0] in "*+?", "write .* for anything: this is no shell pattern"),
)


def _advice(pattern: str) -> str:
    for applies, advice in _ADVICE:
        if applies(pattern):
            return advice
    return "write a Python regular expression, in single quotes"
