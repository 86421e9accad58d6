"""Which path of a site a person means by what was typed, or copied from what was shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from s3syncd.config.models import SiteConfig
from s3syncd.errors import FatalError

__all__ = ["path_of", "spellings"]

# How names are shown that a terminal must not be given as they are: `cli.wording.printable`, and
# the status, where bytes are no UTF-8.
_SHOWN: Final = re.compile(r"\\(?:[ntr]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_SHORT: Final = {"\\n": "\n", "\\t": "\t", "\\r": "\r"}
_LEAST_HIGH: Final = 0x80
_BYTES: Final = 0xDC00  # where Python keeps bytes that are no UTF-8 (PEP 383)


def spellings(path: str) -> Iterator[str]:
    """Give the paths that `path` may stand for: itself, and those that are shown like it."""
    yield path
    if _SHOWN.search(path):
        yield _SHOWN.sub(lambda found: _letter(found[0], base=_BYTES), path)
        yield _SHOWN.sub(lambda found: _letter(found[0], base=0), path)


def _letter(shown: str, *, base: int) -> str:
    if shown in _SHORT:
        return _SHORT[shown]
    code = int(shown[2:], 16)
    if shown[1] == "x" and code >= _LEAST_HIGH:
        code += base
    return chr(code) if code <= 0x10FFFF else shown


def path_of(text: str, settings: SiteConfig) -> str:
    """Give the site-relative path of what a person wrote: that, an absolute one, or an S3 URL.

    Raises:
        FatalError: it is not below the site's directory, or not in its prefix.
    """
    origin = f"s3://{settings.bucket}/{settings.prefix}"
    root = f"{settings.root}/".replace("//", "/")
    if text.startswith("s3://"):
        path = text.removeprefix(origin) if text.startswith(origin) else ""
    elif text.startswith("/"):
        path = text.removeprefix(root) if text.startswith(root) else ""
    else:
        path = os.path.normpath(text)
    path = path.rstrip("/")
    if not path or "\0" in path or {"", ".", ".."} & set(path.split("/")):
        raise FatalError(
            f"{text!r} is no path of site {settings.name}",
            hint=f"write it relative to {settings.root}, or begin with {root} or {origin}",
        )
    return path
