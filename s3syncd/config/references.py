"""Replaces `${VAR}` and `file:` in secrets, and refuses secrets in a file everybody may read."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from s3syncd.config.parse import UnusableError

__all__ = ["ALLOW_READABLE", "SECRETS", "is_inline", "is_readable_by_all", "resolve"]

SECRETS = ("access_key", "secret_access_key", "session_token", "http.token")
ALLOW_READABLE = "S3SYNCD_ALLOW_READABLE_CONFIG"
MAX_SECRET_BYTES = 64 * 1024  # a session token is some 1,000 bytes; a larger file is no secret
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def is_inline(written: str) -> bool:
    """Return whether the secret itself stands in the file."""
    return not written.startswith("file:") and "${" not in written


def is_readable_by_all(mode: int) -> bool:
    """Return whether the permission bits let every user of the machine read."""
    return bool(mode & stat.S_IROTH)


def resolve(written: str, *, base: Path, environ: Mapping[str, str]) -> str:
    """Return the secret that `written` is or refers to.

    Args:
        written: the secret, `${VAR}`, or `file:` and a path, in which `${VAR}` may stand, too.
        base: absolute directory that relative paths start from.
        environ: the process environment.

    Raises:
        UnusableError: the variable is not set or empty, the file cannot be read or is empty.
    """
    if written.startswith("file:"):
        return _content(base / _replaced(written.removeprefix("file:"), environ))
    if "${" not in written:
        return written
    if not _VARIABLE.fullmatch(written):
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
