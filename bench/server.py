"""The S3 server that every program is measured on: `rclone serve s3` on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ACCESS_KEY", "BUCKET", "SECRET_KEY", "Server", "serve", "tool"]

BUCKET = "bench"
ACCESS_KEY = "benchaccesskey"
SECRET_KEY = "benchsecretkey"

_STARTS_WITHIN_SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """Where it listens and where its objects lie as files."""

    port: int
    objects: Path
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}"

    def object_count(self) -> int:
        """The number of objects that arrived."""
        return sum(len(names) for _, _, names in os.walk(self.objects / BUCKET))


def tool(name: str) -> str | None:
    """The path of a program from bench/.venv or beside our Python; None if in neither."""
    places = [Path(__file__).parent / ".venv" / "bin", Path(sys.executable).parent]
    return next((str(place / name) for place in places if (place / name).exists()), None)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run a server whose objects lie in `folder`, with one empty bucket."""
    program = tool("rclone")
    if program is None:
        raise SystemExit("rclone is not installed: use `make bench`")
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    port = _free_port()
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--config", os.devnull,
             "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", str(folder)],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait_for(port, process)
        yield Server(port, folder, process)
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
