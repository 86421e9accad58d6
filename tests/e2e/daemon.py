"""The installed command as a subprocess, and a look at both sides from outside.

A `World` has the sites of one test (directories and fresh buckets on a server that is shared) and
its daemons. When a test is over it checks what must hold for every test: no site failed, nothing
crashed, and no secret stands in anything a daemon wrote.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from s3syncd.cli.client import NoDaemonError, ask, ask_status
from s3syncd.config.state import site_folder
from tests.e2e import warm
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, S3Server
from tests.waiting import until

__all__ = ["COMMAND", "Daemon", "Site", "World", "needs_root", "tree", "write"]

COMMAND = Path(sys.executable).with_name("s3syncd")

# As in a real configuration, but for the waits that decide how long a test takes.
_QUICK: dict[str, Any] = {
    "delete_grace_seconds": 0.2,
    "settle_open_seconds": 1,
    "shutdown_timeout_seconds": 5,
    "s3_ops_retries": 1,
    "http": {"listen": None},
    "log": {"format": "json", "level": "debug"},
}
_TIMEOUT_SECONDS = 30.0
_starts = itertools.count(int(time.time()))  # so that the fifth is another one in each process

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="mounts file systems, or runs as another user",
)

_CRASHES = ("Traceback", '"event": "site.failed"', "internal_error", "Segmentation")


def write(path: Path, content: bytes | str = b"x") -> Path:
    """Write a file, with its parents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def tree(root: Path) -> dict[str, bytes]:
    """Read every regular file below a directory, as relative path -> content."""
    found: dict[str, bytes] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


@dataclass
class Site:
    """One site of a test: its directory and its bucket, seen from outside."""

    name: str
    root: Path
    bucket: str
    prefix: str
    client: Any
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, path: str, content: bytes | str = b"x") -> Path:
        """Write a file of the site."""
        return write(self.root / path, content)

    def etags(self, prefix: str | None = None) -> dict[str, tuple[int, str]]:
        """List the bucket: key (without the site's prefix) -> size and ETag."""
        prefix = self.prefix if prefix is None else prefix
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return {
            each["Key"].removeprefix(prefix): (each["Size"], each["ETag"].strip('"'))
            for page in pages
            for each in page.get("Contents", [])
        }

    def names(self) -> set[str]:
        """List the keys below the prefix, without it."""
        return set(self.etags())

    def content(self, key: str) -> bytes:
        """Read an object."""
        answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)
        body: bytes = answer["Body"].read()
        return body

    def objects(self) -> dict[str, bytes]:
        """Read every object below the prefix."""
        return {key: self.content(key) for key in self.etags()}

    def put(self, key: str, content: bytes = b"x", **extra: Any) -> None:
        """Put an object behind the daemon's back."""
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=content, **extra)

    def uploads(self) -> list[str]:
        """List the keys of multipart uploads that are neither complete nor aborted."""
        answer = self.client.list_multipart_uploads(Bucket=self.bucket)
        return [each["Key"] for each in answer.get("Uploads", [])]

    def is_equal(self) -> bool:
        """Whether the bucket has exactly the files' names and sizes (cheap, for waiting)."""
        local = {path: len(content) for path, content in tree(self.root).items()}
        return {key: size for key, (size, _) in self.etags().items()} == local

    def assert_equal(self) -> None:
        """Compare both sides, byte by byte."""
        local, remote = tree(self.root), self.objects()
        assert remote.keys() == local.keys()
        different = [path for path in local if local[path] != remote[path]]
        assert not different


