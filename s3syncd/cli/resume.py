"""`s3syncd resume`: go on after a pause."""

from __future__ import annotations

import argparse
from pathlib import Path

from s3syncd.cli import exits
from s3syncd.cli.follow import follow
from s3syncd.cli.located import located
from s3syncd.cli.pausing import asked
from s3syncd.cli.settled import Settled, is_in_sync

__all__ = ["execute"]


def execute(arguments: argparse.Namespace) -> int:
    """Go on; with `--wait` until everything asked for is in sync.

    Raises:
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
    """
    with located(arguments) as state_dir:
        return _resumed(state_dir, arguments)


def _resumed(state_dir: Path, arguments: argparse.Namespace) -> int:
    sites = asked(state_dir, "resume", arguments.site)
    lines = sites.told(changed="resumed", done=sites.paused, unchanged="was not paused")
    print("\n".join(lines), flush=True)
    if not arguments.wait:
        return exits.OK
    settled = Settled(waits_for_paused=True)
    followed = follow(state_dir, arguments.site, settled, timeout_seconds=arguments.timeout)
    print("in sync" if is_in_sync(followed.status) else "not in sync yet")
    return exits.exit_code_of(followed.status["sites"])
