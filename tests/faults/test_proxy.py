"""The proxy of the tests itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy, fault_proxy
from tests.faults.streams import Stream, reset
from tests.waiting import until

_REQUEST = b"PUT /b/k HTTP/1.1\r\nauthorization: x Signature=%s\r\ncontent-length: 2\r\n\r\nhi"
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def test_a_black_hole_does_not_wait_for_those_who_were_quicker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        port = upstream.getsockname()[1]
        with fault_proxy(f"http://127.0.0.1:{port}") as proxy:
            proxy.freeze()  # its place among those not accepted is taken now
            proxy.freeze()


class Line:
    """A proxy, and the sockets of a client and of the server that it leads to."""

    def __init__(self, proxy: Proxy, listener: socket.socket) -> None:
        self.proxy = proxy
        host, _, port = proxy.endpoint.removeprefix("http://").partition(":")
        self.client = socket.create_connection((host, int(port)))
        self.server, _ = listener.accept()
        self.arrived = Stream(self.server)

    def ask(self, signature: bytes) -> None:
        self.client.sendall(_REQUEST % signature)

    def arrive(self) -> None:
        """Read a request as the server does, whole."""
        assert self.arrived.head() is not None
        self.arrived.skip(2)


@pytest.fixture
def line() -> Iterator[Line]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with fault_proxy(f"http://127.0.0.1:{port}") as proxy:
            made = Line(proxy, listener)
            with made.client, made.server:
                yield made


def test_a_request_whose_client_leaves_before_the_answer_is_noted_as_given_up(line: Line) -> None:
    line.ask(b"ab")
    line.arrive()
    assert line.proxy.given_up == {}
    line.client.close()
    until(lambda: line.proxy.given_up)
    assert list(line.proxy.given_up) == ["ab"]


def test_a_request_is_given_up_too_when_its_client_left_before_it_was_passed_on(line: Line) -> None:
    go_on = threading.Event()
    rule = line.proxy.hold(go_on)
    line.client.sendall((_REQUEST % b"ab")[:-1])  # so that nothing is waited for later
    assert rule.reached.wait(10)
    reset(line.client)
    go_on.set()
    until(lambda: line.proxy.given_up)
    assert list(line.proxy.given_up) == ["ab"]


def test_a_request_is_not_given_up_when_its_client_leaves_at_the_answer(line: Line) -> None:
    line.client.sendall((_REQUEST % b"ab")[:-1])
    assert line.arrived.head() is not None
    line.server.sendall(_ANSWER)
    line.client.send(b"i", socket.MSG_MORE)  # goes with the end of the connection
    line.client.close()
    until(lambda: line.proxy.open_connections == 0)
    assert line.proxy.given_up == {}


def test_a_request_is_not_given_up_when_the_server_leaves(line: Line) -> None:
    line.ask(b"ab")
    line.arrive()
    line.server.close()
    assert line.client.recv(1) == b""
    assert line.proxy.given_up == {}


def test_requests_that_are_cut_are_given_up(line: Line) -> None:
    line.ask(b"ab")
    line.arrive()
    line.proxy.cut()
    until(lambda: line.proxy.given_up)


def test_a_request_that_was_answered_is_not_given_up(line: Line) -> None:
    line.ask(b"ab")
    line.arrive()
    line.server.sendall(_ANSWER)
    answer = Stream(line.client)
    assert answer.head() == _ANSWER
    line.proxy.lose_response()
    line.ask(b"cd")
    line.arrive()
    line.server.sendall(_ANSWER)
    until(lambda: line.proxy.open_connections == 0)
    assert line.proxy.given_up == {}
