"""`s3syncd approve`: a person lets held deletions go ahead, or accepts a halted site."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.client import RefusedError, ask
from s3syncd.cli.located import located
from s3syncd.cli.wording import printable
from s3syncd.core.plural import counted
from s3syncd.core.standing import DELETIONS
from s3syncd.errors import ConfigError

__all__ = ["execute"]

_UNKNOWN_ARGUMENT = "approve does not take such arguments"
"""What a daemon says to an argument that came after its time (`web.control`)."""


def execute(arguments: argparse.Namespace) -> int:
    """Approve, and print what was approved. Never asks.

    Raises:
        ConfigError: a list is to be approved, and something else alone.
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
        RefusedError: another list is held by now.
    """
    if arguments.list is not None and arguments.only not in {None, DELETIONS}:
        said = f"s3syncd approve: --list is of {DELETIONS}: not allowed with --only"
        raise ConfigError([f"{said} {arguments.only}"], hint="approve the one, then the other")
    with located(arguments) as state_dir:
        return _approved(state_dir, arguments)


def _approved(state_dir: Path, arguments: argparse.Namespace) -> int:
    answer = _asked(state_dir, arguments)
    if arguments.json:
        print(json.dumps(answer, indent=2))
        return exits.OK
    site = printable(arguments.site)
    lines = [*_given(answer, site)]
    if not lines:
        what = f"nothing of {arguments.only}" if arguments.only else "nothing"
        lines.append(f"{what} waits for approval at {site}")
    if arguments.only:
        lines += _waiting(answer, arguments)
    print("\n".join(lines))
    return exits.OK


def _asked(state_dir: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    wanted = {"site": arguments.site, "list": arguments.list, "only": arguments.only}
    try:
        return ask(state_dir, "approve", wanted)
    except RefusedError as error:
        if arguments.only is None or error.message != _UNKNOWN_ARGUMENT:
            raise
        raise RefusedError(
            "the daemon is older than this command, and does not know --only: nothing is approved",
            hint="restart the daemon, and ask again",
        ) from error


def _given(answer: Mapping[str, Any], site: str) -> Iterator[str]:
    """Tell what was approved."""
    if deletions := int(answer.get("count") or 0):
        yield f"approved {counted(deletions, 'deletion')} of {site} (list {answer['list']})"
    if answer.get("root"):
        yield f"approved the directory of {site} as it is now"
    if drifted := int(answer.get("drift") or 0):
        yield f"approved to overwrite {counted(drifted, 'object')} of {site} others changed"
    if silent := int(answer.get("silent_changes") or 0):
        yield f"approved to send {counted(silent, 'file')} of {site} that changed in silence"
    if mounts := int(answer.get("mounts") or 0):
        yield f"approved {counted(mounts, 'file system')} mounted inside {site}"
    if gone := int(answer.get("gone_mounts") or 0):
        yield f"approved to do without {counted(gone, 'file system')} once inside {site}"


def _waiting(answer: Mapping[str, Any], arguments: argparse.Namespace) -> Iterator[str]:
    """Tell what else waits, each with the command that approves it and nothing else."""
    waits: Mapping[str, int] = answer.get("waits") or {}
    if waits:
        yield "what waits besides, and what approves it:"
    for word, number in waits.items():
        how = "--list HASH" if word == DELETIONS else f"--only {word}"
        command = advice_of(arguments).runnable(
            f"s3syncd approve SITE {how}",
            site=printable(arguments.site),
            held_list=str(answer.get("held_list") or ""),
        )
        yield f"  {word} ({number}): {command}"
