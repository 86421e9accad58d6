"""Finds the directory of the daemon's state and names each site's folder in it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from s3syncd.config.parse import UnusableError

__all__ = ["absolute", "site_folder", "state_dir_for"]

SYSTEM_STATE = Path("/var/lib/s3syncd")  # FHS 3.0, 5.8: state of one application
MAX_FOLDER_NAME = 200  # a file name has 255 bytes; ours also get endings such as .sqlite-wal


def site_folder(name: str) -> str:
    """Return the folder of the site `name`: readable, and unique by a hash of the name."""
    readable = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:MAX_FOLDER_NAME]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def absolute(written: str, base: Path) -> Path:
    """Make a path of the file absolute; a relative one is relative to `base`, the file's directory.

    Raises:
        UnusableError: `~` and variables, which are not replaced in paths, or a NUL.
    """
    if written.startswith("~") or "${" in written or "\0" in written:
        raise UnusableError(
            "starts with ~ or holds ${...}, which is not replaced here", "write the whole path"
        )
    return base / written


def state_dir_for(
    written: str | None,
    *,
    base: Path,
    environ: Mapping[str, str],
    system: Path = SYSTEM_STATE,
) -> Path:
    """Return the state directory, links resolved; it need not exist.

    Args:
        written: `state_dir` of the file, None when not given.
        base: absolute directory of the file.
        environ: the process environment (STATE_DIRECTORY, XDG_STATE_HOME, HOME).
        system: the directory used when it is, or can be made, writable.

    Raises:
        UnusableError: `written` is no path, or nothing was given and there is no home directory.
    """
    found = absolute(written, base) if written is not None else _default(environ, system)
    return Path(os.path.realpath(found))


def _default(environ: Mapping[str, str], system: Path) -> Path:
    # systemd separates several directories by colons (systemd.exec, StateDirectory=).
    of_service = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if of_service:
        return Path(of_service)
    if os.access(system if system.exists() else system.parent, os.W_OK | os.X_OK):
        return system
    of_user = environ.get("XDG_STATE_HOME", "")
    if Path(of_user).is_absolute():
        return Path(of_user) / "s3syncd"
    home = environ.get("HOME", "")
    if Path(home).is_absolute():
        return Path(home) / ".local" / "state" / "s3syncd"
    raise UnusableError("has no default here", "write a directory this user may write to")
