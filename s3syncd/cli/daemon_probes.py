"""What `check` tries and looks at on the daemon's own machine: state directory, ledgers, log."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from s3syncd.config.models import Config, SiteConfig
from s3syncd.config.state import site_folder
from s3syncd.core.finding import Finding, Verdict
from s3syncd.local.writable import (
    owner_warning,
    probe_ledger_files,
    probe_log_file,
    probe_state_dir,
)

__all__ = ["probe_daemon", "probe_ledger", "try_ledger"]


def probe_daemon(config: Config) -> Iterator[Finding]:
    """Try what the daemon writes on this machine."""
    yield probe_state_dir(config.state_dir, try_ledger=try_ledger)
    if config.log_file is not None:
        yield probe_log_file(config.log_file, config.state_dir)
    places = (config.state_dir, config.state_dir / "lock", config.log_file)
    if warning := owner_warning(filter(None, places)):
        yield warning
    yield from _leftovers(config)


def _leftovers(config: Config) -> Iterator[Finding]:
    """Tell of ledgers that no site has: of one that was renamed, or taken out of the file."""
    from s3syncd.ledger import glance  # noqa: PLC0415 - as below
    from s3syncd.supervisor.build import ledger_identity  # noqa: PLC0415 - as below

    known = {site_folder(site.name) for site in config.sites}
    names = {ledger_identity(site): site.name for site in config.sites}
    for path in sorted(config.state_dir.glob("*/ledger.sqlite")):
        folder = path.parent
        if folder.name not in known and folder.suffix != ".reset":
            seen = glance(path)
            yield _leftover(config, folder, names.get(seen.identity) if seen else None)


def _leftover(config: Config, folder: Path, name: str | None) -> Finding:
    """Tell of one; `name`: the site that keeps now what that one kept."""
    old, text = shlex.quote(str(folder)), f"{folder} is the ledger of no site of the file"
    if name is None:
        remedy = f"if its site does not come back: rm -r {old}"
        return Finding(Verdict.WARNING, "ledger", text, remedy)
    text += f"; it speaks of what {name} keeps: was that site renamed?"
    new = config.state_dir / site_folder(name)
    remedy = f"{name} has a ledger of its own by now: rm -r {old}"
    if not new.exists():
        remedy = f"while no daemon runs: mv {old} {shlex.quote(str(new))}"
    return Finding(Verdict.WARNING, "ledger", text, remedy)


def try_ledger(directory: Path) -> None:
    """Make a ledger in a directory, as each site does; raises LedgerError where that fails."""
    from s3syncd.ledger import Ledger  # noqa: PLC0415 - only a probe needs it

    Ledger.open(directory / "ledger.sqlite", identity="check").close()


def probe_ledger(config: Config, site: SiteConfig) -> Finding | None:
    """Look whether the ledger that the site has can be used; nothing is written to it."""
    from s3syncd.ledger import glance  # noqa: PLC0415 - as above
    from s3syncd.supervisor.build import ledger_path  # noqa: PLC0415 - as above

    path = ledger_path(config.state_dir, site)
    if trouble := probe_ledger_files(path.parent):
        return trouble
    found = glance(path)
    if found is None or not found.is_newer:
        return None
    return Finding(
        Verdict.FAILED,
        "ledger",
        f"{path} was written by a newer version of s3syncd",
        "start that version, or `s3syncd reset SITE` (costs hashing)",
    )
