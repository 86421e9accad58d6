"""Probes a root for `s3syncd check`: can it be read, and can every directory be watched?"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from s3syncd.core.finding import Finding, Verdict
from s3syncd.local.identity import open_root

__all__ = ["capabilities", "probe_root", "probe_state_dir"]

_LIMITS = Path("/proc/sys/fs/inotify")

_NEARLY = 0.8
"""Share of the watch limit above which growth will soon reach it."""


def probe_root(root: Path, *, limits: Path = _LIMITS, watcher: str = "auto") -> Iterator[Finding]:
    """Look at a root and at the limits of inotify. Writes nothing.

    Args:
        root: absolute.
        limits: where the kernel shows `max_user_watches`.
        watcher: the option; with `polling` no watch is needed.
    """
    try:
        descriptor = open_root(root)
    except OSError as error:
        yield Finding(
            Verdict.FAILED,
            "root",
            f"{root} cannot be opened: {error.strerror}",
            "create or mount the directory, or let this user read it (r and x on it, x above it)",
        )
        return
    try:
        names = os.listdir(descriptor)  # noqa: PTH208 - pathlib takes no descriptor
    except OSError as error:
        yield Finding(
            Verdict.FAILED,
            "root",
            f"{root} cannot be read: {error.strerror}",
            "let this user read it",
        )
        return
    finally:
        os.close(descriptor)
    yield Finding(Verdict.OK, "root", f"{root} is readable, {len(names)} names at its top")
    if watcher != "polling":
        yield _probe_watches(root, limits)


def capabilities(*, limits: Path = _LIMITS) -> dict[str, object]:
    """Tell what this system offers to those who watch and read trees, for the log."""
    return {
        "watching": "inotify" if limits.is_dir() else sys.platform,
        "max_user_watches": _read_number(limits / "max_user_watches"),
        "max_user_instances": _read_number(limits / "max_user_instances"),
        "read_leases": hasattr(fcntl, "F_SETLEASE"),
    }


def probe_state_dir(state_dir: Path) -> Finding:
    """Look whether the state directory is, or can be made, writable. Makes nothing."""
    existing = next(each for each in (state_dir, *state_dir.parents) if each.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding(Verdict.OK, "state_dir", f"{state_dir} can be written")
    return Finding(
        Verdict.FAILED,
        "state_dir",
        f"{state_dir} cannot be written: {existing} is not writable or no directory",
        f"set state_dir to a directory of this user's, or: chown {os.getuid()} {existing}",
    )


def _probe_watches(root: Path, limits: Path) -> Finding:
    limit = _read_number(limits / "max_user_watches")
    if limit is None:
        return Finding(Verdict.OK, "watching", "this system has no limit of inotify watches")
    wanted = _count_directories(root, limit)
    text = f"{wanted} directories to watch, {limit} allowed for this user (all programs together)"
    if wanted < limit * _NEARLY:
        return Finding(Verdict.OK, "watching", text)
    enough = 1 << max(19, (wanted * 2).bit_length())
    return Finding(
        Verdict.WARNING,
        "watching",
        ("more than " if wanted > limit else "") + text + "; the rest is scanned in turn",
        f"sysctl -w fs.inotify.max_user_watches={enough} (and in /etc/sysctl.d/ to keep it)",
    )


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _count_directories(root: Path, limit: int) -> int:
    """Count directories, `root` included, until there are more than `limit`."""
    found, left = 1, [str(root)]
    while left and found <= limit:
        try:
            with os.scandir(left.pop()) as entries:
                below = [each.path for each in entries if each.is_dir(follow_symlinks=False)]
        except OSError:  # unreadable, or gone meanwhile: the daemon reports it where it matters
            continue
        found += len(below)
        left += below
    return found
