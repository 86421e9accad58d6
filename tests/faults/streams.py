"""Just enough HTTP/1.1 to see where a request and an answer end; the bytes stay unchanged."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections.abc import Callable

__all__ = ["BrokenOffError", "Stream", "copy_body", "header", "reset"]

_CHUNK_BYTES = 256 * 1024
_LINGER_ZERO = struct.pack("ii", 1, 0)  # close() then sends RST instead of FIN

Sink = socket.socket | bytearray | None


class BrokenOffError(Exception):
    """The peer left in the middle."""


class Stream:
    """A socket with what was read too much.

    Args:
        sock: connected.
        gate: called after each read, before the bytes are used; may wait, and may raise OSError.
    """

    def __init__(self, sock: socket.socket, gate: Callable[[], object] = lambda: None) -> None:
        self.socket = sock
        self._gate = gate
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
                raise BrokenOffError
        line = bytes(self._rest[: end + 2])
        del self._rest[: end + 2]
        return line

    def copy(self, length: int, to: Sink) -> None:
        """Pass on exactly so many bytes; None throws them away."""
        left = length
        while left:
            if not self._rest and not self._more():
                raise BrokenOffError
            chunk = bytes(self._rest[:left])
            del self._rest[: len(chunk)]
            left -= len(chunk)
            _give(chunk, to)

    def skip(self, length: int) -> None:
        """Read and forget."""
        self.copy(length, None)

    def to_the_end(self, to: Sink) -> None:
        """Pass on until the peer leaves."""
        while self._rest or self._more():
            self.copy(len(self._rest), to)

    def _more(self) -> bool:
        chunk = self.socket.recv(_CHUNK_BYTES)
        self._gate()
        self._rest += chunk
        return bool(chunk)


def copy_body(server: Stream, head: bytes, method: str, to: Sink) -> bool:
    """Pass the body of an answer on; whether the connection can be used again."""
    status = int(head.split(b" ", 2)[1])
    if method == "HEAD" or status in {204, 304}:
        return True
    if (header(head, b"transfer-encoding") or b"").lower() == b"chunked":
        _copy_chunks(server, to)
        return True
    length = header(head, b"content-length")
    if length is None:
        server.to_the_end(to)
        return False
    server.copy(int(length), to)
    return True


def header(head: bytes, name: bytes) -> bytes | None:
    """Give the value of a header; `name` in lower case."""
    found = re.search(rb"\r\n" + name + rb":[ \t]*([^\r]*)", head, re.IGNORECASE)
    return found[1] if found else None


def reset(sock: socket.socket) -> None:
    """Close with RST: the peer sees a broken connection, not its end."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        sock.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sock.close()


def _copy_chunks(server: Stream, to: Sink) -> None:
    while True:
        line = server.line()
        size = int(line.split(b";")[0], 16)
        whole = bytearray(line)
        server.copy(size, whole)
        whole += server.line()
        _give(whole, to)
        if not size:
            return


def _give(chunk: bytes | bytearray, to: Sink) -> None:
    if isinstance(to, bytearray):
        to += chunk
    elif to is not None:
        to.sendall(chunk)
