"""`s3syncd sync`: make every site equal once, and say how it went.

When a daemon has the state directory, it does the work and this command watches it.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.client import NoDaemonError, ask, ask_status
from s3syncd.cli.follow import follow
from s3syncd.cli.process import prepare_process
from s3syncd.cli.progress import Progress, ProgressBar, ProgressLike
from s3syncd.cli.render import render_status
from s3syncd.cli.rescan import has_passed
from s3syncd.cli.wording import Palette, printable, screen_columns
from s3syncd.config.load import load
from s3syncd.config.models import Config

__all__ = ["execute"]

Draw = Callable[[ProgressLike], None]
Sync = Callable[[Config, str | None, Draw], tuple[int, dict[str, Any] | None]]


def execute(
    arguments: argparse.Namespace, *, sync: Sync | None = None, stream: TextIO | None = None
) -> int:
    """Sync once; gives the exit code: 0 in sync, 3 held or halted, 4 not in sync or paused.

    Args:
        arguments: the command line.
        sync: does the work where no daemon runs; by default the supervisor.
        stream: where progress and the final status go.

    Raises:
        ConfigError: the configuration cannot be used, or has no such site.
        FatalError: the state directory cannot be used.
    """
    stream = stream or sys.stdout
    config = load(arguments.config)
    has_daemon = False
    bar = ProgressBar(io.StringIO() if arguments.json else stream)
    draw = _drawing(bar)
    try:
        before = ask_status(config.state_dir, arguments.site)
    except NoDaemonError:
        prepare_process()
        if stream.isatty() and config.log_file is None:  # a log line would tear the bar
            config = config.model_copy(update={"log_level": "error"})
        code, report = (sync or _sync)(config, arguments.site, draw)
    else:
        has_daemon = True
        report = _through_daemon(config, arguments.site, before, draw)
        code = exits.exit_code_of_work(report["sites"])
    bar.close()
    if report is not None and arguments.json:
        stream.write(json.dumps(advice_of(arguments).spoken(report), indent=2) + "\n")
    elif report is not None:
        palette, width = Palette(stream), screen_columns(stream)
        text = render_status(
            report, now=time.time(), palette=palette, width=width, advice=advice_of(arguments)
        )
        stream.write(text + "\n")
        _tell_pauses(report, stream, has_daemon=has_daemon)
    return code


def _drawing(bar: ProgressBar) -> Draw:
    """Draw all but what is paused: that makes no progress, and is told at the end."""

    def draw(progress: ProgressLike) -> None:
        if progress.state != "paused":
            bar(progress)

    return draw


def _tell_pauses(report: dict[str, Any], stream: TextIO, *, has_daemon: bool) -> None:
    """Say of which sites nothing was done, and who ends that."""
    paused = [each["name"] for each in report["sites"] if each["state"] == "paused"]
    if not paused:
        return
    stream.write(f"\nnot done: {', '.join(f'{printable(name)} is paused' for name in paused)}\n")
    if not has_daemon:
        stream.write("a pause is ended through the daemon: start it, then resume\n")


def _sync(config: Config, site: str | None, progress: Draw) -> tuple[int, dict[str, Any] | None]:
    from s3syncd.supervisor import sync  # noqa: PLC0415 - loads everything, for half a second

    return sync(config, site, progress)


def _through_daemon(
    config: Config, site: str | None, before: dict[str, Any], draw: Draw
) -> dict[str, Any]:
    """Have the daemon reconcile, and show its status as progress until it is through."""
    ask(config.state_dir, "sync", {"site": site})
    is_through = has_passed(before, is_remote=True)
    most: dict[str, tuple[int, int]] = {}

    def look() -> dict[str, Any]:
        status = ask_status(config.state_dir, site)
        for each in status["sites"]:
            draw(_progress(each, most, is_through=is_through({"sites": [each]})))
        return status

    return follow(config.state_dir, site, is_through, look=look).status


def _progress(
    site: dict[str, Any], most: dict[str, tuple[int, int]], *, is_through: bool
) -> Progress:
    """Make progress of a site's status: what was pending at most is all there is to do."""
    files, size_bytes = site["pending"]["actions"], site["pending"]["bytes"]
    known = most.get(site["name"], (0, 0))
    all_files, all_bytes = max(known[0], files), max(known[1], size_bytes)
    most[site["name"]] = all_files, all_bytes
    is_waiting = site["state"] in {"starting", "unavailable", "halted", "paused"}
    is_scanning = site["state"] == "scanning" or not (is_through or is_waiting or files)
    return Progress(
        site["name"],
        all_files - files,
        all_bytes - size_bytes,
        files,
        size_bytes,
        site["files"],
        is_scanning,
        is_waiting,
        site["state"],
    )
