"""`s3syncd reset`: forget a site's ledger. Touches no file and no object.

The next start compares by content and learns again what is equal. The ledger is set aside, not
destroyed, until the next reset of the same site.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from s3syncd.cli import exits
from s3syncd.cli.client import NoDaemonError, ask
from s3syncd.cli.wording import printable
from s3syncd.config.peek import Peek, peek
from s3syncd.config.state import site_folder
from s3syncd.errors import ConfigError, FatalError

__all__ = ["execute"]


def execute(arguments: argparse.Namespace, *, confirm: Callable[[str], str] | None = None) -> int:
    """Set the ledger aside, after asking unless `--yes`.

    Args:
        arguments: the command line.
        confirm: asks a person; by default on the terminal.

    Raises:
        ConfigError: there is no such site.
        FatalError: the daemon runs, or there is nobody to ask.
    """
    where = peek(arguments.config)
    folder = where.state_dir / site_folder(arguments.site)
    _refuse_unknown(where, arguments.site, folder)
    _refuse_while_running(where.state_dir)
    site = printable(arguments.site)
    if not folder.exists():
        print(f"{site} has no ledger yet: nothing to forget")
        return exits.OK
    if not arguments.yes and not _is_confirmed(site, confirm):
        print("nothing was changed")
        return exits.FATAL
    aside = folder.with_name(folder.name + ".reset")
    if aside.exists():
        shutil.rmtree(aside)
    folder.rename(aside)
    print(f"{site}: ledger set aside as {aside}")
    print("the next start compares every file by content; no file and no object was touched")
    return exits.OK


def _refuse_unknown(where: Peek, site: str, folder: Path) -> None:
    # A site that was taken out of the configuration may still have a ledger to forget.
    if site not in where.sites and not folder.exists():
        raise ConfigError(
            [f"{where.path}: there is no site {site!r}"], hint=f"sites: {', '.join(where.sites)}"
        )


def _refuse_while_running(state_dir: Path) -> None:
    try:
        ask(state_dir, "live")
    except NoDaemonError:
        return
    except FatalError:
        pass
    raise FatalError(
        f"a daemon is running on {state_dir}", hint="stop it first, then reset, then start it"
    )


def _is_confirmed(site: str, confirm: Callable[[str], str] | None) -> bool:
    if confirm is None and not sys.stdin.isatty():
        raise FatalError("nobody to ask: standard input is no terminal", hint="confirm with --yes")
    return (confirm or input)(f"forget the ledger of {site}? [y/N] ").strip().lower() == "y"
