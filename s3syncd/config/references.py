"""Replaces `${VAR}` and `file:` in secrets, and refuses secrets in a file everybody may read."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from s3syncd.config.parse import UnusableError

__all__ = [
    "ALLOW_READABLE",
    "SECRETS",
    "URLS",
    "is_inline",
    "is_readable_by_all",
    "is_url_inline",
    "resolve",
    "secrets_in",
]

URLS = ("heartbeat.url", "notify.webhook")
SECRETS = ("access_key", "secret_access_key", "session_token", "http.token", *URLS)
ALLOW_READABLE = "S3SYNCD_ALLOW_READABLE_CONFIG"
MAX_SECRET_BYTES = 64 * 1024  # a session token is some 1,000 bytes; a larger file is no secret
# What services put into the addresses that they hand out: 22 characters and more.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def is_inline(written: str) -> bool:
    """Return whether the secret itself stands in the file."""
    return not written.startswith("file:") and "${" not in written


def is_url_inline(written: str) -> bool:
    """Return whether a URL stands in the file with what looks like a secret: who has it may send.

    That is user and password, a query, or a long word of the path.
    """
    return is_inline(written) and secrets_in(written) != {written}


def secrets_in(url: str) -> frozenset[str]:
    """Return a URL, and what of it is a secret where it turns up alone."""
    try:
        parts = urlsplit(url)
    except ValueError:  # it is no URL, and will be refused
        return frozenset({url})
    found = (url, parts.password, parts.query, *_TOKEN.findall(parts.path))
    return frozenset(filter(None, found))


def is_readable_by_all(mode: int) -> bool:
    """Return whether the permission bits let every user of the machine read."""
    return bool(mode & stat.S_IROTH)


def resolve(
    written: str, *, base: Path, environ: Mapping[str, str], is_composed: bool = False
) -> str:
    """Return the secret that `written` is or refers to.

    Args:
        written: the secret, `${VAR}`, or `file:` and a path, in which `${VAR}` may stand, too.
        base: absolute directory that relative paths start from.
        environ: the process environment.
        is_composed: `${VAR}` may be a part of it, as in a URL.

    Raises:
        UnusableError: the variable is not set or empty, the file cannot be read or is empty.
    """
    if written.startswith("file:"):
        return _content(base / _replaced(written.removeprefix("file:"), environ))
    if "${" not in written:
        return written
    if not is_composed and not _VARIABLE.fullmatch(written):
        raise UnusableError("is not one reference", "write ${NAME} alone, or file:/path")
    return _replaced(written, environ)


def _replaced(written: str, environ: Mapping[str, str]) -> str:
    for name in _VARIABLE.findall(written):
        if not environ.get(name):
            raise UnusableError(
                f"the environment variable {name} is not set", "set it for the daemon, or use file:"
            )
    return _VARIABLE.sub(lambda match: environ[match[1]], written)


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
        secret = content.decode().strip()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problem = f"the file cannot be read: {reason}"
    except ValueError:  # not UTF-8, or a NUL in the path
        problem = "the file is not UTF-8 text"
    else:
        if secret and len(content) <= MAX_SECRET_BYTES:
            return secret
        problem = "the file is empty" if not secret else "the file is larger than 64 KiB"
    raise UnusableError(problem, "write file: and the path of a file holding only the secret")
