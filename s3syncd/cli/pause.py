"""`s3syncd pause`: stop transferring, until `resume`; survives a restart."""

from __future__ import annotations

import argparse
from pathlib import Path

from s3syncd.cli import exits
from s3syncd.cli.follow import follow
from s3syncd.cli.located import located
from s3syncd.cli.pausing import asked

__all__ = ["execute"]

_STILL = frozenset({"paused", "halted", "unavailable"})


def execute(arguments: argparse.Namespace) -> int:
    """Pause; with `--wait` until no site asked for transfers any more.

    Raises:
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
    """
    with located(arguments) as state_dir:
        return _paused(state_dir, arguments)


def _paused(state_dir: Path, arguments: argparse.Namespace) -> int:
    sites = asked(state_dir, "pause", arguments.site)
    if arguments.wait:
        followed = follow(
            state_dir,
            arguments.site,
            lambda status: all(site["state"] in _STILL for site in status["sites"]),
            timeout_seconds=arguments.timeout,
        )
        if not followed.is_done:
            print("not paused yet")
            return exits.NOT_IN_SYNC
    lines = sites.told(changed="paused", done=sites.running, unchanged="was paused before")
    print("\n".join(lines))
    return exits.OK
