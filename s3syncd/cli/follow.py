"""Waits for the daemon: looks at its status until something is so."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

from s3syncd.cli.client import NoDaemonError, ask_status

__all__ = ["Followed", "Look", "follow"]

Look = Callable[[], dict[str, Any]]

_PAUSE_SECONDS = 0.2
"""Between two looks: a person does not notice it, and a look costs the daemon a millisecond."""

_ABSENCE_SECONDS = 10.0
"""How long a daemon may be away while somebody waits: a start on a slow machine, or a restart."""


class Followed(NamedTuple):
    """The last status seen, and whether what was waited for is so."""

    status: dict[str, Any]
    is_done: bool


def follow(
    state_dir: Path,
    site: str | None,
    is_done: Callable[[dict[str, Any]], bool],
    *,
    timeout_seconds: float | None = None,
    look: Look | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Followed:
    """Look until `is_done(status)` or the time is over; always looks at least once.

    A daemon that is starting or restarting is waited for, at most 10 s at a time.

    Args:
        state_dir: the daemon's.
        site: look at this site only.
        is_done: judges a status document.
        timeout_seconds: None waits for ever.
        look: gives the status; by default asks the daemon.
        clock: monotonic seconds.

    Raises:
        NoDaemonError: it was away for too long.
        RefusedError: there is no such site.
    """
    look = look or (lambda: ask_status(state_dir, site))
    pause = Event()
    last_seen_at = clock()
    deadline = float("inf") if timeout_seconds is None else last_seen_at + timeout_seconds
    while True:
        try:
            status = look()
        except NoDaemonError:
            if clock() >= min(deadline, last_seen_at + _ABSENCE_SECONDS):
                raise
        else:
            last_seen_at = clock()
            if is_done(status) or last_seen_at >= deadline:
                return Followed(status, is_done(status))
        pause.wait(min(_PAUSE_SECONDS, max(0.0, deadline - clock())))
