"""No descriptor is free: who waits to be taken keeps no thread busy, and is taken when one is."""

from __future__ import annotations

import itertools
import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from s3syncd.web.address import reachable, socket_path
from s3syncd.web.control import ControlServer
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket

_MOMENT_SECONDS = 0.2  # a server that takes a client at all takes it at once


def _is_free(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


@contextmanager
def _none_is_free() -> Iterator[None]:
    """Let this process open nothing more."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = next(number for number in itertools.count() if _is_free(number))
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def _is_answered(client: socket.socket, *, seconds: float = _MOMENT_SECONDS) -> bool:
    client.settimeout(seconds)
    with suppress(TimeoutError):
        return bool(client.recv(100))
    return False


def test_the_control_socket_rests_and_takes_them_later(tmp_path: Path) -> None:
    now = [0.0]
    path = socket_path(tmp_path)
    server = ControlServer(path, status=dict, command=lambda *_: {}, clock=lambda: now[0])
    server.start()
    try:
        with socket.socket(socket.AF_UNIX) as client, reachable(path) as address:
            with _none_is_free():
                client.connect(address)
                client.sendall(b'{"command": "status"}\n')
                assert not _is_answered(client)
            assert not _is_answered(client), "it rests, and does not try again and again"
            now[0] = 1.5
            assert _is_answered(client, seconds=20)
    finally:
        server.stop()


def test_the_pages_rest_and_take_them_later() -> None:
    listening = listening_socket("127.0.0.1:0")
    address = listening.getsockname()

    def hello(_environ: object, start: object) -> list[bytes]:
        start("200 OK", [("Content-Length", "5")])  # type: ignore[operator]
        return [b"hello"]

    server = Server(listening, hello)
    server._listener.rest_seconds = 1000.0
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with socket.socket() as client:
            with _none_is_free():
                client.connect(address)
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert not _is_answered(client)
            assert not _is_answered(client), "it rests, and does not try again and again"
            server._listener._rests_until = 0.0
            assert _is_answered(client, seconds=20)
    finally:
        server.stop()
        thread.join(10)
