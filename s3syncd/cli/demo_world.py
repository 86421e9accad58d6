"""The world of the demo: temporary directories, buckets, and the daemon as a process."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import s3syncd
from s3syncd.cli.client import NoDaemonError, ask_status
from s3syncd.config.document import Mapping, Node, Scalar, Sequence, read
from s3syncd.config.problems import Problems
from s3syncd.errors import FatalError
from s3syncd.s3.listing import parse_listing

__all__ = ["DemoSite", "World", "changes_between", "example_path", "start_world", "temporary"]

_STOP_SECONDS = 40.0
"""shutdown_timeout_seconds is 25 by default; a daemon that needs longer is killed."""

_REQUEST_SECONDS = 10.0
"""The server is in this process."""

Objects = dict[str, tuple[str, int]]
"""Keys with ETag and size in bytes."""


@dataclass(frozen=True, slots=True)
class DemoSite:
    """One site of the temporary configuration; `prefix` is '' or ends in a slash."""

    name: str
    root: Path
    bucket: str
    prefix: str


class World:
    """A running daemon between temporary directories and a server, and how to look at both."""

    def __init__(
        self,
        config: Path,
        endpoint: str,
        sites: list[DemoSite],
        daemon: subprocess.Popen[bytes],
        log: Path,
    ) -> None:
        self.config = config
        self.endpoint = endpoint
        self.sites = sites
        self.daemon = daemon
        self._log = log

    def is_running(self) -> bool:
        """Whether the daemon is there."""
        return self.daemon.poll() is None

    def is_in_sync(self) -> bool:
        """Whether the daemon says that every site is in sync."""
        try:
            status = ask_status(self.config.parent / "state")
        except NoDaemonError:  # still starting
            return False
        return all(site["in_sync"] for site in status["sites"])

    def is_equal(self) -> bool:
        """Whether every prefix holds exactly the files of its directory, by name and content."""
        return all(_files(site) == self.objects(site) for site in self.sites)

    def objects(self, site: DemoSite) -> Objects:
        """List a site's prefix."""
        query = f"list-type=2&encoding-type=url&prefix={quote(site.prefix)}"
        body = _request(self.endpoint, "GET", f"/{site.bucket}?{query}")
        entries = parse_listing(body, lambda key: key).entries
        return {each.path: (each.etag, each.size_bytes) for each in entries}

    def last_words(self) -> str:
        """Give the end of the daemon's log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n  ".join(["the daemon's log ends with:", *lines[-5:]])

    def stop(self) -> None:
        """Stop the daemon as a service manager does.

        Raises:
            FatalError: it did not end well.
        """
        self.daemon.terminate()
        try:
            code = self.daemon.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise FatalError("the daemon did not stop", hint=self.last_words()) from error
        if code != 0:
            raise FatalError(f"the daemon ended with {code}", hint=self.last_words())


@contextmanager
def start_world(folder: Path, endpoint: str) -> Iterator[World]:
    """Make buckets and directories in `folder`, start the daemon; all is stopped at the end."""
    written = temporary(_plain(_read_example()), folder, endpoint)
    sites = [_demo_site(each) for each in written["sites"]]
    for site in sites:
        site.root.mkdir()
        _request(endpoint, "PUT", f"/{site.bucket}")
    config, log = folder / "config.yml", folder / "daemon.log"
    config.touch(mode=0o600)
    config.write_text(json.dumps(written, indent=2), encoding="utf-8")  # JSON is YAML
    with log.open("wb") as output:
        daemon = subprocess.Popen(  # noqa: S603 - this interpreter, this package
            [sys.executable, "-m", "s3syncd", "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the demo, which then stops the daemon
        )
    try:
        yield World(config, endpoint, sites, daemon, log)
    finally:
        if daemon.poll() is None:
            daemon.kill()
        daemon.wait()


def example_path() -> Path:
    """Find config.example.yml: in the package when installed, beside it in the repository.

    Raises:
        FatalError: it is in neither place.
    """
    package = Path(s3syncd.__file__).parent
    for folder in (package, package.parent):
        if (folder / "config.example.yml").is_file():
            return folder / "config.example.yml"
    raise FatalError("config.example.yml is missing", hint="install s3syncd again")


def temporary(example: Any, folder: Path, endpoint: str) -> dict[str, Any]:
    """Replace what must be temporary in the example; everything else stays as it is."""
    keys = {"access_key": "demo", "secret_access_key": "demo-secret"}
    sites = []
    for number, site in enumerate(example["sites"]):
        own = {key: value for key, value in site.items() if key not in keys}
        own["path"] = str(folder / Path(site.get("path", f"site-{number}")).name)
        if "endpoint" in own:
            own["endpoint"] = endpoint
        sites.append(own)
    rest = {key: value for key, value in example.items() if value is not None and key not in keys}
    temporaries = {
        **keys,
        "endpoint": endpoint,
        "region": "us-east-1",
        "state_dir": str(folder / "state"),
        "retire_deleted": True,
    }
    return {**rest, **temporaries, "sites": sites}


def changes_between(before: Objects, now: Objects) -> Iterator[tuple[str, str, int]]:
    """Give what changed, by key: sign (+ ~ -), key and size in bytes."""
    for key in sorted(before.keys() | now.keys()):
        if key not in now:
            yield "-", key, before[key][1]
        elif key not in before:
            yield "+", key, now[key][1]
        elif before[key] != now[key]:
            yield "~", key, now[key][1]


def _read_example() -> Node:
    path = example_path()
    problems = Problems(str(path))
    node, _ = read(path, problems)
    if node is None:
        raise FatalError(f"{path} cannot be used", hint="install s3syncd again")
    return node


def _plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [_plain(each) for each in node.items]
    assert isinstance(node, Mapping)  # noqa: S101 - the third of three kinds
    return {key: _plain(entry.node) for key, entry in node.entries.items()}


def _demo_site(written: dict[str, Any]) -> DemoSite:
    prefix = str(written.get("prefix") or "").strip("/")
    bucket = str(written["bucket"])
    name = str(written.get("name") or f"{bucket}/{prefix}".rstrip("/"))
    return DemoSite(name, Path(written["path"]), bucket, prefix + "/" if prefix else "")


def _files(site: DemoSite) -> Objects:
    files = {}
    for path in site.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            files[site.prefix + path.relative_to(site.root).as_posix()] = (digest, len(content))
    return files


def _request(endpoint: str, method: str, target: str) -> bytes:
    # Not urllib: that would ask a proxy of the environment for loopback.
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=_REQUEST_SECONDS)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise FatalError(f"the demo's server answered {answer.status} to {method} {target}")
    return body


def _environment() -> dict[str, str]:
    """Give the daemon's environment: nobody's AWS settings, and no proxy for loopback."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    folder = str(Path(s3syncd.__file__).parents[1])
    paths = [folder, inherited.get("PYTHONPATH", "")]
    return {
        **inherited,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
