"""The arguments of commands that take many. Imports nothing heavy."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from s3syncd.core.standing import APPROVALS

__all__ = ["add_approve", "add_explain", "add_restore", "directory"]


def add_approve(parser: argparse.ArgumentParser) -> None:
    """Add those of `approve`."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("site", metavar="SITE", help="the site")
    parser.add_argument(
        "--list",
        metavar="HASH",
        help="approve only if exactly the list with this hash is held (default: what is held now)",
    )
    parser.add_argument(
        "--only",
        metavar="WORD",
        choices=APPROVALS,
        help=f"approve this alone: {', '.join(APPROVALS)} (default: all but mount_missing)",
    )


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Add those of `explain`."""
    parser.add_argument("site", metavar="SITE", help="the site")
    parser.add_argument(
        "path",
        metavar="PATH",
        help="relative to the site's directory, or absolute below it, or s3://BUCKET/KEY",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Add those of `restore`."""
    parser.add_argument("site", metavar="SITE", help="the site")
    parser.add_argument(
        "--to",
        metavar="DIR",
        type=directory,
        required=True,
        help="where to: a directory that is empty or does not exist",
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        type=_moment,
        help="as it was then, from the versions that the bucket keeps: 2026-11-20, "
        "2026-11-20T14:30:00Z, or `2h ago`",
    )
    parser.add_argument(
        "--merge", action="store_true", help="DIR may hold files; those that differ are kept"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="DIR may hold files; those that differ go"
    )
    parser.add_argument(
        "--into-root",
        action="store_true",
        help="DIR may be the directory of a site, while no daemon runs",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def directory(text: str) -> Path:
    """Take the name of a directory; nothing, as of a variable that is not set, is none."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; write . for this directory")
    return Path(text)


def _moment(text: str) -> float:
    from s3syncd.cli.moment import moment_of  # noqa: PLC0415 - one command needs it

    try:
        return moment_of(text, now=time.time())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
