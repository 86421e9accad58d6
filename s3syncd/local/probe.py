"""Probes a root for `s3syncd check`: can it be read, heard and watched?"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.plural import counted
from s3syncd.local.identity import open_root
from s3syncd.local.mounts import Mounts, is_local
from s3syncd.local.survey import Survey

__all__ = ["capabilities", "probe_root"]

_LIMITS = Path("/proc/sys/fs/inotify")

_NEARLY = 0.8
"""Share of the watch limit above which growth will soon reach it."""


def probe_root(
    root: Path,
    tree: Survey,
    *,
    limits: Path = _LIMITS,
    watcher: str = "auto",
    poll_seconds: float = 10.0,
    mounted: Path | None = None,
) -> Iterator[Finding]:
    """Look at a root and at the limits of inotify. Writes nothing.

    Args:
        root: absolute.
        tree: what is below it.
        limits: where the kernel shows `max_user_watches`.
        watcher: the option; with `polling` no watch is needed.
        poll_seconds: how often the root is looked at where it is polled.
        mounted: the kernel's table of mounts; by default its own.
    """
    found = _probe_reading(root)
    yield found
    if found.verdict is Verdict.OK and watcher != "polling":
        yield from _probe_filesystem(root, watcher, poll_seconds, mounted)
        yield _probe_watches(tree, limits)


def _probe_reading(root: Path) -> Finding:
    try:
        descriptor = open_root(root)
    except OSError as error:
        remedy = "create or mount the directory, or let this user read it (r and x on it, x above)"
        said = f"{root} cannot be opened: {error.strerror}"
        return Finding(Verdict.FAILED, "root", said, remedy)
    try:
        names = os.listdir(descriptor)  # noqa: PTH208 - pathlib takes no descriptor
    except OSError as error:
        said = f"{root} cannot be read: {error.strerror}"
        return Finding(Verdict.FAILED, "root", said, "let this user read it")
    finally:
        os.close(descriptor)
    said = f"{root} is readable, {counted(len(names), 'name')} at its top"
    return Finding(Verdict.OK, "root", said)


def capabilities(*, limits: Path = _LIMITS) -> dict[str, object]:
    """Tell what this system offers to those who watch and read trees, for the log."""
    return {
        "watching": "inotify" if limits.is_dir() else sys.platform,
        "max_user_watches": _read_number(limits / "max_user_watches"),
        "max_user_instances": _read_number(limits / "max_user_instances"),
        "read_leases": hasattr(fcntl, "F_SETLEASE"),
    }


def _probe_filesystem(
    root: Path, watcher: str, poll_seconds: float, mounted: Path | None
) -> Iterator[Finding]:
    mounts = Mounts(root) if mounted is None else Mounts(root, source=mounted)
    mounts.refresh()
    kind = mounts.kind
    mounts.close()
    if not kind or is_local(kind):
        return
    text = f"{root} is on {kind}: inotify hears only what this machine does there"
    if watcher == "inotify":
        remedy = "set watcher: auto, which looks itself; else the rescan finds the rest"
        yield Finding(Verdict.WARNING, "filesystem", text, remedy)
        return
    text += f"; it is looked at every {poll_seconds:g} s instead"
    remedy = "watch_interval sets how often; for changes at once, write to a local disk"
    yield Finding(Verdict.WARNING, "filesystem", text, remedy)


def _probe_watches(tree: Survey, limits: Path) -> Finding:
    limit = _read_number(limits / "max_user_watches")
    if limit is None:
        return Finding(Verdict.OK, "watching", "this system has no limit of inotify watches")
    wanted = tree.directories
    directories = counted(wanted, "directory", "directories")
    least = "" if tree.is_whole else "at least "
    text = f"{least}{directories} to watch, {limit} allowed for this user (all programs together)"
    if wanted < limit * _NEARLY:
        return Finding(Verdict.OK, "watching", text)
    enough = 1 << max(19, (wanted * 2).bit_length())
    return Finding(
        Verdict.WARNING,
        "watching",
        f"{text}; what is above that is scanned in turn",
        f"sysctl -w fs.inotify.max_user_watches={enough} (and in /etc/sysctl.d/ to keep it)",
    )


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
