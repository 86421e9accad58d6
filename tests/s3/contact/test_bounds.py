"""Of no answer is more read, or for longer, than an answer can be."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, cast

import pytest

from s3syncd.s3.bounds import AnswerTooLarge, Bounded, BoundedSession, Pipe
from tests.s3.contact.stores import unavailable
from tests.servers import (
    StubServer,
    respond,
)


def flood(peer: socket.socket) -> None:
    """Send an answer that does not end."""
    with peer, contextlib.suppress(OSError):
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n<?xml version='1.0'?>")
        while True:
            peer.sendall(b"<a>" * 20_000)


def test_an_answer_that_does_not_end_is_not_read_to_its_end(open_bucket: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer = listener.accept()[0]
                    threads.append(threading.Thread(target=flood, args=(peer,)))
                    threads[-1].start()

        threads.append(threading.Thread(target=serve))
        threads[0].start()
        try:
            error = unavailable(open_bucket, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(10)

    assert "is not S3" in error.message


def test_all_clients_of_boto3_read_within_bounds() -> None:
    """Also those that ask for roles, which a session makes by itself."""
    session = BoundedSession()
    for service in ("s3", "sts"):  # as a role is asked for
        client = session.create_client(
            service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
        )
        with contextlib.closing(client):
            for scheme in ("http", "https"):
                pool = client._endpoint.http_session._manager.pool_classes_by_scheme[scheme]
                assert pool.ConnectionCls.response_class is Bounded


class Drip:
    """A socket on which a byte comes each ten seconds of `now`."""

    def __init__(self, now: list[float], size: int = 1) -> None:
        self._now, self._size = now, size
        self.timeouts: list[float] = []

    def gettimeout(self) -> float:
        return 20.0

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def makefile(self, _mode: str, buffering: int) -> Any:
        assert buffering == 0
        return self

    def readinto(self, buffer: Any) -> int:
        self._now[0] += 10
        count = min(self._size, len(buffer))
        buffer[:count] = bytes(count)
        return count

    def close(self) -> None:
        """Nothing is open."""


def test_a_drip_is_given_up_by_boto3_too() -> None:
    now = [100.0]
    drip = Drip(now)
    pipe = Pipe(cast("socket.socket", drip), clock=lambda: now[0])
    with contextlib.closing(pipe), pytest.raises(TimeoutError):
        while pipe.read(1) is not None:
            pass

    assert now == [160.0]  # `whole_answer_seconds`
    assert drip.timeouts == [20.0, 20.0, 20.0, 20.0, 20.0, 10.0]


def test_an_answer_of_nothing_but_tags_is_not_parsed(stub: StubServer, open_bucket: Any) -> None:
    """A parser would make a gigabyte of it."""
    stub.behave(respond(403, b"<a>" * 450_000), times=10)

    assert "is not S3" in unavailable(open_bucket, stub.endpoint).message


def test_an_answer_may_be_as_long_as_any_and_no_longer() -> None:
    drip = cast("socket.socket", Drip([0.0], 4 * 1024**2))
    with contextlib.closing(Pipe(drip, clock=lambda: 0.0)) as pipe:
        for _ in range(4):
            assert len(pipe.read(4 * 1024**2) or b"") == 4 * 1024**2
        with pytest.raises(AnswerTooLarge):
            pipe.read(1)
