"""A relay on loopback between the daemon and an S3 server: it counts, delays, loses and breaks.

It passes the bytes on unchanged, so that signatures stay valid, and speaks TLS where it is given a
certificate. What it does wrong is a rule for the next requests that match (methods named after
faults), a state of the whole (`down`, `refuse`, `freeze`, ended by `up`), or a habit of every
connection (`idle_seconds`, `requests_per_connection`). Needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tests.faults.streams import BrokenOffError, Stream, copy_body, header, reset

__all__ = ["Certificate", "Proxy", "Request", "Rule", "fault_proxy"]

Certificate = tuple[Path, Path]
"""A certificate (with its chain) and its key: PEM files."""

_BACKLOG = 512
_HOLD_SECONDS = 60.0  # the longest that `hold` waits for its event
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code>'
    "<Message>{code}</Message></Error>"
)


class Request(NamedTuple):
    """One request that reached the relay; `access_key` is the one that it was signed with.

    `connection` numbers the connections as they were accepted; `fault` names the rule it met.
    """

    method: str
    target: str
    length: int
    access_key: str = ""
    connection: int = 0
    fault: str = ""

    @property
    def path(self) -> str:
        """The path, unquoted: /bucket/key."""
        return unquote(urlsplit(self.target).path)

    @property
    def is_put(self) -> bool:
        """Whether it sends an object's bytes."""
        return self.method == "PUT"


@dataclass
class Rule:
    """What is done to the next `left` requests that match.

    `reached` is set by the first; `is_answered` when it got the part of an answer that is due.
    """

    fault: str
    method: str
    contains: str
    left: int
    amount: int = 0
    code: str = ""
    seconds: float = 0.0
    event: threading.Event | None = None
    reached: threading.Event = field(default_factory=threading.Event)
    is_answered: threading.Event = field(default_factory=threading.Event)

    def matches(self, request: Request) -> bool:
        """Whether the rule is about this request, and not used up."""
        is_same = request.method.startswith(self.method) and self.contains in request.target
        return is_same and self.left > 0


