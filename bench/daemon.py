"""The installed s3syncd as a process: configured, started, watched until in sync, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Cost, cpu_seconds, peak_rss_mib
from bench.server import ACCESS_KEY, BUCKET, SECRET_KEY

__all__ = ["Daemon", "run_until_in_sync", "running", "write_config"]

_IN_SYNC_WITHIN_SECONDS = 1800
_COMMAND = str(Path(sys.executable).with_name("s3syncd"))


@dataclass(frozen=True)
class Daemon:
    """One that runs, on one configuration."""

    process: subprocess.Popen[bytes]
    config: Path

    def wait_in_sync(self) -> None:
        """Return once it says that everything is in sync."""
        self._client("status", "--wait", "--timeout", str(_IN_SYNC_WITHIN_SECONDS))

    def site(self) -> dict[str, object]:
        """The status of its only site."""
        status = json.loads(self._client("status", "--json"))
        site: dict[str, object] = status["sites"][0]
        return site

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        return cpu_seconds(self.process.pid)

    def peak_rss_mib(self) -> float:
        """Its largest resident memory so far."""
        return peak_rss_mib(self.process.pid)

    def _client(self, *arguments: str) -> str:
        deadline = time.monotonic() + 30  # until its control socket is there
        while True:
            command = [_COMMAND, "-c", str(self.config), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0 or (done.returncode != 1 and arguments[-1] == "--json"):
                return done.stdout
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = self.config.with_suffix(".log").read_text()[-3000:]
                raise SystemExit(f"{arguments}: {done.returncode}\n{done.stderr}\n{log}")
            threading.Event().wait(0.1)


def write_config(folder: Path, root: Path, endpoint: str, *, prefix: str = "") -> Path:
    """Write a configuration with one site and defaults everywhere else."""
    path = folder / "config.yml"
    site = {
        "name": "bench", "path": str(root), "bucket": BUCKET, "prefix": prefix,
        "endpoint": endpoint, "region": "us-east-1", "addressing": "path",
        "access_key": ACCESS_KEY, "secret_access_key": SECRET_KEY,
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
    try:
        yield Daemon(process, config)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def run_until_in_sync(config: Path) -> Cost:
    """Run the daemon from its start until in sync, stop it, and tell what that cost.

    The time ends when it says that it is in sync; the CPU is that of the whole process, start and
    stop included, without the client that asks.
    """
    began = time.monotonic()
    with running(config) as daemon:
        daemon.wait_in_sync()
        wall = time.monotonic() - began
        peak = daemon.peak_rss_mib()
        daemon.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(daemon.process.pid, 0)
        daemon.process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak)
