"""`s3syncd status`: in sync or not, since when, what is stuck, what to do about it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from s3syncd.cli import exits
from s3syncd.cli.client import ask, ask_status
from s3syncd.cli.follow import follow
from s3syncd.cli.render import render_status
from s3syncd.cli.wording import Palette, screen_columns
from s3syncd.config.peek import peek
from s3syncd.core.standing import waits_for_person

__all__ = ["execute", "is_in_sync", "is_settled"]

_LIVE_SECONDS = 5.0
"""A liveness probe that is not answered by then has its answer (Docker's and systemd's wait)."""


def execute(arguments: argparse.Namespace) -> int:
    """Print the status; the exit code tells it too.

    Raises:
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
        RefusedError: (`--live`) some part of the daemon stands still.
    """
    state_dir = peek(arguments.config).state_dir
    if arguments.live:
        ask(state_dir, "live", timeout_seconds=_LIVE_SECONDS)
        print("live")
        return exits.OK
    if arguments.wait:
        status = follow(
            state_dir, arguments.site, is_settled, timeout_seconds=arguments.timeout
        ).status
    else:
        status = ask_status(state_dir, arguments.site)
    if arguments.json:
        print(json.dumps(status, indent=2))
    else:
        palette, width = Palette(sys.stdout), screen_columns()
        print(render_status(status, now=time.time(), palette=palette, width=width))
    return exits.exit_code_of(status["sites"])


def is_in_sync(status: dict[str, Any]) -> bool:
    """Whether every site of a status document is in sync."""
    return all(site["in_sync"] for site in status["sites"])


def is_settled(status: dict[str, Any]) -> bool:
    """Whether waiting is over: all is in sync, or some site will not be without a person."""
    return is_in_sync(status) or any(map(waits_for_person, status["sites"]))
