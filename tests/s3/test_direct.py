"""Requests on connections of our own, against stores that do what they like."""

from __future__ import annotations

import errno
import gc
import os
import random
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from s3syncd.core.retry import FailureKind, is_known
from s3syncd.core.window import Window
from s3syncd.s3.addresses import Addresses, Route
from s3syncd.s3.answer import failure_of
from s3syncd.s3.connection import Broken, Connection, Ended
from s3syncd.s3.direct import Direct, Refused
from s3syncd.s3.exchange import Begun, Exchange, NotBegun
from s3syncd.s3.http1 import MAX_BODY_BYTES
from s3syncd.s3.link import Address, Link
from s3syncd.s3.outgoing import TURN_BYTES, Outgoing
from s3syncd.s3.poller import Poller
from s3syncd.s3.reply import Reply
from s3syncd.s3.signing import Signer
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import BodyView, Endpoint, Frozen, WireRequest
from tests.certificates import Authority, self_signed
from tests.polling import polling
from tests.waiting import until, within

STATIC = Frozen("AKID", "secret", None)
OK = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n'
CLOSING = OK.replace(b"ETag", b"Connection: close\r\nETag")
LARGE = bytes(range(256)) * (32 * 1024)
"""More than the kernel's buffers hold (4 MiB to send, and a store that keeps little)."""
PUT = WireRequest("PutObject", "PUT", "/b/k", (("content-md5", "x"),), b"abc", needs="etag")
PUT_LARGE = PUT._replace(body=LARGE)
PART = PUT._replace(operation="UploadPart", target="/b/k?partNumber=1&uploadId=u")
HEAD = WireRequest("HeadObject", "HEAD", "/b/k", is_effect=False)


LOST = {"ConnectionClosedError", "ConnectionResetError", "BrokenPipeError"}
"""Names of the end of a connection."""

ABRUPT = struct.pack("ii", 1, 0)
"""With it a close is a reset."""


class Asked:
    """A request, and what it was told: at most once, or `ends` tells of it."""

    def __init__(self, request: WireRequest) -> None:
        self.ends: list[tuple[int, BaseException | None]] = []
        self.exchange = Exchange(request, lambda _reply: None, self._finish)
        self.begun: Begun | None = None

    def _finish(self, exchange: Exchange, error: BaseException | None) -> None:
        self.ends.append((exchange.status, error))

    def wait(self) -> BaseException | None:
        until(lambda: self.ends, what="the request is told its end")
        assert len(self.ends) == 1
        return self.ends[0][1]

    @property
    def broken(self) -> Broken:
        error = self.wait()
        assert isinstance(error, Broken), error
        return error

    @property
    def is_unknown(self) -> bool:
        failure = failure_of(self.exchange.request, self.wait(), is_expired=False).failure
        assert failure is not None
        return failure.is_unknown


class Store:
    """A listener whose side of each connection the test plays itself."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET, *, backlog: int = 50) -> None:
        host = "127.0.0.1" if family == socket.AF_INET else "::1"
        self._listener = socket.create_server((host, 0), family=family, backlog=backlog)
        self._listener.settimeout(within(10))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self._stack = ExitStack()
        self._stack.enter_context(self._listener)
        self.address: Address = (family, self._listener.getsockname())
        self.port: int = self.address[1][1]
        self.accepted = 0

    def accept(self, tls: ssl.SSLContext | None = None) -> socket.socket:
        """Take the next connection."""
        peer, _ = self._listener.accept()
        self.accepted += 1
        peer.settimeout(within(10))
        if tls is not None:
            peer = tls.wrap_socket(peer, server_side=True)
        return self._stack.enter_context(peer)

    def has_caller(self) -> bool:
        """Whether a connection waits to be accepted."""
        self._listener.setblocking(False)
        try:
            peer, _ = self._listener.accept()
        except BlockingIOError:
            return False
        finally:
            self._listener.settimeout(within(10))
        peer.close()
        return True

    def shut(self) -> None:
        """Refuse connections from now on."""
        self._listener.close()

    def close(self) -> None:
        self._stack.close()


def read_head(peer: socket.socket) -> tuple[bytes, bytes]:
    """Read up to the end of a head; gives it and what came with it."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = peer.recv(65536)
        assert piece, "the client closed"
        raw += piece
    head, _, rest = raw.partition(b"\r\n\r\n")
    return head, rest


def read_request(peer: socket.socket) -> tuple[bytes, bytes]:
    head, rest = read_head(peer)
    (length,) = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    body = bytearray(rest)
    while len(body) < int(length.partition(b":")[2]):
        piece = peer.recv(32 * 1024)
        assert piece, "the client closed"
        body += piece
    return head, bytes(body)


def serve(peer: socket.socket, answer: bytes = OK) -> bytes:
    _, body = read_request(peer)
    peer.sendall(answer)
    return body


def assert_closed_by_client(peer: socket.socket) -> None:
    """Nothing of ours holds the connection any more: whatever was sent ends."""
    with suppress(ConnectionError, ssl.SSLError):
        while peer.recv(1 << 20):
            pass


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
    peer.close()


class Rig:
    """Direct connections with a clock of their own."""

    def __init__(self, poller: Poller) -> None:
        self.poller = poller
        self.now = 1000.0
        self.signer = Signer(STATIC, "us-east-1", "store.example")
        self._opened: list[Direct] = []

    def open(self, *addresses: Address, endpoint: Endpoint | None = None) -> Direct:
        direct = Direct(
            endpoint or Endpoint(False, "store.example", "us-east-1"),
            self.poller,
            clock=lambda: self.now,
            wall=lambda: 1e9,
            look_up=lambda _host, _port: addresses,
        )
        direct.prepare()
        self._opened.append(direct)
        return direct

    def ask(self, direct: Direct, request: WireRequest = PUT) -> Asked:
        asked = Asked(request)
        assert direct.takes(request)
        asked.begun = direct.begin(asked.exchange, self.signer)
        return asked

    def close(self) -> None:
        for direct in self._opened:
            direct.close()
        assert [direct._connections for direct in self._opened] == [{}] * len(self._opened)
        assert not any(direct._idle for direct in self._opened)
        assert not self.poller._owners, "a poller watches what is closed"


