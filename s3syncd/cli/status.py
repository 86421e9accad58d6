"""`s3syncd status`: in sync or not, since when, what is stuck, what to do about it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, TextIO

from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.client import NoDaemonError, ask, ask_status
from s3syncd.cli.follow import follow
from s3syncd.cli.located import located
from s3syncd.cli.render import render_status
from s3syncd.cli.settled import Settled, is_stopped
from s3syncd.cli.watch import Screen, watch
from s3syncd.cli.wording import Palette, count, printable, screen_columns
from s3syncd.core.advice import Advice
from s3syncd.core.plural import counted
from s3syncd.core.standing import waits_for_person

__all__ = ["execute"]

_LIVE_SECONDS = 5.0
"""A liveness probe that is not answered by then has its answer (Docker's and systemd's wait)."""


def execute(arguments: argparse.Namespace) -> int:
    """Print the status; the exit code tells it too.

    Raises:
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
        RefusedError: (`--live`) some part of the daemon stands still.
    """
    with located(arguments, is_told=True) as state_dir:
        return _told(state_dir, arguments)


def _told(state_dir: Path, arguments: argparse.Namespace) -> int:
    if arguments.live:
        ask(state_dir, "live", timeout_seconds=_LIVE_SECONDS)
        print("live")
        return exits.OK
    if arguments.watch:
        return _watch(state_dir, arguments, sys.stdout)
    if arguments.wait:
        status = follow(
            state_dir,
            arguments.site,
            Settled(waits_for_paused=False),
            timeout_seconds=arguments.timeout,
        ).status
        _tell_pauses(status, advice_of(arguments))
    else:
        status = ask_status(state_dir, arguments.site)
    print(
        json.dumps(advice_of(arguments).spoken(status), indent=2)
        if arguments.json
        else _rendered(status, "", sys.stdout, arguments)
    )
    return exits.exit_code_of(status["sites"])


def _rendered(
    status: dict[str, Any], more: str, stream: TextIO, arguments: argparse.Namespace
) -> str:
    palette, width = Palette(stream), screen_columns(stream)
    advice, now = advice_of(arguments), time.time()
    return render_status(status, now=now, palette=palette, width=width, advice=advice) + more


def _watch(state_dir: Path, arguments: argparse.Namespace, stream: TextIO) -> int:
    """Show the status each second; a daemon that goes away meanwhile is told, and waited for."""
    ask_status(state_dir, arguments.site)  # one that was never there is a mistake

    def look() -> tuple[str, int]:
        try:
            status = ask_status(state_dir, arguments.site)
        except NoDaemonError as error:
            hint = advice_of(arguments).runnable(error.hint)
            gone = {"error": error.message, "hint": hint}
            text = f"{_time()}  {error.message}\n  {hint}"
            return json.dumps(gone) if arguments.json else text, exits.FATAL
        code = exits.exit_code_of(status["sites"])
        if arguments.json:
            return json.dumps(advice_of(arguments).spoken(status)), code
        room = get_terminal_size().lines // 2 if stream.isatty() else None
        return f"{_time()}  {_rendered(*_foremost(status, room), stream, arguments)}", code

    if arguments.json:  # a document in each line, for programs
        return watch(look, lambda text: print(text, flush=True), timeout_seconds=arguments.timeout)
    with Screen(stream) as screen:
        return watch(look, screen.draw, timeout_seconds=arguments.timeout)


def _foremost(status: dict[str, Any], room: int | None) -> tuple[dict[str, Any], str]:
    """Keep the sites that there is room for, those that need somebody first; tell of the rest."""
    sites = status["sites"]
    if room is None or len(sites) <= room:
        return status, ""
    ranked = sorted(sites, key=lambda site: (not waits_for_person(site), site["in_sync"]))
    rest = ranked[room:]
    behind = sum(not site["in_sync"] for site in rest)
    more = f"\n\nand {counted(len(rest), 'more site')}, {count(behind)} of them not in sync"
    return {**status, "sites": ranked[:room]}, more


def _time() -> str:
    return time.strftime("%H:%M:%S")


def _tell_pauses(status: dict[str, Any], advice: Advice) -> None:
    """Say which sites are not waited for, and why."""
    for site in filter(is_stopped, status["sites"]):
        command = advice.runnable("s3syncd resume SITE", site=site["name"])
        said = f"not waiting for {site['name']}: it is paused, until: {command}"
        print(printable(said), file=sys.stderr)
