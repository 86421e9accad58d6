"""The installed s3syncd as a process: configured, started, watched until in sync, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.measure import Cost, cpu_seconds, peak_rss_mib
from bench.server import ACCESS_KEY, BUCKET, SECRET_KEY
from s3syncd.cli.client import NoDaemonError, ask_status

__all__ = ["Daemon", "run_until_in_sync", "running", "write_config"]

_IN_SYNC_WITHIN_SECONDS = 900.0  # the longest thing asked of it takes two minutes here
_LOOKS_EACH_SECONDS = 0.05  # each costs the daemon less than a millisecond
_COMMAND = str(Path(sys.executable).with_name("s3syncd"))


@dataclass(frozen=True)
class Daemon:
    """One that runs, on one configuration."""

    process: subprocess.Popen[bytes]
    config: Path

    @property
    def pid(self) -> int:
        """Of the process."""
        return self.process.pid

    def site(self) -> dict[str, Any] | None:
        """The status of its only site; None while it does not listen yet."""
        try:
            site: dict[str, Any] = ask_status(self.config.parent / "state")["sites"][0]
        except NoDaemonError:
            return None
        return site

    def wait_until(
        self,
        is_so: Callable[[dict[str, Any]], bool],
        *,
        within_seconds: float = _IN_SYNC_WITHIN_SECONDS,
    ) -> dict[str, Any]:
        """Look at the status until it is so, and give it.

        Raises:
            SystemExit: the daemon ended, or it took too long; with its last status and log lines.
        """
        deadline = time.monotonic() + within_seconds
        nothing = threading.Event()
        site: dict[str, Any] | None = None
        while self.process.poll() is None and time.monotonic() < deadline:
            site = self.site()
            if site is not None and is_so(site):
                return site
            nothing.wait(_LOOKS_EACH_SECONDS)
        log = self.config.with_suffix(".log").read_text()[-3000:]
        told = json.dumps(site, indent=1)
        code = self.process.returncode
        raise SystemExit(f"s3syncd: not so in time, exit code {code}\n{told}\n{log}")

    def wait_in_sync(self, *, within_seconds: float = _IN_SYNC_WITHIN_SECONDS) -> None:
        """Return once it says that everything is in sync."""
        self.wait_until(lambda site: bool(site["in_sync"]), within_seconds=within_seconds)

    def command(self, *arguments: str) -> None:
        """Give it one of its client commands."""
        command = [_COMMAND, "-c", str(self.config), *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        return cpu_seconds(self.pid)

    def peak_rss_mib(self) -> float:
        """Its largest resident memory so far."""
        return peak_rss_mib(self.pid)

    def stop(self) -> float:
        """End it as an administrator would, and give the CPU seconds of its whole life."""
        self.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime


def write_config(
    folder: Path,
    root: Path,
    endpoint: str,
    *,
    prefix: str = "",
    options: Mapping[str, object] = MappingProxyType({}),
) -> Path:
    """Write a configuration with one site, with `options` of its own and defaults elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yml"
    site = {
        "name": "bench", "path": str(root), "bucket": BUCKET, "prefix": prefix,
        "endpoint": endpoint, "region": "us-east-1", "addressing": "path",
        "access_key": ACCESS_KEY, "secret_access_key": SECRET_KEY, **options,
    }  # fmt: skip
    config = {"state_dir": str(folder / "state"), "http": {"listen": None}, "sites": [site]}
    path.write_text(json.dumps(config, indent=1))  # JSON is YAML
    path.chmod(0o600)
    return path


@contextmanager
def running(config: Path) -> Iterator[Daemon]:
    """Run the daemon for the length of a block."""
    with config.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen([_COMMAND, "-c", str(config)], stdout=log, stderr=log)
    daemon = Daemon(process, config)
    try:
        yield daemon
    finally:
        if process.returncode is None:
            daemon.stop()


def run_until_in_sync(config: Path) -> Cost:
    """Run the daemon from its start until in sync, stop it, and tell what that cost.

    The time ends when it says that it is in sync; the CPU is that of the whole process, start and
    stop included.
    """
    began = time.monotonic()
    with running(config) as daemon:
        daemon.wait_in_sync()
        wall = time.monotonic() - began
        peak = daemon.peak_rss_mib()
        cpu = daemon.stop()
    return Cost(wall, cpu, peak)
