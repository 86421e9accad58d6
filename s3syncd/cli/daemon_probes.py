"""What `check` tries on the daemon's own machine: state directory, ledgers, log, address."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from s3syncd.cli.client import ask
from s3syncd.config.models import Config, SiteConfig
from s3syncd.config.state import site_folder
from s3syncd.core.finding import Finding, Verdict
from s3syncd.errors import FatalError
from s3syncd.local.writable import (
    owner_warning,
    probe_ledger_files,
    probe_log_file,
    probe_state_dir,
)
from s3syncd.web.sockets import try_listening

__all__ = ["probe_daemon", "probe_ledger", "try_ledger"]

_ANSWER_SECONDS: Final = 5.0
"""A daemon answers within milliseconds; as long as a liveness probe waits."""


def probe_daemon(config: Config) -> Iterator[Finding]:
    """Try what the daemon writes on this machine."""
    yield probe_state_dir(config.state_dir, try_ledger=try_ledger)
    holder = _holder(config)
    if holder is not None:
        yield _in_use(config, holder)
    if config.log_file is not None:
        yield probe_log_file(config.log_file, config.state_dir)
    places = (config.state_dir, config.state_dir / "lock", config.log_file)
    if warning := owner_warning(filter(None, places)):
        yield warning
    if trouble := _probe_listen(config, holder):
        yield trouble
    yield from _leftovers(config)


class _Holder(NamedTuple):
    """Who has the state directory: its pid, and the status that it tells; {}: it tells none."""

    pid: str
    status: Mapping[str, Any]

    def is_of(self, config: Config) -> bool:
        """Whether it is the daemon of this same file."""
        told = self.status.get("config")
        if told is None:
            return False
        with suppress(OSError):
            return Path(told).samefile(config.path)
        return str(told) == str(config.path)


def _holder(config: Config) -> _Holder | None:
    from s3syncd.supervisor.lock import holder_of  # noqa: PLC0415 - as below

    try:
        pid = holder_of(config.state_dir)
    except OSError:  # told by the probe that writes there
        return None
    if pid is None:
        return None
    try:
        answer = ask(config.state_dir, "status", timeout_seconds=_ANSWER_SECONDS)
    except FatalError:
        return _Holder(pid, {})
    return _Holder(pid, answer["status"])


def _in_use(config: Config, holder: _Holder) -> Finding:
    """Tell who has the state directory: no second daemon starts there."""
    if holder.is_of(config):
        return Finding(Verdict.OK, "daemon", f"the daemon of this file runs (pid {holder.pid})")
    who = f"{config.state_dir} is in use by"
    other = holder.status.get("config")
    if other is None:  # an earlier version, or one that starts, or syncs once
        text = f"{who} an s3syncd (pid {holder.pid}) that tells no file: no other can start"
        return Finding(Verdict.WARNING, "daemon", text, "if it is not this file's: stop it first")
    return Finding(
        Verdict.FAILED,
        "daemon",
        f"{who} the daemon of {other} (pid {holder.pid}): that of this file cannot start",
        "set state_dir to another directory, or stop that daemon first",
    )


def _probe_listen(config: Config, holder: _Holder | None) -> Finding | None:
    """Tell why nobody would be answered on `http.listen`; None: all is well, or not known."""
    listen = config.http_listen
    if listen is None:
        return None
    if holder is not None and (holder.is_of(config) or not holder.status.get("config")):
        error = holder.status.get("http", {}).get("error")
        hint = holder.status.get("http", {}).get("hint", "")
        return _unheard(error, hint) if error else None
    try:
        try_listening(listen)
    except FatalError as error:
        return _unheard(error.message, error.hint)
    return None


def _unheard(message: str, hint: str) -> Finding:
    return Finding(Verdict.WARNING, "http", f"{message}: no metrics, no health checks", hint)


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
