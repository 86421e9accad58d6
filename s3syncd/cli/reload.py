"""`s3syncd reload`: the daemon reads its configuration again, as after SIGHUP."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from s3syncd.cli import exits
from s3syncd.cli.client import ask
from s3syncd.cli.follow import follow
from s3syncd.cli.located import located
from s3syncd.cli.wording import printable

__all__ = ["execute"]

_WORDS = {"stopped": "stops", "restarted": "restarts", "started": "starts"}


def execute(arguments: argparse.Namespace) -> int:
    """Ask for it; with `--wait` until every site has started.

    Raises:
        NoDaemonError: nobody answers.
        ConfigError: the new configuration cannot be used; the old one stays in force.
        RefusedError: the daemon stops, or has no time.
    """
    with located(arguments) as state_dir:
        answer = ask(state_dir, "reload")
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
    if arguments.json:
        print(json.dumps(answer, indent=2))
        return exits.OK
    print("reloaded" + "".join(f"; {part}" for part in _changes(answer)))
    if keys := answer.get("needs_restart"):
        print(f"takes effect when the daemon is restarted: {', '.join(keys)}")
    return exits.OK


def _changes(answer: Mapping[str, Any]) -> Iterator[str]:
    for key, word in _WORDS.items():
        if names := answer.get(key):
            yield f"{word}: {', '.join(printable(name) for name in names)}"
