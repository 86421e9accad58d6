"""The S3 servers that programs are measured on, each with one bucket, on loopback.

`rclone serve s3` is a server that somebody might use; it costs more than any client. The sink
(bench/c/sink) costs next to nothing, so that the clients alone are compared: it takes and hashes
every body, and keeps names, sizes and ETags.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.compiled import built

__all__ = [
    "ACCESS_KEY",
    "BUCKET",
    "SECRET_KEY",
    "Serve",
    "Server",
    "delayed_sink",
    "rclone",
    "sink",
    "tool",
]

BUCKET = "bench"
ACCESS_KEY = "benchaccesskey"
SECRET_KEY = "benchsecretkey"

_STARTS_WITHIN_SECONDS = 60.0  # the sink reads a list of a million objects first
_REQUESTS = ("put", "head", "list", "delete", "multipart", "other")
_BESIDE_ITS_SCRIPT = "lib/python*/site-packages/{0}/bin/{0}"


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    process: subprocess.Popen[bytes]
    is_sink: bool

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}"

    def counters(self) -> dict[str, float]:
        """The sink's: requests by kind, bytes received, CPU seconds."""
        counters: dict[str, float] = json.loads(self._ask("/-/counters"))
        return counters

    def requests(self) -> int | None:
        """The requests answered so far; None where the server does not count."""
        if not self.is_sink:
            return None
        counters = self.counters()
        return sum(int(counters[kind]) for kind in _REQUESTS)

    def stored_at(self) -> dict[str, float]:
        """The sink's objects, bucket/key, and when each was stored, by time.monotonic()."""
        lines = (line.rpartition("\t") for line in self._ask("/-/times").splitlines())
        return {name: int(stored_ns) / 1e9 for name, _, stored_ns in lines}

    def _ask(self, path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()


# A server whose objects lie in a folder, or that may keep its log there, for the length of a block.
Serve = Callable[[Path], AbstractContextManager[Server]]


def tool(name: str) -> str | None:
    """The path of a program from bench/.venv or beside our Python; None if in neither.

    Wheels that hold a program behind a Python script are looked into, so that nobody pays for
    starting a Python that is not theirs.
    """
    environment = Path(__file__).parent / ".venv"
    hidden = next(environment.glob(_BESIDE_ITS_SCRIPT.format(name)), None)
    if hidden is not None and hidden.stat().st_size > 1_000_000:
        hidden.chmod(0o755)
        return str(hidden)
    places = [environment / "bin", Path(sys.executable).parent]
    return next((str(place / name) for place in places if (place / name).exists()), None)


@contextmanager
def rclone(folder: Path) -> Iterator[Server]:
    """`rclone serve s3`, its objects as files in `folder`."""
    program = tool("rclone")
    if program is None:
        raise SystemExit("rclone is not installed: use `make bench`")
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    port = _free_port()
    command = [
        program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--config", os.devnull,
        "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", str(folder),
    ]  # fmt: skip
    with _running(command, port, folder) as process:
        yield Server(port, process, is_sink=False)


@contextmanager
def sink(folder: Path, *, delay_ms: float = 0, preload: Path | None = None) -> Iterator[Server]:
    """The sink, each answer `delay_ms` late, with the objects that a file lists.

    Its lines are `bucket/key<TAB>size<TAB>etag`.
    """
    port = _free_port()
    command = [built("sink"), str(port), str(delay_ms), *([str(preload)] if preload else [])]
    with _running(command, port, folder) as process:
        yield Server(port, process, is_sink=True)


def delayed_sink(delay_ms: float) -> Serve:
    """The sink behind a latency that limits no throughput."""
    return lambda folder: sink(folder, delay_ms=delay_ms)


@contextmanager
def _running(command: list[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.02)
    raise SystemExit("the S3 server did not start")
