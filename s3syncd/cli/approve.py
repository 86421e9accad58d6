"""`s3syncd approve`: a person lets held deletions go ahead, or accepts a halted site."""

from __future__ import annotations

import argparse

from s3syncd.cli import exits
from s3syncd.cli.client import ask
from s3syncd.cli.wording import count, printable
from s3syncd.config.peek import peek

__all__ = ["execute"]


def execute(arguments: argparse.Namespace) -> int:
    """Approve, and print what was approved. Never asks.

    Raises:
        NoDaemonError: nobody answers.
        RefusedError: no such site, or another list is held by now.
    """
    state_dir = peek(arguments.config).state_dir
    answer = ask(state_dir, "approve", {"site": arguments.site, "list": arguments.list})
    site = printable(arguments.site)
    deletions, list_hash = int(answer.get("count") or 0), answer.get("list")
    if deletions:
        print(f"approved {count(deletions)} deletions of {site} (list {list_hash})")
    for reason in answer.get("ended") or ():
        print(f"approved {site} as it is now: {reason} ends")
    if not deletions and not answer.get("ended"):
        print(f"nothing waits for approval at {site}")
    return exits.OK
