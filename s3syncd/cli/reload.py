"""`s3syncd reload`: the daemon reads its configuration again, as after SIGHUP."""

from __future__ import annotations

import argparse

from s3syncd.cli import exits
from s3syncd.cli.client import ask
from s3syncd.cli.follow import follow
from s3syncd.config.peek import peek

__all__ = ["execute"]

_RELOAD_SECONDS = 120.0
"""Sites that changed are drained first: shutdown_timeout_seconds each time, and then some."""


def execute(arguments: argparse.Namespace) -> int:
    """Ask for it; with `--wait` until every site has started.

    Raises:
        NoDaemonError: nobody answers.
        RefusedError: the new configuration cannot be used; the old one stays in force.
    """
    state_dir = peek(arguments.config).state_dir
    ask(state_dir, "reload", timeout_seconds=_RELOAD_SECONDS)
    if arguments.wait:
        followed = follow(
            state_dir,
            None,
            lambda status: all(site["state"] != "starting" for site in status["sites"]),
            timeout_seconds=arguments.timeout,
        )
        if not followed.is_done:
            print("reloaded, not every site has started yet")
            return exits.NOT_IN_SYNC
    print("reloaded")
    return exits.OK
