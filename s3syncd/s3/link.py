"""A stream of bytes to a store, in the clear or over TLS, that never waits."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import Any, Final, TypeAlias

__all__ = ["Address", "Link", "name_of"]

Address: TypeAlias = "tuple[socket.AddressFamily, tuple[Any, ...]]"
"""Family and socket address."""

_RECEIVE_BYTES: Final = 64 * 1024
"""An answer in one piece; what TLS carries in one record is at most 16 KiB."""

_UNDER_WAY: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})

_NAMES: Final = {
    errno.ECONNREFUSED: "AWS_IO_SOCKET_CONNECTION_REFUSED",
    errno.EHOSTUNREACH: "AWS_IO_SOCKET_NO_ROUTE_TO_HOST",
    errno.ENETUNREACH: "AWS_IO_SOCKET_NO_ROUTE_TO_HOST",
    errno.ENETDOWN: "AWS_IO_SOCKET_NETWORK_DOWN",
    errno.ETIMEDOUT: "AWS_IO_SOCKET_TIMEOUT",
}
"""As the CRT calls them, so that one table says what they mean."""


class Link:
    """One socket. Not for two threads at once.

    Args:
        address: where to.
        tls: secures it; None does not.
        host: whose certificate is wanted.

    Attributes:
        fd: the descriptor, for a poller.
        is_open: bytes may be sent.
        wants_room: it waits until something can be written, not only for something to read.

    Raises:
        OSError: the system refuses at once.
        ValueError: no certificate can be for such a host.
    """

    def __init__(self, address: Address, tls: ssl.SSLContext | None, host: str) -> None:
        family, place = address
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self.fd = self._socket.fileno()
        self._is_connected = self.is_open = False
        self.wants_room = True
        try:
            self._socket.setblocking(False)
            if tls is not None:  # before a poller knows the descriptor: a failure closes it
                host.encode("idna")  # where that fails, `wrap_socket` leaves a socket behind
                self._socket = tls.wrap_socket(
                    self._socket, server_hostname=host, do_handshake_on_connect=False
                )
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _connect(self._socket, place)
        except BaseException:
            self._socket.close()
            raise

    def advance(self) -> bool:
        """Go on opening it, after something happened (or in vain); tells whether it is open.

        Raises:
            OSError: it cannot be (an `ssl.SSLError` is one).
        """
        link = self._socket
        if not self._is_connected and not _is_connected(link):
            return False
        self._is_connected, self.wants_room = True, False
        if isinstance(link, ssl.SSLSocket):
            try:
                link.do_handshake()
            except ssl.SSLWantReadError:
                return False
            except ssl.SSLWantWriteError:
                self.wants_room = True
                return False
        self.is_open = True
        return True

    def send(self, piece: memoryview) -> int:
        """Send what there is room for; gives the number of bytes.

        Raises:
            OSError: the connection is broken.
        """
        try:
            return self._socket.send(piece)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0

    def receive(self) -> bytes | None:
        """Give what has arrived: None for nothing yet, `b""` at the end.

        Raises:
            OSError: the connection is broken.
        """
        try:
            return self._socket.recv(_RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLEOFError:  # many stores close without a word
            return b""

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


def name_of(error: Exception, *, has_sent: bool) -> str:
    """Give the name that `core.retry` judges.

    Args:
        error: why a connection cannot be, or is broken.
        has_sent: the kernel has some of a request. Names that say that there was none are wrong
            then, also where the kernel tells the same error before and after.
    """
    is_named = isinstance(error, (ConnectionError, TimeoutError))
    name = type(error).__name__ if is_named else "ConnectionError"
    if has_sent:
        return name
    if isinstance(error, (ssl.SSLError, ValueError)):
        return "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"
    return _NAMES.get(error.errno or 0, name) if isinstance(error, OSError) else name


def _connect(link: socket.socket, place: tuple[Any, ...]) -> None:
    code = link.connect_ex(place)
    if code not in _UNDER_WAY:
        raise _error(code)


def _is_connected(link: socket.socket) -> bool:
    code = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise _error(code)
    try:
        link.getpeername()
    except OSError:  # no error so far, and no peer: still connecting
        return False
    return True


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