@dataclass
class Proxy:
    """The relay; the methods named after faults add a rule for requests that come from now on.

    Attributes:
        idle_seconds: a connection that rests for so long is closed; None: never.
        requests_per_connection: after so many answers a connection is closed, unannounced; 0:
            never.
        connections: accepted so far.
        most_open: the most that were open at once.
        handshakes_failed: peers that did not like the certificate, or spoke no TLS.
    """

    upstream: tuple[str, int]
    endpoint: str = ""
    requests: list[Request] = field(default_factory=list)
    idle_seconds: float | None = None
    requests_per_connection: int = 0
    connections: int = 0
    most_open: int = 0
    handshakes_failed: int = 0
    _rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
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

    # --- what was seen ------------------------------------------------------------------------

    def seen(self, method: str = "", contains: str = "") -> list[Request]:
        """Give the requests so far that match."""
        return [
            r for r in list(self.requests) if r.method.startswith(method) and contains in r.target
        ]

    def met(self, fault: str) -> list[Request]:
        """Give the requests so far that met a fault."""
        return [r for r in list(self.requests) if r.fault == fault]

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests.clear()
        self.most_open = len(self._clients)

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._clients)

    # --- faults of single requests -------------------------------------------------------------

    def reset_after(
        self, body_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Reset the connection after so many bytes of the request's body."""
        return self._add(Rule("reset", method, contains, times, amount=body_bytes))

    def hang_up(self, *, method: str = "", contains: str = "", times: int = 1) -> Rule:
        """Close the connection in good order (FIN) when the request is read; it goes nowhere."""
        return self._add(Rule("hang_up", method, contains, times))

    def lose_response(self, *, method: str = "", contains: str = "", times: int = 1) -> Rule:
        """Let the server carry it out, and close without an answer."""
        return self._add(Rule("lose", method, contains, times))

    def truncate(
        self, answer_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Let the server carry it out, and break off after so many bytes of the answer's body."""
        return self._add(Rule("truncate", method, contains, times, amount=answer_bytes))

    def answer(
        self, status: int, code: str, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Answer with an S3 error instead of the server."""
        return self._add(Rule("answer", method, contains, times, amount=status, code=code))

    def garble(self, *, method: str = "", contains: str = "", times: int = 1) -> Rule:
        """Answer with something that is not HTTP."""
        return self._add(Rule("garble", method, contains, times))

    def hold(
        self, event: threading.Event, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Pass the request on when the event is set; `reached` of the rule tells that it came."""
        return self._add(Rule("hold", method, contains, times, event=event))

    def delay(
        self, seconds: float, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Pass the request on after so many seconds."""
        return self._add(Rule("delay", method, contains, times, seconds=seconds))

    def stall_request(
        self, body_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Read so many bytes of the request's body, and nothing any more; the server gets none."""
        return self._add(Rule("stall_request", method, contains, times, amount=body_bytes))

    def stall_answer(
        self, answer_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Let the server carry it out, send head and so many bytes of the body, and rest.

        With -1 not even the head is sent.
        """
        return self._add(Rule("stall_answer", method, contains, times, amount=answer_bytes))

    def clear(self) -> None:
        """Drop every rule and habit; what rests already does so until its peer leaves."""
        with self._lock:
            self._rules.clear()
        self.idle_seconds = None
        self.requests_per_connection = 0

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

    def _add(self, rule: Rule) -> Rule:
        with self._lock:
            self._rules.append(rule)
        return rule

    def _rule_for(self, request: Request) -> Rule | None:
        with self._lock:
            rule = next((one for one in self._rules if one.matches(request)), None)
            self.requests.append(request._replace(fault=rule.fault if rule else ""))
            if rule is not None:
                rule.left -= 1
                rule.reached.set()
        return rule

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
        with self._lock:
            for rule in self._rules:
                if rule.event is not None:
                    rule.event.set()
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
            pair = _Pair(self, Stream(client, self._gate), Stream(server, self._gate), number)
            pair.serve()
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


class _Pair:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy: Proxy, client: Stream, server: Stream, number: int) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._number = number

    def serve(self) -> None:
        """Pass requests on until either side has enough."""
        answered = 0
        while True:
            self._client.socket.settimeout(self._proxy.idle_seconds)
            head = self._client.head()
            if head is None:
                return
            self._client.socket.settimeout(None)
            if not self._exchange(head):
                return
            answered += 1
            if answered == self._proxy.requests_per_connection:
                return

    def _exchange(self, head: bytes) -> bool:
        """Pass one request and its answer on; whether the connection may go on."""
        request = _request_of(head, self._number)
        rule = self._proxy._rule_for(request)
        fault = rule.fault if rule else ""
        if rule is not None and fault in _BEFORE:
            return _BEFORE[fault](self, rule, request)
        if fault == "hold" and rule is not None and rule.event is not None:
            rule.event.wait(_HOLD_SECONDS)
        elif fault == "delay" and rule is not None:
            self._proxy._is_stopping.wait(rule.seconds)
        self._forward(head, request)
        if rule is not None and fault in {"lose", "truncate", "stall_answer"}:
            return self._cut(rule, request)
        return self._pass_answer(request.method)

    def _forward(self, head: bytes, request: Request) -> None:
        if header(head, b"expect"):
            self._client.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = re.sub(rb"\r\nexpect:[^\r]*", b"", head, flags=re.IGNORECASE)
        self._server.socket.sendall(head)
        self._client.copy(request.length, self._server.socket)

    def _reset(self, rule: Rule, request: Request) -> bool:
        self._client.skip(min(rule.amount, request.length))
        reset(self._client.socket)
        return False

    def _hang_up(self, _rule: Rule, request: Request) -> bool:
        self._client.skip(request.length)
        return False

    def _answer(self, rule: Rule, request: Request) -> bool:
        self._client.skip(request.length)
        body = b"" if request.method == "HEAD" else _ERROR.format(code=rule.code).encode()
        self._client.socket.sendall(
            f"HTTP/1.1 {rule.amount} Told\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        return True

    def _garble(self, _rule: Rule, request: Request) -> bool:
        self._client.skip(request.length)
        self._client.socket.sendall(b"\x16\x03\x01 what you asked, I do not know\r\n\r\n")
        return False

    def _stall_request(self, rule: Rule, request: Request) -> bool:
        self._client.skip(min(rule.amount, request.length))
        self._rest()
        return False

    def _rest(self) -> None:
        """Do nothing until the peer has left; what it sends meanwhile is not read."""
        while not self._proxy._is_stopping.wait(0.05):
            if self._has_left():
                return

    def _has_left(self) -> bool:
        # States of tcp(7): what is not ESTABLISHED (1) has got a FIN or RST, also behind bytes
        # that nobody reads.
        try:
            state = self._client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        except OSError:
            return True
        return state != 1

    def _cut(self, rule: Rule, request: Request) -> bool:
        head = self._server.head()
        while head is not None and head.startswith(b"HTTP/1.1 100"):
            head = self._server.head()
        if head is None:
            return False
        body = bytearray()
        # Whole, so that the server has surely carried it out.
        copy_body(self._server, head, request.method, body)
        if rule.fault == "lose":
            reset(self._client.socket)
            return False
        if rule.amount >= 0:
            self._client.socket.sendall(head + body[: rule.amount])
            rule.is_answered.set()
        if rule.fault == "stall_answer":
            self._rest()
        else:
            self._client.socket.shutdown(socket.SHUT_RDWR)
        return False

    def _pass_answer(self, method: str) -> bool:
        head = self._server.head()
        while head is not None and head.startswith(b"HTTP/1.1 100"):
            head = self._server.head()
        if head is None:
            return False
        self._client.socket.sendall(head)
        is_measured = copy_body(self._server, head, method, self._client.socket)
        return is_measured and (header(head, b"connection") or b"").lower() != b"close"


_BEFORE: dict[str, Callable[[_Pair, Rule, Request], bool]] = {
    "reset": _Pair._reset,
    "hang_up": _Pair._hang_up,
    "answer": _Pair._answer,
    "garble": _Pair._garble,
    "stall_request": _Pair._stall_request,
}


def _request_of(head: bytes, connection: int) -> Request:
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    length = int(header(head, b"content-length") or 0)
    credential = re.search(rb"Credential=([^/,]*)/", head)
    who = credential[1].decode() if credential else ""
    return Request(method, target, length, who, connection)


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
