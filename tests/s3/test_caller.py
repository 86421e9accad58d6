"""The connections of control requests: which are used again, and what is no answer."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.core.retry import is_known
from s3syncd.s3.caller import Caller, Unanswered, has_news
from s3syncd.s3.http1 import Answer
from s3syncd.s3.signing import Signer
from s3syncd.s3.trust import tls_context
from s3syncd.s3.wire import Endpoint, Frozen, WireRequest
from tests.certificates import Authority
from tests.servers import (
    ACCESS_KEY,
    SECRET_ACCESS_KEY,
    StubServer,
    respond,
)
from tests.waiting import until

ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOK = WireRequest("ListParts", "GET", "/b/k?uploadId=u", is_effect=False)


@contextlib.contextmanager
def caller_of(stub: StubServer, now: list[float]) -> Iterator[Callable[[], int]]:
    """Give what asks the stub, and tells over which of its connections it did."""
    endpoint = Endpoint(False, stub.endpoint.removeprefix("http://"), "us-east-1")
    caller = Caller(endpoint, clock=lambda: now[0])
    signer = Signer(Frozen(ACCESS_KEY, SECRET_ACCESS_KEY, None), "us-east-1", endpoint.host)

    def ask() -> int:
        caller.ask(LOOK, signer, patience_seconds=10)
        return stub.history[-1].connection

    with contextlib.closing(caller):
        yield ask


def test_a_connection_is_used_again_while_it_is_young(stub: StubServer) -> None:
    now = [100.0]
    with caller_of(stub, now) as ask:
        first = ask()
        now[0] += 3.9
        assert ask() == first
        now[0] += 4.0
        assert ask() != first


def test_a_connection_that_the_store_ends_is_not_used_again(stub: StubServer) -> None:
    stub.behave(respond(200, b"", (("Connection", "close"),)))
    with caller_of(stub, [100.0]) as ask:
        assert ask() != ask()


class Silent:
    """A listener that takes one connection after the other, says its part, and closes it."""

    def __init__(
        self, *parts: bytes, tls: ssl.SSLContext | None = None, is_dripping: bool = False
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._parts, self._tls, self._is_dripping = parts, tls, is_dripping
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            for part in self._parts:
                peer, _ = self._listener.accept()
                with peer, contextlib.suppress(OSError):
                    if self._tls is None:
                        _play(peer, part)
                        while self._is_dripping:  # until the other side has enough
                            peer.sendall(b"x" * 10)
                        continue
                    with self._tls.wrap_socket(peer, server_side=True) as stream:
                        _play(stream, part)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the thread has closed it
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()


def _play(stream: socket.socket, part: bytes) -> None:
    stream.recv(65536)
    stream.sendall(part)
    if not part:
        stream.recv(1)  # until the other side has enough


def ask_once(caller: Caller, *, patience_seconds: float = 10) -> Answer:
    signer = Signer(Frozen("a", "s", None), "r", "h")
    return caller.ask(LOOK, signer, patience_seconds=patience_seconds)


def test_an_idle_connection_that_was_closed_is_not_used() -> None:
    with contextlib.closing(Silent(ANSWERED, ANSWERED)) as store:
        caller = Caller(Endpoint(False, store.host, "r"))
        assert ask_once(caller).body == b"ok"
        until(lambda: has_news(caller._idle[0][0]), what="the store closed it")

        assert ask_once(caller).body == b"ok"
        caller.close()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (ANSWERED[:-1], "ConnectionClosedError"),
        (b"HTTP/1.1 ", "ConnectionClosedError"),
        (b"220 smtp.example ready\r\n\r\n", "HTTPClientError"),
        (b"", "ReadTimeoutError"),
    ],
)
def test_what_is_no_answer_leaves_the_effect_unknown(said: bytes, name: str) -> None:
    with contextlib.closing(Silent(said)) as store:
        with pytest.raises(Unanswered) as caught:
            ask_once(Caller(Endpoint(False, store.host, "r")), patience_seconds=0.2)

        assert (caught.value.name, caught.value.is_unsent) == (name, False)
        assert is_known(name)


def test_a_drip_is_given_up() -> None:
    """Each byte comes in time, and the answer never ends."""
    now = [100.0]

    def clock() -> float:
        now[0] += 10
        return now[0]

    store = Silent(b"HTTP/1.1 200 OK\r\n\r\n", is_dripping=True)
    with contextlib.closing(store), pytest.raises(Unanswered) as caught:
        ask_once(Caller(Endpoint(False, store.host, "r"), clock=clock), patience_seconds=20)

    assert caught.value.name == "ReadTimeoutError"
    assert now[0] <= 100 + 60 + 2 * 10


def test_contexts_of_authorities_that_were_renewed_are_let_go() -> None:
    for number in range(50):
        tls_context(None, str(number), False)

    assert tls_context.cache_info().currsize <= 16


def test_an_answer_may_end_with_its_connection() -> None:
    with contextlib.closing(Silent(b"HTTP/1.1 200 OK\r\n\r\nall of it")) as store:
        assert ask_once(Caller(Endpoint(False, store.host, "r"))).body == b"all of it"


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        host = f"127.0.0.1:{once.getsockname()[1]}"

    with pytest.raises(Unanswered) as caught:
        ask_once(Caller(Endpoint(False, host, "r")))

    assert (caught.value.name, caught.value.is_unsent) == ("EndpointConnectionError", True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_a_certificate_is_verified(tmp_path: Path, address: str) -> None:
    authority = Authority(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.issue(address=address))
    ca_file = str(authority.certificate)
    with contextlib.closing(Silent(ANSWERED, tls=server)) as store:
        caller = Caller(Endpoint(True, store.host, "r", ca_file))
        if address == "127.0.0.1":
            assert ask_once(caller).body == b"ok"
            caller.close()
            return
        with pytest.raises(Unanswered) as caught:
            ask_once(caller)

    assert (caught.value.name, caught.value.is_unsent) == ("SSLError", True)


def test_a_token_that_would_end_its_header_is_not_sent() -> None:
    caller = Caller(Endpoint(False, "127.0.0.1:1", "r"))

    with pytest.raises(Unanswered) as caught:
        caller.ask(LOOK, Signer(Frozen("a", "s", "t\r\nx: y"), "r", "h"), patience_seconds=1)

    assert caught.value.is_unsent
