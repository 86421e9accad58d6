"""Direct connections with a clock of their own, and a store whose side the test plays."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

from s3syncd.s3.answer import failure_of
from s3syncd.s3.connection import Broken
from s3syncd.s3.direct import Direct
from s3syncd.s3.exchange import Begun, Exchange
from s3syncd.s3.link import Address
from s3syncd.s3.poller import Poller
from s3syncd.s3.signing import Signer
from s3syncd.s3.wire import Endpoint, Frozen, WireRequest
from tests.waiting import until, within

__all__ = [
    "ABRUPT",
    "CLOSING",
    "HEAD",
    "LARGE",
    "LOST",
    "OK",
    "PART",
    "PUT",
    "PUT_LARGE",
    "STATIC",
    "Asked",
    "Rig",
    "Store",
    "assert_closed_by_client",
    "ended_connection",
    "idle_connection",
    "polling_too",
    "read_head",
    "read_request",
    "reset",
    "serve",
    "server_context",
    "tls_endpoint",
]

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

    def step(self) -> None:
        """Tell what has happened by now, where nobody waits on the poller."""
        self.poller.wake()
        for tell in self.poller.wait():
            tell()

    def is_told(self, asked: Asked) -> bool:
        """Step, and see whether a request is told its end."""
        self.step()
        return bool(asked.ends)

    def close(self) -> None:
        for direct in self._opened:
            direct.close()
        assert [direct._connections for direct in self._opened] == [{}] * len(self._opened)
        assert not any(direct._idle for direct in self._opened)
        assert not self.poller._owners, "a poller watches what is closed"


def idle_connection(rig: Rig, store: Store, direct: Direct) -> socket.socket:
    asked = rig.ask(direct)
    peer = store.accept()
    serve(peer)
    assert asked.wait() is None
    assert len(direct._idle) == 1
    return peer


def ended_connection(alone: Rig, store: Store, direct: Direct) -> None:
    """Have an idle connection that the store has reset, of which nobody was told."""
    asked = alone.ask(direct)
    alone.step()
    peer = store.accept()
    serve(peer)
    until(lambda: alone.is_told(asked))
    reset(peer)


def tls_endpoint(ca: Path | None, *, verify_tls: bool = True) -> Endpoint:
    text = None if ca is None else str(ca)
    return Endpoint(True, "127.0.0.1", "us-east-1", text, "digest", verify_tls)


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


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
