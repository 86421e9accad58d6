"""`s3syncd reset`: forget a site's ledger. Touches no file and no object.

The next start compares by content and learns again what is equal. The ledger is set aside, not
destroyed, until the next reset of the same site.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from s3syncd.cli import exits
from s3syncd.cli.wording import printable
from s3syncd.config.peek import Peek, peek
from s3syncd.config.state import site_folder
from s3syncd.core.plural import counted
from s3syncd.errors import FatalError, UnknownSiteError

if TYPE_CHECKING:
    from s3syncd.supervisor.lock import StateLock

__all__ = ["execute"]


def execute(arguments: argparse.Namespace, *, confirm: Callable[[str], str] | None = None) -> int:
    """Set the ledger aside, after asking unless `--yes`.

    Args:
        arguments: the command line.
        confirm: asks a person; by default on the terminal.

    Raises:
        UnknownSiteError: there is no such site.
        FatalError: the daemon runs, or there is nobody to ask.
    """
    where = peek(arguments.config)
    folder = where.state_dir / site_folder(arguments.site)
    _refuse_unknown(where, arguments.site, folder)
    site = printable(arguments.site)
    if not folder.exists():
        print(f"{site} has no ledger yet: nothing to forget")
        return exits.OK
    lock = _locked(where.state_dir)
    try:
        for line in _forgotten(folder, site):
            print(line)
        if not arguments.yes and not _is_confirmed(site, confirm):
            print("nothing was changed")
            return exits.FATAL
        aside = _set_aside(folder)
    finally:
        lock.release()
    print(f"{site}: ledger set aside as {printable(str(aside))}")
    print("the next start compares every file by content; no file and no object was touched")
    return exits.OK


def _forgotten(folder: Path, site: str) -> Iterator[str]:
    """Tell what is lost with the ledger, besides time: before somebody says yes to it."""
    from s3syncd.ledger import glance  # noqa: PLC0415 - only where there is something to look at

    found = glance(folder / "ledger.sqlite")
    if found is None or found.is_newer:
        return
    yield f"{site}: its ledger remembers {counted(found.files, 'file')}; forgotten with it:"
    yield "- which directory it is: the next start takes what stands there, and sends it"
    for number, words in (
        (found.held_deletions, ("held deletion", "held deletions")),
        (found.wanted_deletions, ("deletion under way", "deletions under way")),
    ):
        if number:
            them = "its object stays" if number == 1 else "their objects stay"
            yield f"- {counted(number, *words)}: {them} in the bucket, as not put by this site"
    if found.unfinished_uploads:
        uploads = counted(found.unfinished_uploads, "unfinished upload")
        yield f"- {uploads}: only a rule AbortIncompleteMultipartUpload of the bucket ends them"
    if found.is_paused:
        yield "- the pause: the next start sends"


def _refuse_unknown(where: Peek, site: str, folder: Path) -> None:
    # A site that was taken out of the configuration may still have a ledger to forget.
    if site not in where.sites and not folder.exists():
        raise UnknownSiteError.of(site, where.sites)


def _locked(state_dir: Path) -> StateLock:
    """Take the daemon's place, so that none starts meanwhile; refused while one runs."""
    from s3syncd.supervisor.lock import StateLock  # noqa: PLC0415 - loads everything

    return StateLock(state_dir)


def _set_aside(folder: Path) -> Path:
    aside = folder.with_name(folder.name + ".reset")
    if aside.exists():
        shutil.rmtree(aside)
    return folder.rename(aside)


def _is_confirmed(site: str, confirm: Callable[[str], str] | None) -> bool:
    if confirm is None and not sys.stdin.isatty():
        raise FatalError("nobody to ask: standard input is no terminal", hint="confirm with --yes")
    return (confirm or input)(f"forget the ledger of {site}? [y/N] ").strip().lower() == "y"
