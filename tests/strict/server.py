"""A threaded HTTP/1.1 server with connections that are kept, as small as it can be.

The standard library's reads each header by its mail parser, which costs more than all the rest;
this one serves several thousand small requests per second.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from tests.strict.wire import Answer, Request

__all__ = ["Delivery", "Server"]

_CHUNK_BYTES: Final = 256 * 1024
_LINGER_ZERO: Final = struct.pack("ii", 1, 0)  # close() then sends RST instead of FIN
_BODILESS: Final = frozenset({204, 304})


class Delivery(NamedTuple):
    """What to do with an answer.

    Attributes:
        answer: to send; None: end the connection instead.
        kept_bytes: of the body, after which the connection ends; None for all.
        afterwards: to be called when the connection has ended.
    """

    answer: Answer | None
    kept_bytes: int | None = None
    afterwards: Callable[[], None] | None = None


class Server:
    """Serves on loopback, on a free port.

    Args:
        serve: called by the thread of each connection, with one request after the other.
    """

    def __init__(self, serve: Callable[[Request], Delivery]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._open: dict[socket.socket, threading.Thread] = {}
        self._is_stopping = False
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="strict-s3", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every connection and wait for the threads; who serves must not wait any more."""
        self._is_stopping = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection, thread in list(self._open.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # The name is the one by which the tests' conftest knows threads that live as long as
            # their client keeps its connection.
            thread = threading.Thread(
                target=self._converse,
                args=(connection,),
                name="strict-s3 process_request_thread",
                daemon=True,
            )
            self._open[connection] = thread
            thread.start()

    def _converse(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = _Stream(connection)
        afterwards = None
        try:
            while not self._is_stopping and (request := stream.request()) is not None:
                delivery = self._serve(request)
                afterwards = delivery.afterwards
                if not _deliver(connection, request, delivery):
                    break
        except (OSError, _BrokenOffError):
            pass  # a client that leaves is no news
        finally:
            self._open.pop(connection, None)
            connection.close()
        if afterwards is not None:
            afterwards()


def _deliver(connection: socket.socket, request: Request, delivery: Delivery) -> bool:
    """Send; whether the connection goes on."""
    answer = delivery.answer
    if answer is None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        return False
    headers = answer.headers
    if answer.status in _BODILESS:
        headers = {name: text for name, text in headers.items() if name != "Content-Length"}
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    head = f"HTTP/1.1 {answer.status} -\r\n{lines}\r\n".encode("latin-1", "replace")
    body = b"" if request.method == "HEAD" else answer.body
    if delivery.kept_bytes is not None:
        connection.sendall(head + body[: delivery.kept_bytes])
        return False
    if len(body) < _CHUNK_BYTES:
        connection.sendall(head + body)
    else:
        connection.sendall(head)
        connection.sendall(body)
    return request.headers.get("connection", "").lower() != "close"


class _BrokenOffError(Exception):
    """The peer left in the middle, or does not speak HTTP."""


class _Stream:
    """A connection with what was read too much."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def request(self) -> Request | None:
        """Read a request; None when the peer has left between two."""
        head = self._head()
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        try:
            method, target, _ = first.split(" ")
        except ValueError:
            raise _BrokenOffError from None
        headers: dict[str, str] = {}
        for line in lines:
            name, _, text = line.partition(":")
            name = name.lower()
            text = text.strip(" \t")
            headers[name] = f"{headers[name]},{text}" if name in headers else text
        if headers.get("expect", "").lower() == "100-continue":
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(method, target, headers, self._body(headers))

    def _head(self) -> bytes | None:
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            chunk = self._connection.recv(_CHUNK_BYTES)
            if not chunk:
                if self._rest:
                    raise _BrokenOffError
                return None
            self._rest += chunk
        head, self._rest = self._rest[:end], self._rest[end + 4 :]
        return head

    def _body(self, headers: dict[str, str]) -> bytes:
        text = headers.get("content-length", "0")
        if not text.isdecimal() or "transfer-encoding" in headers:
            raise _BrokenOffError  # S3 wants a length, and every client here tells one
        length = int(text)
        if length <= len(self._rest):
            body, self._rest = self._rest[:length], self._rest[length:]
            return body
        whole = bytearray(length)
        place = len(self._rest)
        whole[:place] = self._rest
        self._rest = b""
        view = memoryview(whole)
        while place < length:
            count = self._connection.recv_into(view[place:], min(_CHUNK_BYTES, length - place))
            if not count:
                raise _BrokenOffError
            place += count
        return bytes(whole)
