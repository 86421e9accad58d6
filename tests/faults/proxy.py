"""A relay on loopback between the daemon and an S3 server: it counts, delays, loses and breaks.

It passes the bytes on unchanged, so that signatures stay valid, and speaks TLS where it is given a
certificate. What it does wrong is a rule for the next requests that match (methods named after
faults), a state of the whole (`down`, `refuse`, `freeze`, ended by `up`), or a habit of every
connection (`idle_seconds`, `requests_per_connection`). Needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.pair import Pair
from tests.faults.rules import Rules
from tests.faults.streams import BrokenOffError, Stream, reset

__all__ = ["Certificate", "Proxy", "fault_proxy"]

Certificate = tuple[Path, Path]
"""A certificate (with its chain) and its key: PEM files."""

_BACKLOG = 512


@dataclass
class Proxy(Rules):
    """The relay, with the rules that it follows.

    Attributes:
        connections: accepted so far.
        most_open: the most that were open at once.
        handshakes_failed: peers that did not like the certificate, or spoke no TLS.
    """

    upstream: tuple[str, int]
    endpoint: str = ""
    connections: int = 0
    most_open: int = 0
    handshakes_failed: int = 0
    _is_down: bool = False
    _is_stopping: threading.Event = field(default_factory=threading.Event)
    _flow: threading.Event = field(default_factory=threading.Event)
    _is_parked: threading.Event = field(default_factory=threading.Event)
    _clients: set[socket.socket] = field(default_factory=set)
    _servers: set[socket.socket] = field(default_factory=set)
    _listener: socket.socket | None = None
    _fillers: list[socket.socket] = field(default_factory=list)
    _tls: ssl.SSLContext | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests.clear()
        self.most_open = len(self._clients)

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._clients)

    # --- states of the whole -------------------------------------------------------------------

    def down(self) -> None:
        """Reset connections as soon as they come, and those that are open."""
        self._is_down = True
        self._cut_all()

    def refuse(self) -> None:
        """Listen no more, so that connections are refused; reset those that are open."""
        assert self._listener is not None
        self._is_down = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._cut_all()

    def freeze(self) -> None:
        """Be a black hole: nothing is answered, on no connection, and none can be made."""
        assert self._listener is not None
        self._flow.clear()
        self._listener.listen(0)
        # The first is taken by the thread that accepts, which then waits; the second fills the
        # queue of connections not accepted; after that every SYN is lost. Where a client was
        # quicker its connections do the same, and ours are the lost ones.
        self._fill()
        assert self._is_parked.wait(10)
        self._fill()

    def _fill(self) -> None:
        assert self._listener is not None
        filler = socket.socket(self._listener.family)
        filler.setblocking(False)
        self._fillers.append(filler)
        filler.connect_ex(self._listener.getsockname())  # does not wait for it

    def up(self) -> None:
        """Be there again, after `down`, `refuse` or `freeze`."""
        assert self._listener is not None
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        self._is_down = False
        self._listener.listen(_BACKLOG)
        self._is_parked.clear()
        self._flow.set()

    def present(self, certificate: Certificate) -> None:
        """Show another certificate from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self._tls = context

    def cut(self) -> None:
        """Reset the connections that are open."""
        self._cut_all()

    def _cut_all(self) -> None:
        for one in [*self._clients, *self._servers]:
            reset(one)

    # --- serving ----------------------------------------------------------------------------

    def _start(self, certificate: Certificate | None) -> None:
        self._flow.set()
        self._listener = _listener()
        scheme = "https" if certificate else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        if certificate:
            self.present(certificate)
        thread = threading.Thread(target=self._accept, name="fault-proxy", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _stop(self) -> None:
        assert self._listener is not None
        self._is_stopping.set()
        self.let_go()
        self.up()  # wakes who waits in accept, or for the flow
        with contextlib.suppress(OSError), socket.create_connection(self._listener.getsockname()):
            pass
        self._cut_all()
        for thread in list(self._threads):
            thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        assert self._listener is not None
        while not self._is_stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:  # it refuses
                self._is_stopping.wait(0.02)
                continue
            if not self._flow.is_set():
                self._is_parked.set()
                self._flow.wait()
            if self._is_down or self._is_stopping.is_set():
                reset(client)
                continue
            self.connections += 1
            thread = threading.Thread(
                target=self._serve,
                args=(client, self.connections),
                name="fault-proxy-connection",
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)

    def _serve(self, client: socket.socket, number: int) -> None:
        server: socket.socket | None = None
        self._clients.add(client)
        self.most_open = max(self.most_open, len(self._clients))
        try:
            client = self._secured(client)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.create_connection(self.upstream)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._servers.add(server)
            streams = Stream(client, self._gate), Stream(server, self._gate)
            Pair(*streams, number, self, self._is_stopping).serve()
        except (OSError, BrokenOffError):
            pass
        finally:
            self._clients.discard(client)
            if server is not None:
                self._servers.discard(server)
                server.close()
            with contextlib.suppress(OSError):
                client.close()

    def _secured(self, client: socket.socket) -> socket.socket:
        context = self._tls
        if context is None:
            return client
        # The plain one is detached by this.
        wrapped = context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        self._clients.discard(client)
        self._clients.add(wrapped)
        try:
            wrapped.do_handshake()
        except OSError:
            self.handshakes_failed += 1
            self._clients.discard(wrapped)
            wrapped.close()
            raise
        return wrapped

    def _gate(self) -> None:
        """Wait while the network is frozen."""
        self._flow.wait()


def _listener() -> socket.socket:
    """Listen on a free port that is bound by its number: only then it survives `refuse`."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as found:
            address = found.getsockname()
        with contextlib.suppress(OSError):
            return socket.create_server(address, backlog=_BACKLOG)


@contextlib.contextmanager
def fault_proxy(endpoint: str, *, certificate: Certificate | None = None) -> Iterator[Proxy]:
    """Run a relay in front of `endpoint` (http://host:port); with a certificate it speaks TLS."""
    parts = urlsplit(endpoint)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy((parts.hostname, parts.port))
    proxy._start(certificate)
    try:
        yield proxy
    finally:
        proxy._stop()
