"""`s3syncd approve`: a person lets held deletions go ahead, or accepts a halted site."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from s3syncd.cli import exits
from s3syncd.cli.client import ask
from s3syncd.cli.located import located
from s3syncd.cli.wording import printable
from s3syncd.core.plural import counted

__all__ = ["execute"]


def execute(arguments: argparse.Namespace) -> int:
    """Approve, and print what was approved. Never asks.

    Raises:
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
        RefusedError: another list is held by now.
    """
    with located(arguments) as state_dir:
        return _approved(state_dir, arguments)


def _approved(state_dir: Path, arguments: argparse.Namespace) -> int:
    answer = ask(state_dir, "approve", {"site": arguments.site, "list": arguments.list})
    if arguments.json:
        print(json.dumps(answer, indent=2))
        return exits.OK
    site = printable(arguments.site)
    deletions, drifted = int(answer.get("count") or 0), int(answer.get("drift") or 0)
    lines = []
    if deletions:
        lines.append(f"approved {counted(deletions, 'deletion')} of {site} (list {answer['list']})")
    if answer.get("root"):
        lines.append(f"approved the directory of {site} as it is now")
    if drifted:
        lines.append(f"approved to overwrite {counted(drifted, 'object')} of {site} others changed")
    if silent := int(answer.get("silent_changes") or 0):
        lines.append(
            f"approved to send {counted(silent, 'file')} of {site} that changed in silence"
        )
    if mounts := int(answer.get("mounts") or 0):
        lines.append(f"approved {counted(mounts, 'file system')} mounted inside {site}")
    print("\n".join(lines) or f"nothing waits for approval at {site}")
    return exits.OK
