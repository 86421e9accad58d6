"""What an object's headers say of the file it was made of: times and permissions."""

from __future__ import annotations

import stat
from email.utils import parsedate_to_datetime
from typing import Final

from s3syncd.core.digest import parse_mtime
from s3syncd.s3.reply import Reply

__all__ = ["mode_of", "mtime_ns_of"]

_NS_PER_SECOND: Final = 1_000_000_000

_PERMISSIONS: Final = 0o777
"""No more than these: who may write objects makes nobody root (set-user-id) where they go."""

_MAX_MODE: Final = 0o177777  # sixteen bits, in every system there is
_MAX_DIGITS: Final = 12  # of a mode; int() refuses 4,300 with an exception


def mtime_ns_of(answer: Reply) -> int | None:
    """Give when the file was changed: as its uploader noted, else when the object was stored."""
    try:
        return parse_mtime(answer.metadata.get("mtime", ""))
    except ValueError:
        pass
    try:
        stored = parsedate_to_datetime(answer.headers.get("last-modified", ""))
        return int(stored.timestamp()) * _NS_PER_SECOND
    except (ValueError, OverflowError):
        return None


def mode_of(answer: Reply) -> int | None:
    """Give the permissions: decimal as we write them, or octal as rclone does; None: not told."""
    text = answer.metadata.get("mode", "")
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        return None
    mode = int(text)
    is_decimal = mode <= _MAX_MODE and (stat.S_ISREG(mode) or mode <= _PERMISSIONS)
    if is_decimal and not text.startswith("0"):
        return mode & _PERMISSIONS
    try:
        octal = int(text, 8)
    except ValueError:
        return None
    return octal & _PERMISSIONS if stat.S_IFMT(octal) in {0, stat.S_IFREG} else None