class Daemon:
    """One daemon of a test; can be started again and again on the same state."""

    def __init__(
        self,
        folder: Path,
        document: dict[str, Any],
        *,
        wrapper: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.document = document
        self.state_dir = Path(document["state_dir"])
        self.config = folder / "config.yml"
        self.log_path = folder / "daemon.log"
        self.process: subprocess.Popen[bytes] | warm.Started | None = None
        self.environment = dict(environment or {})
        self._wrapper = list(wrapper)
        self.write_config()

    def write_config(self, document: Mapping[str, Any] | None = None) -> None:
        """Write the configuration (anew)."""
        if document is not None:
            self.document = dict(document)
        self.config.write_text(yaml.safe_dump(self.document, allow_unicode=True))
        self.config.chmod(0o600)

    def start(self, *, is_waited: bool = True, **environment: str) -> Daemon:
        """Start it; returns when it answers."""
        assert not self.is_running
        command = [str(COMMAND), "-c", str(self.config)]
        given = {**os.environ, **self.environment, **environment}
        if self._is_warm():
            self.process = warm.start(command, environment=given, output=self.log_path)
        else:
            with self.log_path.open("ab") as log:
                self.process = subprocess.Popen(
                    [*self._wrapper, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=given,
                )
        if is_waited:
            until(self._answers, _TIMEOUT_SECONDS, "the daemon answers")
        return self

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def status(self, site: str | None = None) -> dict[str, Any]:
        """Ask the daemon, as `status --json` does."""
        return ask_status(self.state_dir, site)

    def site(self, name: str = "data") -> dict[str, Any]:
        """Give the status of one site."""
        found: dict[str, Any] = self.status(name)["sites"][0]
        return found

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a command, as the command line does."""
        return ask(self.state_dir, command, arguments)

    def wait(
        self,
        is_so: Callable[[dict[str, Any]], object],
        name: str = "data",
        *,
        timeout: float = _TIMEOUT_SECONDS,
        what: str = "",
    ) -> dict[str, Any]:
        """Wait until the status of a site is so, and give it."""
        last: dict[str, Any] = {}

        def look() -> bool:
            nonlocal last
            try:
                last = self.site(name)
            except NoDaemonError as error:
                assert self.is_running, f"the daemon ended: {self.log_path.read_text()[-4000:]}"
                last = {"error": str(error)}
                return False
            return bool(is_so(last))

        try:
            until(look, timeout, what or "the site's status")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(last, indent=1)}\n{self.tail()}") from error
        return last

    def in_sync(self, *names: str, timeout: float = _TIMEOUT_SECONDS) -> None:
        """Wait until the sites say that they are in sync."""
        for name in names or ("data",):
            self.wait(lambda s: s["in_sync"], name, timeout=timeout, what=f"{name} is in sync")

    def stop(self, *, timeout: float = _TIMEOUT_SECONDS) -> int:
        """Stop it with SIGTERM; give the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self) -> None:
        """End it at once: kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def ended(self, timeout: float = _TIMEOUT_SECONDS) -> int:
        """Wait for its end; give the exit code, negative for a signal."""
        assert self.process is not None
        return self.process.wait(timeout)

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line."""
        command = [str(COMMAND), "-c", str(self.config), *arguments]
        given = {**os.environ, **self.environment}
        if stdin is None and warm.is_running() and self._is_warm():
            return warm.run(command, environment=given, timeout=timeout)
        return subprocess.run(
            [*self._wrapper, *command],
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=given,
        )

    def events(self, event: str = "") -> list[dict[str, Any]]:
        """Read the log's lines, all of them JSON."""
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines() if line]
        return [line for line in lines if not event or line["event"] == event]

    def tail(self) -> str:
        """Give the end of the log, for messages."""
        return self.log_path.read_text(errors="replace")[-4000:]

    def ledger(self, name: str = "data") -> Path:
        """Give where a site's ledger is."""
        return self.state_dir / site_folder(name) / "ledger.sqlite"

    def _is_warm(self) -> bool:
        """Whether to fork it; every fifth is started in full, as are all that are wrapped."""
        return warm.is_possible() and not self._wrapper and next(_starts) % 5 != 0

    def _answers(self) -> bool:
        assert self.is_running, f"the daemon ended: {self.tail()}"
        with suppress(NoDaemonError):
            return bool(self.status()["sites"])
        return False


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