@pytest.fixture(scope="module")
def module_poller() -> Iterator[Poller]:
    with polling() as poller:
        yield poller


@pytest.fixture
def rig(module_poller: Poller) -> Iterator[Rig]:
    rig = Rig(module_poller)
    yield rig
    rig.close()


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def other() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def direct(rig: Rig, store: Store) -> Direct:
    return rig.open(store.address)


# --- reuse --------------------------------------------------------------------------------------


def test_one_request_after_the_other_takes_one_connection(
    rig: Rig, store: Store, direct: Direct
) -> None:
    first = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert first.wait() is None
    for _ in range(5):
        asked = rig.ask(direct)
        assert serve(peer) == b"abc"
        assert asked.wait() is None
    assert not store.has_caller()


def test_a_request_during_another_takes_a_connection_of_its_own(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = [rig.ask(direct), rig.ask(direct)]
    peers = [store.accept(), store.accept()]
    for peer in peers:
        serve(peer)
    assert [one.wait() for one in asked] == [None, None]


@pytest.mark.parametrize(
    "answer",
    [CLOSING, OK.replace(b"1.1", b"1.0"), OK + b"x", OK.replace(b"Content-Length: 0\r\n", b"")],
    ids=["close", "http/1.0", "more than the answer", "until the end"],
)
def test_a_connection_that_cannot_be_kept_is_closed(
    rig: Rig, store: Store, direct: Direct, answer: bytes
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer, answer)
    peer.shutdown(socket.SHUT_WR)
    assert asked.wait() is None
    assert_closed_by_client(peer)
    again = rig.ask(direct)
    serve(store.accept())
    assert again.wait() is None


def test_the_length_in_an_answer_to_a_head_is_not_waited_for(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, HEAD)
    peer = store.accept()
    serve(peer, OK.replace(b"Length: 0", b"Length: 5000000000000"))
    assert asked.wait() is None
    assert asked.exchange.headers["content-length"] == "5000000000000"  # type: ignore[call-overload]
    again = rig.ask(direct, HEAD)
    serve(peer)
    assert again.wait() is None


def idle_connection(rig: Rig, store: Store, direct: Direct) -> socket.socket:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert asked.wait() is None
    assert len(direct._idle) == 1
    return peer


@pytest.mark.parametrize("end", [socket.socket.close, reset, lambda peer: peer.sendall(b"noise")])
def test_an_idle_connection_that_is_no_more_is_not_used(
    rig: Rig, store: Store, direct: Direct, end: Callable[[socket.socket], None]
) -> None:
    peer = idle_connection(rig, store, direct)
    end(peer)
    until(lambda: not direct._connections, what="the connection is let go")
    assert not direct._idle
    if peer.fileno() >= 0:
        assert_closed_by_client(peer)
    asked = rig.ask(direct)
    serve(store.accept())
    assert asked.wait() is None


def test_a_reset_that_nobody_was_told_of_costs_no_request() -> None:
    """Nobody waits on this poller: the send itself meets the end, and another line is opened."""
    poller, store = Poller(), Store()
    rig = Rig(poller)
    direct = rig.open(store.address)

    def step() -> None:
        poller.wake()
        for tell in poller.wait():
            tell()

    def answered(asked: Asked) -> bool:
        step()
        return bool(asked.ends)

    try:
        asked = rig.ask(direct)
        step()
        peer = store.accept()
        serve(peer)
        until(lambda: answered(asked))
        reset(peer)
        again = rig.ask(direct)
        step()
        serve(store.accept())
        until(lambda: answered(again))
        assert again.wait() is None
    finally:
        rig.close()
        poller.close()
        store.close()


def test_an_old_idle_connection_is_not_used_and_is_closed(
    rig: Rig, store: Store, direct: Direct
) -> None:
    peer = idle_connection(rig, store, direct)
    rig.now += 4.0
    asked = rig.ask(direct)
    assert_closed_by_client(peer)
    serve(store.accept())
    assert asked.wait() is None


def test_an_idle_connection_is_closed_when_its_time_is_over(
    rig: Rig, store: Store, direct: Direct
) -> None:
    peer = idle_connection(rig, store, direct)
    direct.expire(rig.now + 3.9)
    assert len(direct._idle) == 1
    direct.expire(rig.now + 4.0)
    assert_closed_by_client(peer)
    assert not direct._idle


# --- addresses ----------------------------------------------------------------------------------


def refused_address() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return socket.AF_INET, listener.getsockname()


def both_turns(rig: Rig, dead: Address, alive: Store) -> Asked:
    """Ask so that the dead address is the first."""
    direct = rig.open(dead, alive.address)
    direct._addresses._turn = 1  # the next is 2: the first of two again
    return rig.ask(direct)


def test_another_address_is_tried_where_one_refuses(rig: Rig, store: Store) -> None:
    asked = both_turns(rig, refused_address(), store)
    serve(store.accept())
    assert asked.wait() is None


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_a_family_that_is_not_there_is_passed_over(rig: Rig, store: Store) -> None:
    nowhere: Address = (socket.AF_INET6, ("100::1", 9, 0, 0))  # the discard prefix
    direct = rig.open(nowhere, store.address)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    direct.expire(rig.now + 5)  # where it is not unreachable at once
    serve(store.accept())
    assert asked.wait() is None


def test_a_store_is_reached_by_ipv6(rig: Rig) -> None:
    try:
        store = Store(socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on loopback")
    try:
        asked = rig.ask(rig.open(store.address))
        serve(store.accept())
        assert asked.wait() is None
    finally:
        store.close()


def test_no_address_that_accepts_is_a_refusal_without_doubt(rig: Rig) -> None:
    asked = rig.ask(rig.open(refused_address(), refused_address()))
    assert asked.broken.name == "AWS_IO_SOCKET_CONNECTION_REFUSED"
    assert not asked.is_unknown


@pytest.fixture
def black_hole() -> Iterator[Address]:
    """An address that neither accepts nor refuses: its queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield socket.AF_INET, listener.getsockname()


def test_another_address_is_tried_where_one_is_silent(
    rig: Rig, store: Store, black_hole: Address
) -> None:
    direct = rig.open(black_hole, store.address)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    direct.expire(rig.now + 4.9)
    assert not store.has_caller()
    direct.expire(rig.now + 5.0)
    serve(store.accept())
    assert asked.wait() is None


def test_silence_everywhere_is_a_timeout_without_doubt(rig: Rig, black_hole: Address) -> None:
    direct = rig.open(black_hole, black_hole)
    asked = rig.ask(direct)
    direct.expire(rig.now + 5)
    assert not asked.ends
    direct.expire(rig.now + 9.9)  # the second address has its own time
    assert not asked.ends
    direct.expire(rig.now + 10)
    assert asked.broken.name == "AWS_IO_SOCKET_TIMEOUT"
    assert not asked.is_unknown


@pytest.fixture(params=["refuses", "is silent"])
def dead(request: pytest.FixtureRequest, black_hole: Address) -> Address:
    return black_hole if request.param == "is silent" else refused_address()


def ask_by_the_second(rig: Rig, direct: Direct, store: Store) -> None:
    """Send a request whose first address is dead."""
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    rig.now += 5
    direct.expire(rig.now)
    serve(store.accept(), CLOSING)
    assert asked.wait() is None


def ask_at_once(rig: Rig, direct: Direct, store: Store) -> None:
    """Send a request, in the dead one's turn, that waits for no address."""
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    (connection,) = direct._connections
    assert connection._untried, "the first address does"
    serve(store.accept(), CLOSING)
    assert asked.wait() is None


def test_an_address_that_failed_is_tried_last_for_a_while(
    rig: Rig, store: Store, dead: Address
) -> None:
    direct = rig.open(dead, store.address)
    ask_by_the_second(rig, direct, store)
    for shift in (0.0, 150.0, 144.9):  # a refusal may have been noted five seconds earlier
        rig.now += shift
        ask_at_once(rig, direct, store)


def test_after_a_while_one_request_tries_an_address_again_and_others_do_not(
    rig: Rig, store: Store, black_hole: Address
) -> None:
    direct = rig.open(black_hole, store.address)
    ask_by_the_second(rig, direct, store)
    rig.now += 300
    direct._addresses._turn = 1
    probing = rig.ask(direct)
    (connection,) = direct._connections
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    serve(store.accept(), CLOSING)
    assert asked.wait() is None
    assert not probing.ends
    connection.try_next(rig.now + 5)
    serve(store.accept(), CLOSING)
    assert probing.wait() is None
    ask_at_once(rig, direct, store)


def test_an_address_that_is_well_again_has_its_turns_again(
    rig: Rig, store: Store, other: Store
) -> None:
    direct = rig.open(store.address, other.address)
    direct._addresses.failed(store.address)
    rig.now += 300
    for _ in range(2):
        direct._addresses._turn = 1
        asked = rig.ask(direct)
        serve(store.accept(), CLOSING)
        assert asked.wait() is None


def test_where_every_address_failed_each_is_tried(rig: Rig, store: Store) -> None:
    direct = rig.open(refused_address(), store.address)
    for address in direct._addresses.in_turn():
        direct._addresses.failed(address)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    serve(store.accept(), CLOSING)
    assert asked.wait() is None
    ask_at_once(rig, direct, store)


def test_an_address_that_the_name_has_no_longer_is_forgotten(rig: Rig, store: Store) -> None:
    answers = [(refused_address(), store.address), (store.address,)]
    addresses = Addresses("store.example", 80, clock=lambda: rig.now, look_up=lambda *_: answers[0])
    addresses.renew()
    addresses.failed(answers[0][0])
    answers.pop(0)
    rig.now += 60
    addresses.renew()
    assert addresses.in_turn() == (store.address,)
    assert not addresses._avoided_until


def test_what_happens_in_vain_does_not_open_a_connection(rig: Rig, black_hole: Address) -> None:
    """A descriptor that was just somebody else's: the poller may tell its new owner."""
    direct = rig.open(black_hole)
    asked = rig.ask(direct)
    (connection,) = direct._connections
    connection._happened()
    assert connection.opening_since == rig.now
    direct.expire(rig.now + 5)
    assert asked.broken.name == "AWS_IO_SOCKET_TIMEOUT"


def test_an_address_of_no_family_here_is_told_as_a_connection_that_failed(rig: Rig) -> None:
    asked = rig.ask(rig.open((socket.AF_UNIX, ("not a path",))))  # type: ignore[arg-type]
    assert isinstance(asked.wait(), Broken)
    assert asked.broken.name == "ConnectionError"
    assert not asked.is_unknown


def test_a_poller_that_watches_no_more_fails_the_request_and_leaks_nothing(store: Store) -> None:
    class Full(Poller):
        def watch(self, fd: int, owner: Callable[[], None], *, is_for_room: bool) -> None:
            raise OSError(28, "No space left on device")

    poller = Full()
    rig = Rig(poller)
    asked = rig.ask(rig.open(store.address))
    assert asked.broken.name == "ConnectionError"
    assert not asked.is_unknown
    assert_closed_by_client(store.accept())
    rig.close()
    poller.close()


def test_the_name_is_looked_up_once_a_minute_and_an_old_answer_serves_meanwhile(
    rig: Rig, store: Store
) -> None:
    asked: list[float] = []

    def look_up(_host: str, _port: int) -> tuple[Address, ...]:
        asked.append(rig.now)
        if len(asked) == 1:
            return (store.address,)
        raise [OSError("no resolver"), UnicodeError("label too long")][len(asked) % 2]

    direct = Direct(
        Endpoint(False, "store.example:1234", "us-east-1"), rig.poller,
        clock=lambda: rig.now, wall=lambda: 0.0, look_up=look_up,
    )  # fmt: skip
    assert not direct.takes(PUT)
    for shift in (0.0, 59.9, 0.1, 60.0):
        rig.now += shift
        direct.prepare()
        assert direct.takes(PUT)
    assert asked == [1000.0, 1060.0, 1120.0]


@pytest.mark.parametrize(
    ("host", "is_tls", "expected"),
    [
        ("store.example", False, ("store.example", 80)),
        ("store.example", True, ("store.example", 443)),
        ("store.example:9000", True, ("store.example", 9000)),
        ("[::1]:9000", False, ("::1", 9000)),
        ("[::1]", False, ("::1", 80)),
    ],
)
def test_host_and_port_are_read_from_the_endpoint(
    rig: Rig, host: str, is_tls: bool, expected: tuple[str, int]
) -> None:
    asked: list[tuple[str, int]] = []

    def look_up(host: str, port: int) -> tuple[Address, ...]:
        asked.append((host, port))
        return ()

    direct = Direct(
        Endpoint(is_tls, host, "us-east-1"), rig.poller,
        clock=lambda: 0.0, wall=lambda: 0.0, look_up=look_up,
    )  # fmt: skip
    direct.prepare()
    assert asked == [expected]
    assert not direct.takes(PUT)


# --- bodies and answers -------------------------------------------------------------------------


def test_a_body_larger_than_any_buffer_arrives_whole(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    assert serve(peer) == LARGE
    assert asked.wait() is None
    again = rig.ask(direct, PUT_LARGE._replace(body=LARGE[::-1]))
    assert serve(peer) == LARGE[::-1]
    assert again.wait() is None


def test_an_answer_before_the_body_was_read_counts_and_ends_the_connection(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    peer.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
    error = asked.wait()
    assert isinstance(error, Refused)
    assert (error.status_code, error.body) == (403, b"no")
    assert not asked.is_unknown
    assert_closed_by_client(peer)


def test_a_success_before_the_body_was_sent_is_none(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    peer.sendall(OK)
    assert asked.broken.name == "ConnectionError"
    assert asked.is_unknown
    assert_closed_by_client(peer)


@pytest.mark.parametrize(
    ("answer", "is_read"),
    [
        (b"HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nno", True),
        (b"HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nn", False),
        (b"HTTP/1.1 503 Slow Down\r\n\r\nno", False),  # its end is not known
        (b"", False),
    ],
)
def test_an_answer_is_read_though_the_store_reads_no_more(answer: bytes, is_read: bool) -> None:
    """The end is met in sending, before anything is read: nobody waits on this poller meanwhile."""
    poller, store = Poller(), Store()
    rig = Rig(poller)
    direct = rig.open(store.address)
    try:
        asked = rig.ask(direct, PUT_LARGE)
        for tell in poller.wait():
            tell()
        peer = store.accept()
        read_head(peer)
        peer.sendall(answer)
        (connection,) = direct._connections
        assert connection._link is not None
        ours = connection._link._socket
        if answer:
            until(lambda: len(ours.recv(999, socket.MSG_PEEK | socket.MSG_DONTWAIT)) == len(answer))
        ours.shutdown(socket.SHUT_WR)  # so that the next send fails
        connection._happened()
        error = asked.wait()
        assert isinstance(error, Refused if is_read else Broken)
        assert asked.is_unknown is not is_read
        assert not direct._connections
    finally:
        rig.close()
        poller.close()
        store.close()


@pytest.mark.parametrize("size", [0, 1, 12, len(OK) - 1])
@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["closed", "reset"])
def test_an_end_before_the_whole_answer_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct, size: int, end: Callable[[socket.socket], None]
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer, OK[:size])
    end(peer)
    assert asked.broken.name in LOST
    assert asked.is_unknown


@pytest.mark.parametrize(
    "noise",
    [b"SSH-2.0-x\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x50\r\n\r\n", b"x" * 100_000,
     OK.replace(b"Length: 0", b"Length: 0\r\nContent-Length: 1")],
    ids=["ssh", "tls alert", "endless", "two lengths"],
)  # fmt: skip
def test_noise_is_no_answer_and_ends_the_connection(
    rig: Rig, store: Store, direct: Direct, noise: bytes
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    read_request(peer)
    with suppress(ConnectionError):
        peer.sendall(noise)
    assert asked.broken.name == "ConnectionError"
    assert asked.is_unknown
    assert_closed_by_client(peer)


def test_interim_answers_without_end_are_given_up(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    read_request(peer)
    with suppress(ConnectionError):
        for _ in range(100):
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    assert asked.broken.name == "ConnectionError"


def test_an_end_in_the_body_of_a_large_request_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    reset(peer)
    assert asked.broken.name in LOST
    assert asked.is_unknown


@pytest.mark.parametrize(
    "code", [errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT, errno.ECONNRESET, errno.EPROTO]
)
def test_a_network_that_is_lost_after_sending_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct, code: int
) -> None:
    """The same error before says that there was none: the kernel tells both alike."""
    asked = rig.ask(direct)
    read_request(store.accept())
    (connection,) = direct._connections

    def lost() -> bytes | None:
        raise OSError(code, "lost")

    connection._link.receive = lost  # type: ignore[method-assign, union-attr]
    connection._happened()
    assert is_known(asked.broken.name)
    failure = failure_of(PUT, asked.broken, is_expired=False).failure
    assert failure is not None
    assert (failure.kind, failure.is_unknown) == (FailureKind.TRANSIENT, True)


@pytest.mark.parametrize("value", ["a\nx-amz-acl: public", "a\rb", "a\0", "a\x7f", "\udcff"])
def test_a_header_that_would_end_is_refused_and_nothing_is_sent(
    rig: Rig, store: Store, direct: Direct, value: str
) -> None:
    request = PUT._replace(headers=(("if-match", value),))
    with pytest.raises(NotBegun) as caught:
        rig.ask(direct, request)
    cause = caught.value.__cause__
    assert isinstance(cause, Broken)
    assert cause.name == "AWS_ERROR_HTTP_INVALID_HEADER_VALUE"
    assert cause.is_unsent
    assert not store.has_caller()


def test_a_token_that_would_end_its_header_is_refused(
    rig: Rig, store: Store, direct: Direct
) -> None:
    rig.signer = Signer(Frozen("AKID", "s", "token\r\nx: y"), "us-east-1", "store.example")
    with pytest.raises(NotBegun):
        rig.ask(direct)
    assert not store.has_caller()


def test_what_cannot_be_written_down_is_refused_and_nothing_is_sent(
    rig: Rig, store: Store, direct: Direct
) -> None:
    with pytest.raises(NotBegun) as caught:
        rig.ask(direct, PUT._replace(target="/b/\udcff"))
    assert isinstance(caught.value.__cause__, UnicodeEncodeError)
    assert not store.has_caller()


# --- bodies that are lent -----------------------------------------------------------------------


class Lent:
    """Memory that is used for something else as soon as it is given back."""

    def __init__(self, content: bytes) -> None:
        self.memory = bytearray(content)
        self.given_back = 0
        body = BodyView(memoryview(self.memory), on_read=self._take_back)
        self.request = PART._replace(body=body)

    def _take_back(self) -> None:
        self.given_back += 1
        self.memory[:] = b"?" * len(self.memory)

    def assert_held_by_nobody(self) -> None:
        self.memory.append(0)  # BufferError while anybody has a view of it


@pytest.mark.parametrize("content", [LARGE, b"abc"], ids=["large", "small"])
def test_lent_memory_is_given_back_once_when_the_kernel_has_it(
    rig: Rig, store: Store, direct: Direct, content: bytes
) -> None:
    peer = idle_connection(rig, store, direct)
    for _ in range(2):
        lent = Lent(content)
        asked = rig.ask(direct, lent.request)
        head, rest = read_head(peer)
        assert lent.given_back == (content != LARGE), "before it was sent, or not when it was"
        assert b"content-length:%d\r\n" % len(content) in head
        while len(rest) < len(content):
            rest += peer.recv(1 << 20)
        assert rest == content
        assert lent.given_back == 1
        assert not asked.ends
        peer.sendall(OK)
        assert asked.wait() is None
        lent.assert_held_by_nobody()


def test_lent_memory_is_held_by_nobody_when_it_is_given_back() -> None:
    memory = bytearray(LARGE)
    outgoing = Outgoing(b"head", BodyView(memory, on_read=memory.clear))  # BufferError otherwise
    while outgoing:
        outgoing.send(Line())  # type: ignore[arg-type]
    assert not memory


def test_lent_memory_goes_over_tls_and_is_given_back(
    rig: Rig, store: Store, authority: Authority
) -> None:
    direct = rig.open(store.address, endpoint=tls_endpoint(authority.certificate))
    lent = Lent(LARGE)
    asked = rig.ask(direct, lent.request)
    peer = store.accept(server_context(authority.issue()))
    assert serve(peer) == LARGE
    assert asked.wait() is None
    assert lent.given_back == 1
    lent.assert_held_by_nobody()


def answered_early(peer: socket.socket, _rig: Rig, _direct: Direct, _asked: Asked) -> None:
    peer.sendall(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nno")


def reset_early(peer: socket.socket, _rig: Rig, _direct: Direct, _asked: Asked) -> None:
    reset(peer)


def canceled(_peer: socket.socket, _rig: Rig, _direct: Direct, asked: Asked) -> None:
    assert asked.begun is not None
    asked.begun.cancel()


def closed(_peer: socket.socket, _rig: Rig, direct: Direct, _asked: Asked) -> None:
    direct.close()


def stalled(_peer: socket.socket, rig: Rig, direct: Direct, asked: Asked) -> None:
    def is_given_up() -> bool:
        direct.expire(rig.now)  # the first time there may still be room in the kernel's buffers
        rig.now += 30
        direct.expire(rig.now)
        return bool(asked.ends)

    until(is_given_up)


@pytest.mark.parametrize("end", [answered_early, reset_early, canceled, closed, stalled])
def test_a_part_that_ends_in_the_middle_holds_nothing_and_gives_nothing_back(
    rig: Rig, store: Store, direct: Direct,
    end: Callable[[socket.socket, Rig, Direct, Asked], None],
) -> None:  # fmt: skip
    lent = Lent(LARGE)
    asked = rig.ask(direct, lent.request)
    peer = store.accept()
    read_head(peer)
    end(peer, rig, direct, asked)
    error = asked.wait()
    failure = failure_of(lent.request, error, is_expired=False).failure
    assert failure is not None
    if end is answered_early:
        assert isinstance(error, Refused)
    else:
        assert failure.is_unknown
    until(lambda: not direct._connections)
    assert lent.given_back == 0
    del asked, error, lent.request
    gc.collect()  # an `Asked` and its exchange know each other
    lent.assert_held_by_nobody()


def test_a_part_whose_idle_connection_is_gone_goes_whole_over_another() -> None:
    """Nobody waits on this poller: the send itself meets the end."""
    poller, store = Poller(), Store()
    rig = Rig(poller)
    direct = rig.open(store.address)

    def step() -> None:
        poller.wake()
        for tell in poller.wait():
            tell()

    def answered(asked: Asked) -> bool:
        step()
        return bool(asked.ends)

    try:
        first = rig.ask(direct)
        step()
        peer = store.accept()
        serve(peer)
        until(lambda: answered(first))
        reset(peer)
        lent = Lent(LARGE)
        again = rig.ask(direct, lent.request)
        step()
        peer = store.accept()
        with polling_too(poller):
            assert serve(peer) == LARGE
            assert again.wait() is None
        assert lent.given_back == 1
    finally:
        rig.close()
        poller.close()
        store.close()


class Line:
    """Stands for a link: takes what it is told to, and keeps the sizes of what it was offered."""

    def __init__(self, *rooms: int) -> None:
        self.rooms, self.offered, self.taken = list(rooms), list[int](), bytearray()
        self.fd = -1

    def send(self, piece: memoryview) -> int:
        self.offered.append(len(piece))
        count = min(len(piece), self.rooms.pop(0) if self.rooms else len(piece))
        self.taken += piece[:count]
        return count


def test_what_did_not_leave_is_offered_again_as_it_was() -> None:
    """TLS asks for it: it has begun to encrypt these bytes."""
    line = Line(9, 0, 0)
    outgoing = Outgoing(b"head     ", BodyView(bytearray(LARGE)))
    while outgoing:
        outgoing.send(line)  # type: ignore[arg-type]
    assert line.taken == b"head     " + LARGE
    assert len(set(line.offered[1:4])) == 1


def test_no_piece_is_so_large_that_a_slow_line_seems_to_stand_still() -> None:
    """TLS tells of no part of a piece, and after 30 s without news the line is given up."""
    line = Line()
    outgoing = Outgoing(b"head", LARGE)
    while outgoing:
        outgoing.send(line)  # type: ignore[arg-type]
    assert max(line.offered) <= 30 * 44 * 1024  # slower ones meet the deadline of a part


def test_a_line_that_takes_everything_leaves_others_their_turn(rig: Rig, store: Store) -> None:
    direct = rig.open(store.address)
    asked = rig.ask(direct)
    serve(store.accept())
    assert asked.wait() is None
    (connection,) = direct._connections
    assert connection._link is not None
    line = Line()
    line.fd = connection._link.fd
    connection._unsent = Outgoing(b"head", LARGE)
    wants_room = []
    with connection._lock:
        while connection._unsent:
            connection._flush(line)  # type: ignore[arg-type]
            wants_room.append(connection._is_for_room)
            assert len(line.taken) <= len(wants_room) * (TURN_BYTES + TURN_BYTES // 4)
    assert wants_room == [True] * (len(wants_room) - 1) + [False], "nobody would send the rest"
    assert bytes(line.taken) == b"head" + LARGE


# --- cancel and close ---------------------------------------------------------------------------


States = Callable[[Rig, Store, Address], tuple[Direct, Asked, "socket.socket | None"]]


def in_connecting(
    rig: Rig, store: Store, hole: Address
) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(hole)
    return direct, rig.ask(direct), None


def in_handshake(
    rig: Rig, store: Store, hole: Address
) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(store.address, endpoint=Endpoint(True, "store.example", "us-east-1"))
    asked = rig.ask(direct)
    peer = store.accept()
    assert peer.recv(5)[:1] == b"\x16"  # the first of a client's greeting
    return direct, asked, peer


def in_sending(rig: Rig, store: Store, hole: Address) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(store.address)
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept()
    read_head(peer)
    return direct, asked, peer


def in_waiting(rig: Rig, store: Store, hole: Address) -> tuple[Direct, Asked, socket.socket | None]:
    direct = rig.open(store.address)
    asked = rig.ask(direct)
    peer = store.accept()
    read_request(peer)
    peer.sendall(OK[:20])
    return direct, asked, peer


@pytest.mark.parametrize("state", [in_connecting, in_handshake, in_sending, in_waiting])
@pytest.mark.parametrize("is_close", [False, True], ids=["cancel", "close"])
def test_a_cancel_tells_once_and_lets_go_in_every_state(
    rig: Rig, store: Store, black_hole: Address, state: States, is_close: bool
) -> None:
    direct, asked, peer = state(rig, store, black_hole)
    assert asked.begun is not None
    for _ in range(2):
        direct.close() if is_close else asked.begun.cancel()
    assert asked.broken.name == "AWS_ERROR_S3_CANCELED"
    assert asked.is_unknown is (state in {in_sending, in_waiting})
    assert not direct._connections
    if peer is not None:
        assert_closed_by_client(peer)


def test_a_line_on_which_nothing_moves_is_given_up_and_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, direct: Direct
) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    head, body = read_request(peer)
    (connection,) = direct._connections
    sent = len(head) + len(b"\r\n\r\n") + len(body)
    until(lambda: connection.moved == sent)  # it counts a little later than the store reads
    direct.expire(rig.now)
    direct.expire(rig.now + 29)
    assert not asked.ends
    peer.sendall(OK[:20])
    until(lambda: connection.moved == sent + 20)
    direct.expire(rig.now + 30)
    direct.expire(rig.now + 59)
    assert not asked.ends
    direct.expire(rig.now + 60)
    assert asked.broken.name == "AWS_ERROR_HTTP_CHANNEL_THROUGHPUT_FAILURE"
    assert asked.is_unknown
    assert_closed_by_client(peer)


def test_a_request_on_a_line_that_was_idle_has_time_of_its_own(
    rig: Rig, store: Store, direct: Direct
) -> None:
    first = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert first.wait() is None
    direct.expire(rig.now)
    asked = rig.ask(direct)
    direct.expire(rig.now + 31)
    assert not asked.ends
    serve(peer)
    assert asked.wait() is None


def test_a_cancel_after_the_answer_does_nothing(rig: Rig, store: Store, direct: Direct) -> None:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert asked.wait() is None
    assert asked.begun is not None
    asked.begun.cancel()
    assert len(direct._idle) == 1
    assert len(asked.ends) == 1


def test_a_late_cancel_spares_the_next_request_on_the_connection(
    rig: Rig, store: Store, direct: Direct
) -> None:
    first = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert first.wait() is None
    second = rig.ask(direct)
    assert first.begun is not None
    first.begun.cancel()
    serve(peer)
    assert second.wait() is None


def test_a_connection_that_becomes_idle_after_the_close_is_closed(
    rig: Rig, store: Store, direct: Direct
) -> None:
    """A request that began in the middle of it is in no list that `close` has seen."""
    asked = rig.ask(direct)
    peer = store.accept()
    direct._is_closed = True
    serve(peer)
    assert asked.wait() is None
    assert_closed_by_client(peer)
    assert not direct._connections


def test_after_the_close_nothing_is_taken_nor_looked_up(rig: Rig, store: Store) -> None:
    direct = rig.open(store.address)
    direct.close()
    assert not direct.takes(PUT)
    rig.now += 1000
    direct._addresses._look_up = pytest.fail  # type: ignore[assignment]
    direct.prepare()


@pytest.mark.parametrize("name", ["https_proxy", "HTTP_PROXY", "all_proxy"])
def test_behind_a_proxy_nothing_is_sent_or_looked_up_here(
    rig: Rig, store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    direct = Direct(
        Endpoint(False, "store.example", "us-east-1"), rig.poller,
        clock=lambda: 0.0, wall=lambda: 0.0, look_up=pytest.fail,  # type: ignore[arg-type]
    )  # fmt: skip
    direct.prepare()
    assert not direct.takes(PUT)


def test_an_empty_proxy_is_none(rig: Rig, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "")
    assert rig.open(store.address).takes(PUT)


def test_a_page_of_a_listing_may_be_longer_than_other_answers(
    rig: Rig, direct: Direct, store: Store
) -> None:
    page = b"x" * (3 * MAX_BODY_BYTES)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page)
    asked = rig.ask(direct, HEAD._replace(operation="ListObjectsV2", method="GET"))
    serve(store.accept(), head + page)

    assert asked.wait() is None
    assert b"".join(asked.exchange.chunks) == page


def test_what_may_be_long_or_hide_an_error_is_not_taken(direct: Direct) -> None:
    assert direct.takes(PUT)
    assert direct.takes(HEAD)
    assert direct.takes(PART)
    assert not direct.takes(PUT._replace(operation="CopyObject"))
    assert not direct.takes(HEAD._replace(operation="GetObject", method="GET"))


# --- TLS ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def tls_endpoint(ca: Path | None, *, verify_tls: bool = True) -> Endpoint:
    text = None if ca is None else str(ca)
    return Endpoint(True, "127.0.0.1", "us-east-1", text, "digest", verify_tls)


def test_tls_with_an_authority_carries_large_bodies_and_is_reused(
    rig: Rig, store: Store, authority: Authority
) -> None:
    direct = rig.open(store.address, endpoint=tls_endpoint(authority.certificate))
    asked = rig.ask(direct, PUT_LARGE)
    peer = store.accept(server_context(authority.issue()))
    assert serve(peer) == LARGE
    assert asked.wait() is None
    again = rig.ask(direct)
    assert serve(peer) == b"abc"
    assert again.wait() is None
    peer.close()
    until(lambda: not direct._connections)


@pytest.mark.parametrize("verify_tls", [True, False])
def test_only_an_unverified_self_signed_certificate_is_taken(
    rig: Rig, store: Store, tmp_path: Path, verify_tls: bool
) -> None:
    context = server_context(self_signed(tmp_path))
    missing = tmp_path / "missing.pem"  # not read where nothing is verified
    endpoint = tls_endpoint(None if verify_tls else missing, verify_tls=verify_tls)
    asked = rig.ask(rig.open(store.address, endpoint=endpoint))
    if verify_tls:
        assert_no_handshake(store, context, asked)
    else:
        serve(store.accept(context))
        assert asked.wait() is None


def assert_no_handshake(store: Store, context: ssl.SSLContext, asked: Asked) -> None:
    with suppress(OSError):  # the client says that it trusts nobody there, perhaps later
        store.accept(context).recv(1)
    assert asked.broken.name == "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"
    assert not asked.is_unknown


def test_a_certificate_for_another_host_is_not_taken(
    rig: Rig, store: Store, authority: Authority
) -> None:
    certificate = authority.issue(address="127.0.0.2", name="elsewhere")
    asked = rig.ask(rig.open(store.address, endpoint=tls_endpoint(authority.certificate)))
    assert_no_handshake(store, server_context(certificate), asked)


@pytest.mark.parametrize("end", [socket.socket.close, reset, lambda peer: peer.sendall(b"HTTP/1")])
def test_an_end_in_the_handshake_is_without_doubt(
    rig: Rig, store: Store, authority: Authority, end: Callable[[socket.socket], None]
) -> None:
    asked = rig.ask(rig.open(store.address, endpoint=tls_endpoint(authority.certificate)))
    peer = store.accept()
    assert peer.recv(5)
    end(peer)
    assert asked.broken.is_unsent
    assert not asked.is_unknown


def test_a_handshake_that_hangs_is_given_up_for_the_next_address(
    rig: Rig, store: Store, other: Store, authority: Authority
) -> None:
    endpoint = tls_endpoint(authority.certificate)
    direct = rig.open(store.address, other.address, endpoint=endpoint)
    direct._addresses._turn = 1
    asked = rig.ask(direct)
    peer = store.accept()
    assert peer.recv(5)
    direct.expire(rig.now + 5)
    assert_closed_by_client(peer)
    serve(other.accept(server_context(authority.issue())))
    assert asked.wait() is None


def test_an_end_of_tls_after_the_request_leaves_the_effect_in_doubt(
    rig: Rig, store: Store, authority: Authority
) -> None:
    asked = rig.ask(rig.open(store.address, endpoint=tls_endpoint(authority.certificate)))
    peer = store.accept(server_context(authority.issue()))
    read_request(peer)
    reset(peer)
    assert asked.broken.name in LOST
    assert asked.is_unknown


@pytest.mark.parametrize("host", ["." * 300, "x" * 64])
def test_a_host_that_no_certificate_can_be_for_is_told_as_a_handshake_that_failed(
    rig: Rig, store: Store, host: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ended: list[Ended] = []
    failed: list[Address] = []
    connection = Connection(
        Route((store.address,), context, host, failed.append, failed.append), rig.poller,
        on_idle=lambda _: None, on_close=lambda _: None,
    )  # fmt: skip
    connection.open(0.0)
    assert not connection.send(Outgoing(b"x"), has_body=True, on_end=ended.append)
    assert connection.error is not None
    assert connection.error.name == "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"


def test_a_link_in_tls_has_the_descriptor_that_it_told_from_the_first(
    store: Store, authority: Authority
) -> None:
    """Else a poller would go on with another one's."""
    context = ssl.create_default_context(cafile=authority.certificate)
    link = Link(store.address, context, "127.0.0.1")
    try:
        peer = store.accept()
        until(lambda: link.advance() or not link.wants_room)
        assert link._socket.fileno() == link.fd
        reset(peer)
        with pytest.raises(OSError):
            until(link.advance)
        assert link._socket.fileno() == link.fd
    finally:
        link.close()


# --- the transport, and many at once ------------------------------------------------------------


def sockets() -> set[str]:
    found = set()
    for each in os.listdir("/proc/self/fd"):  # noqa: PTH208 - as below
        with suppress(OSError):
            found.add(os.readlink(f"/proc/self/fd/{each}"))  # noqa: PTH115 - the text
    return {target for target in found if target.startswith("socket:")}


class RudeStore(threading.Thread):
    """Answers, in part or not at all, and hangs up at random; counts nothing, keeps nothing."""

    def __init__(self) -> None:
        super().__init__(name="rude-store", daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.address: Address = (socket.AF_INET, self._listener.getsockname())
        self._open = [self._listener]
        self._is_over = threading.Event()
        self._random = random.Random(1)

    def run(self) -> None:
        import select

        while not self._is_over.is_set():
            for ready in select.select(self._open, [], [], 0.02)[0]:
                self._serve(ready)
        for each in self._open:
            each.close()

    def _serve(self, ready: socket.socket) -> None:
        if ready is self._listener:
            peer, _ = self._listener.accept()
            peer.settimeout(5)
            self._open.append(peer)
            return
        try:
            self._answer(ready)
        except (OSError, AssertionError):
            self._open.remove(ready)
            ready.close()

    def _answer(self, peer: socket.socket) -> None:
        read_request(peer)
        chance = self._random.random()
        if chance < 0.6:
            peer.sendall(OK)
        elif chance < 0.7:
            peer.sendall(CLOSING)
            raise OSError
        elif chance < 0.8:
            peer.sendall(OK + b"x")
        elif chance < 0.9:
            peer.sendall(OK[: self._random.randrange(len(OK))])
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
            raise OSError
        else:
            raise OSError

    def end(self) -> None:
        self._is_over.set()
        self.join(10)


def test_many_threads_are_told_once_each_and_nothing_is_left() -> None:
    before = sockets()
    rude = RudeStore()
    rude.start()
    host = f"127.0.0.1:{rude.address[1][1]}"
    with polling() as poller, polling_too(poller):
        transport = Transport(
            Endpoint(False, host, "us-east-1"), credentials=lambda: STATIC, window=Window(32),
            max_connections=32, clock=lambda: 0.0, poller=poller, wall=lambda: 1e9,
        )  # fmt: skip
        told: list[list[Reply]] = []
        senders = [
            threading.Thread(target=send_many, args=(transport, told, seed)) for seed in range(6)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(30)
        assert transport.close(10)
        until(lambda: all(told), what="each request is told")
        assert {len(replies) for replies in told} == {1}
        assert not transport._live
        assert not poller._owners
    rude.end()
    until(lambda: sockets() <= before, what="no socket is left")


def send_many(transport: Transport, told: list[list[Reply]], seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        mine: list[Reply] = []
        told.append(mine)
        large = bytearray(LARGE[:200_000])
        body = BodyView(large, on_read=large.clear) if chance.random() < 0.1 else b"abc"
        transport.send(PUT._replace(body=body))(mine.append)
        if chance.random() < 0.1:
            for _, begun in list(transport._live.values()):
                if begun is not None:
                    begun.cancel()
        elif chance.random() < 0.8:
            until(lambda mine=mine: mine)  # type: ignore[misc]


class polling_too:  # noqa: N801 - a context manager, as `polling`
    """A second thread that waits on the same poller, as workers take turns."""

    def __init__(self, poller: Poller) -> None:
        self._poller, self._is_over = poller, threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def _wait(self) -> None:
        while not self._is_over.is_set():
            for tell in self._poller.wait():
                tell()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()

        def ended() -> bool:
            self._poller.wake()  # the other one may take it
            self._thread.join(0.01)
            return not self._thread.is_alive()

        until(ended)
