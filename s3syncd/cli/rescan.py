"""`s3syncd rescan`: look at the whole directory again, with `--remote` at the bucket too."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s3syncd.cli import exits
from s3syncd.cli.client import ask, ask_status
from s3syncd.cli.follow import Followed, follow
from s3syncd.cli.located import located
from s3syncd.cli.wording import printable

__all__ = ["execute", "has_passed"]

_STILL = frozenset({"halted", "paused", "unavailable"})
"""States in which no pass comes to its end."""


def execute(arguments: argparse.Namespace) -> int:
    """Ask for the pass; with `--wait` until it and all it found are done.

    Raises:
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
        RefusedError: it cannot scan now.
    """
    with located(arguments) as state_dir:
        return _scanned(state_dir, arguments)


def _scanned(state_dir: Path, arguments: argparse.Namespace) -> int:
    before = ask_status(state_dir, arguments.site)
    ask(state_dir, "rescan", {"site": arguments.site, "remote": arguments.remote})
    if not arguments.wait:
        print("accepted")
        return exits.OK
    followed = follow(
        state_dir,
        arguments.site,
        has_passed(before, is_remote=arguments.remote),
        timeout_seconds=arguments.timeout,
    )
    print(_worded(followed))
    code = exits.exit_code_of_work(followed.status["sites"])
    return code if followed.is_done or code != exits.OK else exits.NOT_IN_SYNC


def _worded(followed: Followed) -> str:
    """Tell whether the pass was made; what stands still is not waited for, and made none."""
    if not followed.is_done:
        return "not done yet"
    still = [
        f"{printable(site['name'])} is {site['state']}"
        for site in followed.status["sites"]
        if site["state"] in _STILL
    ]
    return f"not done: {', '.join(still)}" if still else "done"


def has_passed(before: dict[str, Any], *, is_remote: bool) -> Callable[[dict[str, Any]], bool]:
    """Make the question whether each site has made a pass since `before` and carried it out.

    A site that waits for a person, is paused or has lost its root or bucket is not waited for.
    """
    field = "last_reconcile_at" if is_remote else "last_rescan_at"
    then = {site["name"]: site[field] for site in before["sites"]}

    def is_through(site: dict[str, Any]) -> bool:
        if site["state"] in _STILL:
            return True
        pending = site["pending"]  # what failed waits to be tried again, perhaps for an hour
        if site["state"] in {"starting", "scanning"} or pending["actions"] - pending.get(
            "failed", 0
        ):
            return False
        is_newer: bool = site[field] is not None and site[field] != then.get(site["name"])
        return is_newer

    return lambda status: all(is_through(site) for site in status["sites"])
