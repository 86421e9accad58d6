"""Turns one value of the configuration into what the program uses, or says what to write instead.

Pure: no file, no environment, no pydantic. No message contains the value it is about, because any
value may turn out to be a secret somebody put at the wrong place.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from urllib.parse import urlsplit

__all__ = [
    "UnusableError",
    "bucket",
    "endpoint",
    "level",
    "listen",
    "milliseconds",
    "patterns",
    "prefix",
    "seconds",
    "site_name",
    "size_bytes",
    "store_of",
    "switch",
    "text",
    "whole",
]

MAX_KEY_BYTES = 1024  # "Object key names": at most 1,024 bytes of UTF-8
MAX_NAME_CHARACTERS = 200  # leaves room for the hash in a folder name of 255 bytes
DEFAULT_PORTS = {"http": 80, "https": 443}

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
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]i?)?b", re.IGNORECASE)
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
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
_LEVEL_ALIASES = {"warning": "warn", "critical": "fatal", "panic": "fatal"}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_AWS_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Ceph and old buckets allow more (https://docs.ceph.com/en/latest/radosgw/s3/bucketops/).
_ANY_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_FOUR_NUMBERS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_AWS_HOST = re.compile(r"(.*\.)?s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?|s3\.amazonaws\.com")


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
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in result):
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
        if not math.isfinite(value) or value < 0:
            raise UnusableError(
                "is not a duration", "write a number from 0 up, or such as 30s 5m 1h 1d"
            )
        return value * number_seconds
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return sum(
            float(number) * _UNIT_SECONDS[unit] for number, unit in _DURATION_PART.findall(value)
        )
    raise UnusableError(
        "is not a duration", "write a number, or a number with a unit: 500ms 30s 5m 1h 1d"
    )


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
    """Take host:port, :port (every address) or a port (loopback); the result is host:port."""
    written = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    host, colon, port = written.rpartition(":")
    if not colon:
        host = "127.0.0.1"
    elif not host:
        host = "0.0.0.0"  # noqa: S104 - ":9350" is how Go programs spell "every address"
    is_port = port.isascii() and port.isdigit() and int(port) < 2**16
    if not is_port or not _HOST.fullmatch(host):
        raise UnusableError(
            "is not an address to listen on", "write host:port such as 127.0.0.1:9350, or null"
        )
    return f"{host}:{int(port)}"


def prefix(value: object) -> str:
    """Take a prefix; the result is empty or ends in one slash and never starts with one."""
    if value == "":
        return ""
    segments = text(value).strip("/").split("/")
    if segments == [""]:
        return ""
    if any(segment in {"", ".", ".."} for segment in segments):
        raise UnusableError(
            "has an empty, . or .. segment", "write names separated by single slashes: a/b"
        )
    result = "/".join(segments) + "/"
    if len(result.encode("utf-8", "surrogatepass")) >= MAX_KEY_BYTES:
        raise UnusableError(
            f"leaves no room in a key of {MAX_KEY_BYTES} bytes", "write a shorter prefix"
        )
    return result


def bucket(value: object) -> str:
    """Take the name of a bucket, as loosely as any store does; `aws_bucket` is stricter."""
    name = text(value)
    if name.startswith("arn:"):
        raise UnusableError("is an ARN", "write the name of the bucket or an access point alias")
    if "/" in name:
        raise UnusableError("contains a slash", "write the name alone, the rest belongs in prefix")
    if not _ANY_BUCKET.fullmatch(name):
        raise UnusableError(
            "is not the name of a bucket",
            "write 3 to 63 of: a-z 0-9 - . (no dot or dash at an end)",
        )
    return name


def aws_bucket(name: str) -> UnusableError | None:
    """Return what AWS would object to in the name of a bucket."""
    is_good = _AWS_BUCKET.fullmatch(name) and ".." not in name
    if is_good and not _FOUR_NUMBERS.fullmatch(name):
        return None
    return UnusableError(
        "is not the name of a bucket on AWS", "write 3 to 63 of: a-z 0-9 - . (or set endpoint)"
    )


def site_name(value: object) -> str:
    """Take the name of a site: it is a metrics label, a log field and the word for commands."""
    name = text(value)
    if len(name) > MAX_NAME_CHARACTERS:
        raise UnusableError(
            f"is longer than {MAX_NAME_CHARACTERS} characters", "write a shorter name"
        )
    if name != name.strip() or name.startswith("-") or not name.isprintable():
        raise UnusableError(
            "starts or ends with a space, starts with a dash or is not printable",
            "write letters, digits and . _ - /",
        )
    return name


def endpoint(value: object) -> str:
    """Take a host or URL (https unless it says http); the result is scheme://host[:port]."""
    written = text(value)
    if "://" not in written:
        written = "https://" + written
    try:
        url = urlsplit(written)
        port = url.port
    except ValueError:
        raise _bad_endpoint() from None
    host = (url.netloc.rpartition(":")[0] if url.port is not None else url.netloc).lower()
    if "@" in url.netloc:
        raise UnusableError(
            "contains a user or password", "write host or URL alone; keys go into access_key"
        )
    if url.scheme not in DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise _bad_endpoint()
    if url.path.strip("/") or url.query or url.fragment:
        raise UnusableError(
            "has a path, query or fragment", "write scheme, host and port only; see bucket, prefix"
        )
    shown_port = "" if port in {None, DEFAULT_PORTS[url.scheme]} else f":{port}"
    return f"{url.scheme}://{host}{shown_port}"


def _bad_endpoint() -> UnusableError:
    return UnusableError("is not a host or URL", "write such as https://minio.example:9000")


def store_of(url: str | None) -> str:
    """Name the store behind an endpoint: the empty string is AWS, by whatever host name."""
    if url is None:
        return ""
    host = urlsplit(url).hostname or ""
    return "" if _AWS_HOST.fullmatch(host) else url


def patterns(value: object) -> tuple[str, ...]:
    """Take a list of regular expressions (one string is a list of one)."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise UnusableError(
            "is not a list", "write one regular expression per line, each after '- '"
        )
    for number, pattern in enumerate(given):
        _check_pattern(pattern, number)
    return tuple(given)


def _check_pattern(pattern: object, number: int) -> None:
    where = f"entry {number + 1} "
    if not isinstance(pattern, str) or not pattern:
        raise UnusableError(where + "is not a regular expression", "write it in single quotes")
    try:
        with warnings.catch_warnings():
            # A nested set such as [[:alpha:]] only warns in Python and matches something else.
            warnings.simplefilter("error")
            re.compile(pattern)
    except re.error as error:
        at = "" if error.pos is None else f" at character {error.pos + 1}"
        raise UnusableError(where + f"is not a regular expression{at}", _advice(pattern)) from None
    except (Warning, OverflowError, RecursionError):
        raise UnusableError(where + "is not a regular expression here", _advice(pattern)) from None


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
