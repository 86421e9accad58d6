"""Clients of the HTTP server: hostile, slow and many of them hold up nobody."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from s3syncd.web.app import Application
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket
from tests.waiting import until, within
from tests.web.http.asking import get
from tests.web.http.view import FakeView


@pytest.fixture
def serve(view: FakeView) -> Iterator[Callable[..., tuple[str, int]]]:
    """Start servers on free ports; all are stopped at the end, and none leaves a thread."""
    with ExitStack() as stack:

        def start(**limits: Any) -> tuple[str, int]:
            stream = listening_socket("127.0.0.1:0")
            address: tuple[str, int] = stream.getsockname()
            server = Server(stream, Application(view), **limits)
            thread = threading.Thread(target=server.run)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.stop)
            return address

        yield start


def test_a_request_over_the_wire_is_answered(serve: Callable[..., tuple[str, int]]) -> None:
    address = serve()
    assert get(address) == (200, b"ok\n")
    connection = http.client.HTTPConnection(*address, timeout=within(20))
    with closing(connection):
        for path in ("/status", "/metrics", "/livez"):  # over one connection
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.read()
            assert "waitress" not in str(answer.headers).lower()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 not http at all\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["no http", "a huge header", "a huge body", "a length below zero"],
)
def test_what_is_no_request_is_refused_and_the_next_is_answered(
    serve: Callable[..., tuple[str, int]], sent: bytes
) -> None:
    address = serve()
    with socket.create_connection(address, timeout=within(20)) as stream:
        with suppress(OSError):
            stream.sendall(sent)
        with suppress(ConnectionResetError):
            answer = stream.recv(65536)
            assert not answer or answer.split()[1] in {b"400", b"413", b"431"}
    assert get(address)[0] == 200


def test_more_clients_than_there_may_be_wait_until_idle_ones_are_closed(
    serve: Callable[..., tuple[str, int]],
) -> None:
    address = serve(connections=4, idle_seconds=0.2)
    with ExitStack() as stack:
        for _ in range(12):  # say nothing at all
            stack.enter_context(socket.create_connection(address, timeout=within(20)))
        assert get(address) == (200, b"ok\n")


def test_descriptors_are_bounded_however_many_connect(
    serve: Callable[..., tuple[str, int]],
) -> None:
    address = serve(connections=4, idle_seconds=60)
    before = _descriptors()
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(address, timeout=within(20)))
            for _ in range(40)
        ]
        for _ in clients:  # between two answers the server would take in one more
            clients[0].sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = http.client.HTTPResponse(clients[0])
            answer.begin()
            assert (answer.status, answer.read()) == (200, b"ok\n")
        assert _descriptors() <= before + len(clients) + 6


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _is_closed(stream: socket.socket) -> bool:
    stream.setblocking(False)
    try:
        return stream.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextmanager
def slow_readers(address: tuple[str, int], count: int = 3) -> Iterator[None]:
    """Ask for the metrics, and read nothing of them but the first byte."""
    with ExitStack() as stack:
        for _ in range(count):
            stream = stack.enter_context(socket.socket())
            stream.settimeout(within(20))
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.connect(address)
            stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert stream.recv(1) == b"H"
        yield


def test_who_reads_nothing_holds_up_nobody(
    view: FakeView, serve: Callable[..., tuple[str, int]]
) -> None:
    view.metrics_text = b"x" * 32_000_000  # more than the kernel buffers
    address = serve(connections=4, idle_seconds=60)
    with slow_readers(address):
        assert get(address) == (200, b"ok\n")


def test_who_reads_nothing_is_closed(view: FakeView, serve: Callable[..., tuple[str, int]]) -> None:
    view.metrics_text = b"x" * 32_000_000
    address = serve(connections=4, idle_seconds=0.5)
    before = _descriptors()
    with slow_readers(address):
        # Three of the clients, and none of the server.
        until(lambda: _descriptors() == before + 3, 20, "their connections are closed")
    assert get(address) == (200, b"ok\n")


def test_who_does_not_come_to_the_end_of_a_request_is_closed(
    serve: Callable[..., tuple[str, int]],
) -> None:
    address = serve(idle_seconds=0.4)
    with socket.create_connection(address, timeout=within(20)) as stream:
        stream.sendall(b"GET /livez HTTP/1.1\r\n")

        def is_closed() -> bool:  # a byte at each look: never idle
            try:
                stream.setblocking(True)
                stream.sendall(b"X")
            except OSError:
                return True
            return _is_closed(stream)

        until(is_closed, 20)
