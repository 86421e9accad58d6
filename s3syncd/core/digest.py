"""Part sizes, ETags and time stamps: arithmetic that both ends of a transfer must agree on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

__all__ = [
    "MAX_PARTS",
    "MIN_PART_BYTES",
    "bare_etag",
    "format_mtime",
    "is_md5_etag",
    "multipart_etag",
    "parse_mtime",
    "part_count_of",
    "part_size_for",
]

MIB: Final = 1024 * 1024
MIN_PART_BYTES: Final = 8 * MIB
"""Smallest part we send. S3 asks for 5 MiB; 8 MiB measured as fast as larger ones."""

MAX_PARTS: Final = 10_000
"""Most parts an upload can have (S3 user guide, multipart upload limits)."""

_MD5_ETAG: Final = re.compile(r"[0-9a-f]{32}")
_MULTIPART_ETAG: Final = re.compile(r"[0-9a-f]{32}-([1-9][0-9]{0,4})")
_SECONDS: Final = re.compile(r"([+-]?)([0-9]{1,19})(?:\.([0-9]*))?")
_NS_PER_SECOND: Final = 1_000_000_000


def part_size_for(size_bytes: int) -> int:
    """Give the part size in bytes for a file: a fixed function of its size, whole MiB.

    Fixed, so that a multipart ETag can be computed again from the local bytes alone.
    """
    least = -(-size_bytes // MAX_PARTS)
    return max(MIN_PART_BYTES, -(-least // MIB) * MIB)


def multipart_etag(part_md5s: Sequence[bytes]) -> str:
    """Give the ETag (no quotes) of an object put in parts with these MD5 digests (16 bytes each).

    Raises:
        ValueError: no part is given.
    """
    if not part_md5s:
        raise ValueError("an object put in parts has at least one part")
    whole = hashlib.md5(b"".join(part_md5s), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(part_md5s)}"


def bare_etag(text: str) -> str:
    """Give an ETag as stores tell it without its quotes.

    Nor with the mark of a weak one, which a proxy that compresses sets in one answer and not in
    another: what is asked for is the store's own version.
    """
    return text.removeprefix('W/"').strip('"')


def is_md5_etag(etag: str) -> bool:
    """Tell whether the ETag (no quotes) has the form of the MD5 of the whole content."""
    return _MD5_ETAG.fullmatch(etag) is not None


def part_count_of(etag: str) -> int | None:
    """Give the number of parts an ETag (no quotes) tells of, or None for another form."""
    found = _MULTIPART_ETAG.fullmatch(etag)
    return int(found[1]) if found else None


def format_mtime(mtime_ns: int) -> str:
    """Give seconds since the epoch with nine decimals, exact (no floats), as rclone reads them."""
    seconds, rest = divmod(abs(mtime_ns), _NS_PER_SECOND)
    return f"{'-' if mtime_ns < 0 else ''}{seconds}.{rest:09d}"


def parse_mtime(text: str) -> int:
    """Give nanoseconds since the epoch; digits beyond the ninth decimal are cut off.

    Raises:
        ValueError: the text is not a decimal number of seconds.
    """
    found = _SECONDS.fullmatch(text)
    if found is None:
        raise ValueError(f"not a decimal number of seconds: {text[:40]!r}")
    sign, seconds, decimals = found.groups(default="")
    mtime_ns = int(seconds) * _NS_PER_SECOND + int(decimals[:9].ljust(9, "0"))
    return -mtime_ns if sign == "-" else mtime_ns
