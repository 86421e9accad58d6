"""Blocking requests on connections of our own: first contact, and uploads in parts.

They are rare, and whoever makes one waits for it; so plain sockets do. An error has the name that
botocore gives it, so that one table says what it means, whoever asked.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from s3syncd import __version__
from s3syncd.s3.http1 import Answer, BrokenAnswer
from s3syncd.s3.settings import CONNECT_TIMEOUT_SECONDS, whole_answer_seconds
from s3syncd.s3.signing import Signer
from s3syncd.s3.trust import tls_context
from s3syncd.s3.wire import Endpoint, WireRequest

__all__ = ["Caller", "Unanswered", "has_news"]

_IDLE_SECONDS: Final = 4.0
"""An idle connection is used no longer: stores close theirs after 5 s and more."""

_RECEIVE_BYTES: Final = 64 * 1024


class Unanswered(Exception):  # noqa: N818 - says what became of a request
    """There is no answer.

    `name` is as botocore calls it; `is_unsent`: no byte of the request left.
    """

    def __init__(self, name: str, message: str, *, is_unsent: bool) -> None:
        super().__init__(message)
        self.name, self.message, self.is_unsent = name, message, is_unsent


class Caller:
    """Asks one endpoint, and waits for the answer. For any thread.

    Args:
        endpoint: where to.
        clock: monotonic seconds.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        place = urlsplit(f"//{endpoint.host}")
        self._name = place.hostname or ""
        self._port = place.port or (443 if endpoint.is_tls else 80)
        self._tls = tls_context(*endpoint.trust) if endpoint.is_tls else None
        self._clock, self._wall = clock, wall
        self._idle: deque[tuple[socket.socket, float]] = deque()
        self._is_closed = False

    def ask(self, request: WireRequest, signer: Signer, *, patience_seconds: float) -> Answer:
        """Send a request with a body of bytes, and give the answer, whatever it says.

        Args:
            request: what is asked.
            signer: signs it, the body included.
            patience_seconds: how long the store may be silent; an answer that goes on for longer
                than `whole_answer_seconds` of that is given up.

        Raises:
            Unanswered: there is none.
        """
        piece = _piece(request, signer, self._wall())
        link = self._taken() or self._opened()
        try:
            answer = _exchanged(
                link, piece, request.method != "HEAD", patience_seconds, self._clock
            )
        except BaseException:
            link.close()
            raise
        if not answer.keeps_alive:
            link.close()
            return answer
        self._idle.append((link, self._clock()))
        if self._is_closed:
            self.close()
        return answer

    def close(self) -> None:
        """Close the idle connections; those in use when they are answered."""
        self._is_closed = True
        while self._idle:
            try:
                self._idle.pop()[0].close()
            except IndexError:  # another thread took it
                return

    def _taken(self) -> socket.socket | None:
        """Give an idle connection that is still open."""
        while self._idle:
            try:
                link, since = self._idle.pop()
            except IndexError:  # another thread took it
                return None
            if self._clock() < since + _IDLE_SECONDS and not has_news(link):
                return link
            link.close()
        return None

    def _opened(self) -> socket.socket:
        place = (self._name, self._port)
        try:
            link = socket.create_connection(place, timeout=CONNECT_TIMEOUT_SECONDS)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of the name is too long
            is_late = isinstance(error, TimeoutError)
            name = "ConnectTimeoutError" if is_late else "EndpointConnectionError"
            raise Unanswered(name, str(error), is_unsent=True) from error
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                link = self._tls.wrap_socket(link, server_hostname=self._name)
        except (OSError, ValueError) as error:
            link.close()
            raise Unanswered("SSLError", str(error), is_unsent=True) from error
        return link


def _piece(request: WireRequest, signer: Signer, wall_seconds: float) -> bytes:
    body = request.body
    assert isinstance(body, bytes)  # noqa: S101 - these requests have no other
    if not (signer.is_sendable and "".join([text for _, text in request.headers]).isprintable()):
        raise Unanswered("AWS_ERROR_HTTP_INVALID_HEADER_VALUE", "A header cannot be sent.",
                         is_unsent=True)  # fmt: skip
    headers = [("content-length", str(len(body))), *request.headers]
    head = signer.head(
        request.method, request.target, headers,
        wall_seconds=wall_seconds, body_sha256=sha256(body).hexdigest(),
    )  # fmt: skip
    return f"{head}\r\nuser-agent:s3syncd/{__version__}\r\n\r\n".encode() + body


def _exchanged(
    link: socket.socket,
    piece: bytes,
    has_body: bool,
    patience_seconds: float,
    clock: Callable[[], float],
) -> Answer:
    link.settimeout(patience_seconds)
    deadline = clock() + whole_answer_seconds(patience_seconds)
    answer = Answer(has_body=has_body)
    try:
        link.sendall(piece)
        while data := _received(link):
            if answer.feed(data):
                return answer
            link.settimeout(_left(deadline, patience_seconds, clock()))
    except TimeoutError as error:
        raise Unanswered("ReadTimeoutError", "The store is silent.", is_unsent=False) from error
    except OSError as error:
        raise Unanswered("ConnectionClosedError", str(error), is_unsent=False) from error
    except BrokenAnswer as error:
        raise Unanswered("HTTPClientError", str(error), is_unsent=False) from error
    if not answer.end():
        said = "The store closed the line."
        raise Unanswered("ConnectionClosedError", said, is_unsent=False)
    return answer


def _left(deadline: float, patience_seconds: float, now: float) -> float:
    if now >= deadline:
        raise TimeoutError("The answer does not end.")
    return min(patience_seconds, deadline - now)


def _received(link: socket.socket) -> bytes:
    try:
        return link.recv(_RECEIVE_BYTES)
    except ssl.SSLEOFError:  # many stores close without a word
        return b""


def has_news(link: socket.socket) -> bool:
    """Whether an idle connection has something to read: its end, as a rule."""
    poll = select.poll()
    poll.register(link, select.POLLIN)
    return bool(poll.poll(0))
