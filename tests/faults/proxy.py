"""A relay on loopback between the daemon and an S3 server: it counts, delays, loses and breaks.

It speaks just enough HTTP/1.1 to see where a request and an answer end, and passes the bytes on
unchanged, so that signatures stay valid.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

__all__ = ["Proxy", "Request", "fault_proxy"]

_CHUNK_BYTES = 256 * 1024
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code>'
    "<Message>{code}</Message></Error>"
)
_LINGER_ZERO = struct.pack("ii", 1, 0)  # close() then sends RST instead of FIN


class Request(NamedTuple):
    """One request that reached the relay; `access_key` is the one that it was signed with."""

    method: str
    target: str
    length: int
    access_key: str = ""

    @property
    def path(self) -> str:
        """The path, unquoted: /bucket/key."""
        return unquote(urlsplit(self.target).path)

    @property
    def is_put(self) -> bool:
        """Whether it sends an object's bytes."""
        return self.method == "PUT"


@dataclass
class _Rule:
    fault: str
    matches: Callable[[Request], bool]
    left: int
    amount: int = 0
    code: str = ""
    event: threading.Event | None = None
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass
class Proxy:
    """The relay; the methods named after faults add a rule for requests that come from now on."""

    upstream: tuple[str, int]
    endpoint: str = ""
    requests: list[Request] = field(default_factory=list)
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_down: bool = False
    _open: set[socket.socket] = field(default_factory=set)
    _listener: socket.socket | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def seen(self, method: str = "", contains: str = "") -> list[Request]:
        """Give the requests so far that match."""
        return [
            r for r in list(self.requests) if r.method.startswith(method) and contains in r.target
        ]

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests.clear()

    def reset_after(
        self, body_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> _Rule:
        """Reset the connection after so many bytes of the request's body."""
        return self._add("reset", method, contains, times, amount=body_bytes)

    def lose_response(self, *, method: str = "", contains: str = "", times: int = 1) -> _Rule:
        """Let the server carry it out, and close without an answer."""
        return self._add("lose", method, contains, times)

    def truncate(
        self, answer_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> _Rule:
        """Let the server carry it out, and break off after so many bytes of the answer's body."""
        return self._add("truncate", method, contains, times, amount=answer_bytes)

    def answer(
        self, status: int, code: str, *, method: str = "", contains: str = "", times: int = 1
    ) -> _Rule:
        """Answer with an S3 error instead of the server."""
        return self._add("answer", method, contains, times, amount=status, code=code)

    def hold(
        self, event: threading.Event, *, method: str = "", contains: str = "", times: int = 1
    ) -> _Rule:
        """Pass the request on when the event is set; `reached` of the rule tells that it came."""
        return self._add("hold", method, contains, times, event=event)

    def clear(self) -> None:
        """Drop every rule."""
        with self._lock:
            self._rules.clear()

    def down(self) -> None:
        """Refuse connections, and reset those that are open."""
        self._is_down = True
        for one in list(self._open):
            _reset(one)

    def up(self) -> None:
        """Be there again."""
        self._is_down = False

    def _add(
        self,
        fault: str,
        method: str,
        contains: str,
        times: int,
        *,
        amount: int = 0,
        code: str = "",
        event: threading.Event | None = None,
    ) -> _Rule:
        def matches(request: Request) -> bool:
            return request.method.startswith(method) and contains in request.target

        rule = _Rule(fault, matches, times, amount, code, event)
        with self._lock:
            self._rules.append(rule)
        return rule

    def _rule_for(self, request: Request) -> _Rule | None:
        with self._lock:
            self.requests.append(request)
            for rule in self._rules:
                if rule.left > 0 and rule.matches(request):
                    rule.left -= 1
                    rule.reached.set()
                    return rule
        return None

    # --- serving ----------------------------------------------------------------------------

    def _start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        thread = threading.Thread(target=self._accept, name="fault-proxy", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _stop(self) -> None:
        assert self._listener is not None
        self._is_down = True
        with self._lock:
            for rule in self._rules:
                if rule.event is not None:
                    rule.event.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._open):
            _reset(one)
        for thread in list(self._threads):
            thread.join(5)

    def _accept(self) -> None:
        assert self._listener is not None
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_down:
                _reset(client)
                continue
            self._open.add(client)
            thread = threading.Thread(
                target=self._serve, args=(client,), name="fault-proxy-connection", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.create_connection(self.upstream)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(server)
            incoming, outgoing = _Stream(client), _Stream(server)
            while self._exchange(incoming, outgoing):
                pass
        except (OSError, _BrokenOffError):
            pass
        finally:
            for one in filter(None, (client, server)):
                self._open.discard(one)
                with contextlib.suppress(OSError):
                    one.close()

    def _exchange(self, client: _Stream, server: _Stream) -> bool:
        """Pass one request and its answer on; whether the connection may go on."""
        head = client.head()
        if head is None:
            return False
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        length = int(_header(head, b"content-length") or 0)
        credential = re.search(rb"Credential=([^/,]*)/", head)
        who = credential[1].decode() if credential else ""
        rule = self._rule_for(Request(method, target, length, who))
        fault = rule.fault if rule else ""
        if fault == "reset" and rule is not None:
            client.skip(min(rule.amount, length))
            _reset(client.socket)
            return False
        if fault == "hold" and rule is not None and rule.event is not None:
            rule.event.wait(60)
        if _header(head, b"expect"):
            client.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = re.sub(rb"\r\nexpect:[^\r]*", b"", head, flags=re.IGNORECASE)
        if fault == "answer" and rule is not None:
            client.skip(length)
            _send_error(client.socket, rule, is_head=method == "HEAD")
            return True
        server.socket.sendall(head)
        client.copy(length, server.socket)
        if fault in {"lose", "truncate"} and rule is not None:
            return self._cut(client, server, rule, method)
        return _pass_answer(server, client, method)

    def _cut(self, client: _Stream, server: _Stream, rule: _Rule, method: str) -> bool:
        head = server.head()
        if head is None:
            return False
        kept = rule.amount if rule.fault == "truncate" else None
        if kept is None:
            # Whole, so that the server has surely carried it out.
            _copy_body(server, head, method, None)
        else:
            client.socket.sendall(head)
            body = bytearray()
            _copy_body(server, head, method, body)
            client.socket.sendall(body[:kept])
        _reset(client.socket) if kept is None else client.socket.shutdown(socket.SHUT_RDWR)
        return False


class _BrokenOffError(Exception):
    """The peer left in the middle."""


class _Stream:
    """A socket with what was read too much."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._rest = bytearray()

    def head(self) -> bytes | None:
        """Read up to the empty line; None when the peer left before."""
        while True:
            end = self._rest.find(b"\r\n\r\n")
            if end >= 0:
                head = bytes(self._rest[: end + 4])
                del self._rest[: end + 4]
                return head
            if not self._more():
                return None

    def line(self) -> bytes:
        """Read a line with its end."""
        while (end := self._rest.find(b"\r\n")) < 0:
            if not self._more():
                raise _BrokenOffError
        line = bytes(self._rest[: end + 2])
        del self._rest[: end + 2]
        return line

    def copy(self, length: int, to: socket.socket | bytearray | None) -> None:
        """Pass on exactly so many bytes; None throws them away."""
        left = length
        while left:
            if not self._rest and not self._more():
                raise _BrokenOffError
            chunk = bytes(self._rest[:left])
            del self._rest[: len(chunk)]
            left -= len(chunk)
            if isinstance(to, bytearray):
                to += chunk
            elif to is not None:
                to.sendall(chunk)

    def skip(self, length: int) -> None:
        """Read and forget."""
        self.copy(length, None)

    def to_the_end(self, to: socket.socket | bytearray | None) -> None:
        """Pass on until the peer leaves."""
        while self._rest or self._more():
            self.copy(len(self._rest), to)

    def _more(self) -> bool:
        chunk = self.socket.recv(_CHUNK_BYTES)
        self._rest += chunk
        return bool(chunk)


def _pass_answer(server: _Stream, client: _Stream, method: str) -> bool:
    head = server.head()
    while head is not None and head.startswith(b"HTTP/1.1 100"):
        head = server.head()
    if head is None:
        return False
    client.socket.sendall(head)
    is_measured = _copy_body(server, head, method, client.socket)
    return is_measured and (_header(head, b"connection") or b"").lower() != b"close"


def _copy_body(
    server: _Stream, head: bytes, method: str, to: socket.socket | bytearray | None
) -> bool:
    """Pass the body of an answer on; whether the connection can be used again."""
    status = int(head.split(b" ", 2)[1])
    if method == "HEAD" or status in {204, 304}:
        return True
    if (_header(head, b"transfer-encoding") or b"").lower() == b"chunked":
        _copy_chunks(server, to)
        return True
    length = _header(head, b"content-length")
    if length is None:
        server.to_the_end(to)
        return False
    server.copy(int(length), to)
    return True


def _copy_chunks(server: _Stream, to: socket.socket | bytearray | None) -> None:
    while True:
        line = server.line()
        size = int(line.split(b";")[0], 16)
        whole = bytearray(line)
        server.copy(size, whole)
        whole += server.line()
        if isinstance(to, bytearray):
            to += whole
        elif to is not None:
            to.sendall(whole)
        if not size:
            return


def _header(head: bytes, name: bytes) -> bytes | None:
    found = re.search(rb"\r\n" + name + rb":[ \t]*([^\r]*)", head, re.IGNORECASE)
    return found[1] if found else None


def _send_error(client: socket.socket, rule: _Rule, *, is_head: bool) -> None:
    body = b"" if is_head else _ERROR.format(code=rule.code).encode()
    length = len(body)
    client.sendall(
        f"HTTP/1.1 {rule.amount} Told\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {length}\r\n\r\n".encode()
        + body
    )


def _reset(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        sock.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sock.close()


@contextlib.contextmanager
def fault_proxy(endpoint: str) -> Iterator[Proxy]:
    """Run a relay in front of `endpoint` (http://host:port)."""
    parts = urlsplit(endpoint)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy((parts.hostname, parts.port))
    proxy._start()
    try:
        yield proxy
    finally:
        proxy._stop()
