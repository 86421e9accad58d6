"""The sites and daemons of one test, and what must hold when it is over.

A `World` has the sites of one test (directories and fresh buckets on a server that is shared) and
its daemons. When a test is over it checks what must hold for every test: no site failed, nothing
crashed, and no secret stands in anything a daemon wrote.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import COMMAND, Daemon
from tests.e2e.site import Site
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, S3Server

__all__ = ["World", "needs_root"]

# As in a real configuration, but for the waits that decide how long a test takes.
_QUICK: dict[str, Any] = {
    "delete_grace_seconds": 0.2,
    "settle_open_seconds": 1,
    "shutdown_timeout_seconds": 5,
    "s3_ops_retries": 1,
    "http": {"listen": None},
    "log": {"format": "json", "level": "debug"},
}

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="mounts file systems, or runs as another user",
)

_CRASHES = ("Traceback", '"event": "site.failed"', "internal_error", "Segmentation")


class World:
    """The sites and daemons of one test, on one server."""

    def __init__(self, server: S3Server, client: Any, folder: Path) -> None:
        self.server = server
        self.client = client
        self.folder = folder
        self.sites: dict[str, Site] = {}
        self.daemons: list[Daemon] = []
        self.expected_crashes: list[str] = []

    def site(self, name: str = "data", *, prefix: str = "", **options: Any) -> Site:
        """Make a directory and a bucket; options are the site's keys in the configuration."""
        root = self.folder / "roots" / name
        root.mkdir(parents=True)
        bucket = options.pop("bucket", None)
        if bucket is None:
            bucket = f"b-{uuid.uuid4().hex[:16]}"
            self.client.create_bucket(Bucket=bucket)
        site = Site(name, root, bucket, prefix and prefix.rstrip("/") + "/", self.client, options)
        self.sites[name] = site
        return site

    def daemon(
        self,
        *sites: Site,
        endpoint: str | None = None,
        wrapper: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Daemon:
        """Write a configuration for the sites (default: all); not started yet."""
        number = len(self.daemons)
        folder = self.folder / f"daemon-{number}"
        folder.mkdir()
        document = {
            **_QUICK,
            "endpoint": endpoint or self.server.endpoint,
            "region": "us-east-1",
            "access_key": ACCESS_KEY,
            "secret_access_key": SECRET_ACCESS_KEY,
            "state_dir": str(folder / "state"),
            **options,
            "sites": [self.entry(site) for site in sites or self.sites.values()],
        }
        daemon = Daemon(folder, document, wrapper=wrapper, environment=environment)
        self.daemons.append(daemon)
        return daemon

    def daemon_of_nobody(self, **options: Any) -> Daemon:
        """Make a daemon that runs as the user nobody (65534); see `needs_root`.

        Skips where nobody cannot run the command: the checkout is in a home that is closed.
        """
        wrapper = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        trial = subprocess.run([*wrapper, COMMAND, "--version"], check=False, capture_output=True)
        if trial.returncode:
            pytest.skip(f"the user nobody cannot run {COMMAND}")
        daemon = self.daemon(wrapper=wrapper, **options)
        daemon.state_dir.mkdir()
        for path in (daemon.state_dir, daemon.config):
            os.chown(path, 65534, 65534)
        return daemon

    def entry(self, site: Site) -> dict[str, Any]:
        """Give a site's part of the configuration."""
        prefix = {"prefix": site.prefix} if site.prefix else {}
        return {
            "name": site.name, "path": str(site.root), "bucket": site.bucket,
            **prefix, **site.options,
        }  # fmt: skip

    def close(self) -> None:
        """End what runs, and check what must hold for every test."""
        for daemon in self.daemons:
            if daemon.is_running:
                daemon.process and daemon.process.send_signal(signal.SIGCONT)
                code = daemon.stop() if _is_patient(daemon) else daemon.kill()
                assert code in {0, 3, 4, None}, daemon.tail()  # tests end with work left, too
        for daemon in self.daemons:
            _assert_sound(daemon, self.expected_crashes)

    def abandon(self) -> None:
        """Kill whatever still runs."""
        for daemon in self.daemons:
            if daemon.is_running:
                daemon.kill()


def _is_patient(daemon: Daemon) -> bool:
    # One in five is asked to end; the others are killed, which is quicker and must not matter.
    return hash(str(daemon.folder)) % 5 == 0


def _assert_sound(daemon: Daemon, expected: Sequence[str]) -> None:
    log = daemon.log_path.read_text(errors="replace") if daemon.log_path.exists() else ""
    for crash in _CRASHES:
        if crash not in expected:
            assert crash not in log, _around(log, crash)
    secret = SECRET_ACCESS_KEY.encode()
    for path in daemon.state_dir.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes(), f"the secret is in {path}"
    assert SECRET_ACCESS_KEY not in log


def _around(text: str, word: str) -> str:
    found = re.search(re.escape(word), text)
    assert found is not None
    return text[max(0, found.start() - 500) : found.end() + 4000]
