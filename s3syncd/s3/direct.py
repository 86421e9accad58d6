"""Requests on connections of our own, sent and read by the threads that want them.

A small request handed over to the CRT's thread, and its answer back, took 0.2 ms of CPU; on a
connection of our own it takes 0.05. A large body is copied by the CRT, and leaves in messages of 16
KiB. Here it goes to the kernel from where it was read and hashed: 1.0 s of CPU less for a GiB.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from s3syncd import __version__
from s3syncd.s3.addresses import Addresses, Route
from s3syncd.s3.connection import Broken, Connection, Ended
from s3syncd.s3.exchange import Begun, Exchange, NotBegun
from s3syncd.s3.http1 import MAX_BODY_BYTES, Answer
from s3syncd.s3.link import Address
from s3syncd.s3.listing import MAX_PAGE_BYTES
from s3syncd.s3.outgoing import Outgoing
from s3syncd.s3.poller import Poller
from s3syncd.s3.proxies import is_proxied
from s3syncd.s3.signing import Signer
from s3syncd.s3.trust import tls_context
from s3syncd.s3.wire import Endpoint, WireRequest

__all__ = ["Direct", "Refused"]

_MOST_BYTES: Final = {
    "PutObject": MAX_BODY_BYTES,
    "HeadObject": MAX_BODY_BYTES,
    "DeleteObject": MAX_BODY_BYTES,
    "ListObjectsV2": MAX_PAGE_BYTES,
    "UploadPart": MAX_BODY_BYTES,
    "GetObject": MAX_BODY_BYTES,
}
"""What is sent this way, and how long its answers may be: they say in the head how they ended, or
are read by who knows an error inside a success. An object is only read so when nobody wants its
bytes."""

_CONNECT_SECONDS: Final = 5.0
"""For each address, as the CRT's: one lost SYN and its second resend."""

_STALL_SECONDS: Final = 30.0
"""Without a byte in either direction; as the CRT's."""

_IDLE_SECONDS: Final = 4.0
"""An idle connection is used no longer: stores close theirs after 5 s and more, and a request that
meets that has an effect nobody knows."""


class Refused(Exception):  # noqa: N818 - the store's answer, not our mistake
    """An answer that is no success, as the CRT would tell it."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.name, self.message = "AWS_ERROR_S3_INVALID_RESPONSE_STATUS", f"HTTP {status}"
        self.status_code, self.headers, self.body = status, [*headers.items()], body


class Direct:
    """Connections to one endpoint; as many as there are requests at once.

    Args:
        endpoint: where to.
        poller: tells what happens to them.
        clock: monotonic seconds.
        wall: seconds since the epoch.
        look_up: gives the addresses of host and port; may block; raises OSError.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        poller: Poller,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        look_up: Callable[[str, int], tuple[Address, ...]] | None = None,
    ) -> None:
        place = urlsplit(f"//{endpoint.host}")
        self._name = place.hostname or ""
        port = place.port or (443 if endpoint.is_tls else 80)
        self._addresses = Addresses(self._name, port, clock=clock, look_up=look_up)
        self._tls = tls_context(*endpoint.trust) if endpoint.is_tls else None
        # The CRT takes proxies from the environment; what they want to be asked is its affair.
        self._is_closed = is_proxied(os.environ)
        self._poller = poller
        self._clock, self._wall = clock, wall
        self._idle: deque[Connection] = deque()
        self._connections: dict[Connection, None] = {}

    def prepare(self) -> None:
        """Look the store's name up, if that was long ago; may block. A failure is no news."""
        if not self._is_closed:  # also behind a proxy, where the name may be unknown
            self._addresses.renew()

    def takes(self, request: WireRequest) -> bool:
        """Whether it is sent this way."""
        is_ours = request.operation in _MOST_BYTES and not _wants_object(request)
        return is_ours and bool(self._addresses) and not self._is_closed

    def begin(self, exchange: Exchange, signer: Signer) -> Begun:
        """Send a request; the exchange is told of its end, perhaps before this returns.

        Returns:
            What `cancel` ends it by.

        Raises:
            NotBegun: it cannot be sent; `__cause__` says why.
        """
        request = exchange.request
        text = "".join([value for _, value in request.headers])
        if not (text.isprintable() and signer.is_sendable):
            raise NotBegun from Broken(
                "AWS_ERROR_HTTP_INVALID_HEADER_VALUE", "A header cannot be sent.", is_unsent=True
            )
        try:
            outgoing = _outgoing(request, signer, self._wall())
        except (ValueError, OverflowError) as error:  # no UTF-8, or a clock in the far future
            raise NotBegun from error
        answer = _answer_to(request)

        def on_end(ended: Ended) -> None:
            _tell(exchange, ended)

        while (idle := self._take_idle()) is not None:
            if idle.send(outgoing, answer, on_end=on_end):
                return _Sent(idle, on_end)
        connection = self._opened()
        if not connection.send(outgoing, answer, on_end=on_end):
            exchange.end(connection.error)
        return _Sent(connection, on_end)

    def expire(self, now: float) -> None:
        """Give up what does not answer, or stands still, and what is idle; each second."""
        for connection in list(self._connections):
            since, moved = connection.opening_since, connection.moved
            if since is not None:
                if now >= since + _CONNECT_SECONDS:
                    connection.try_next(now)
            elif connection.seen[0] != moved:
                connection.seen = (moved, now)
            elif now >= connection.seen[1] + _STALL_SECONDS:
                connection.stall(moved)
        try:
            while now >= self._idle[0].idle_since + _IDLE_SECONDS:
                self._idle.popleft().close_if_idle()
        except IndexError:  # there is none, or it was just taken
            return

    def close(self) -> None:
        """End all connections; requests under way are canceled."""
        self._is_closed = True
        for connection in list(self._connections):
            connection.cancel()

    def _take_idle(self) -> Connection | None:
        now = self._clock()
        while self._idle:
            try:
                connection = self._idle.pop()  # the one used last
            except IndexError:  # another thread took it
                return None
            if now < connection.idle_since + _IDLE_SECONDS:
                return connection
            connection.close_if_idle()
        return None

    def _opened(self) -> Connection:
        addresses = self._addresses
        route = Route(
            addresses.in_turn(), self._tls, self._name, addresses.reached, addresses.failed
        )
        connection = Connection(route, self._poller, on_idle=self._put_back, on_close=self._forget)
        self._connections[connection] = None
        connection.open(self._clock())
        return connection

    def _put_back(self, connection: Connection) -> None:
        connection.idle_since = self._clock()
        self._idle.append(connection)
        if self._is_closed:  # `close` may have come too early to see it
            connection.close_if_idle()

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
        try:
            self._idle.remove(connection)
        except ValueError:  # it carried a request
            return


class _Sent:
    """A request on a connection, which may carry another one by the time of a cancel."""

    __slots__ = ("_connection", "_on_end")

    def __init__(self, connection: Connection, on_end: Callable[[Ended], None]) -> None:
        self._connection, self._on_end = connection, on_end

    def cancel(self) -> None:
        """See `Begun`."""
        self._connection.cancel(self._on_end)


def _wants_object(request: WireRequest) -> bool:
    return request.operation == "GetObject" and bool(request.needs)


def _answer_to(request: WireRequest) -> Answer:
    return Answer(
        has_body=request.method != "HEAD",
        most_bytes=_MOST_BYTES[request.operation],
        is_cut=request.operation == "GetObject",  # a store may not know ranges
    )


def _outgoing(request: WireRequest, signer: Signer, wall_seconds: float) -> Outgoing:
    headers = [("content-length", str(len(request.body))), *request.headers]
    signed = signer.head(request.method, request.target, headers, wall_seconds=wall_seconds)
    head = f"{signed}\r\nuser-agent:s3syncd/{__version__}\r\n\r\n".encode()
    return Outgoing(head, request.body)


def _tell(exchange: Exchange, ended: Ended) -> None:
    answer, error = ended
    if answer is None:
        exchange.end(error)
        return
    exchange.status, exchange.headers = answer.status, answer.headers
    if 200 <= answer.status < 300:
        if answer.body:
            exchange.chunks.append(answer.body)
        exchange.end(None)
    else:
        exchange.end(Refused(answer.status, answer.headers, answer.body))
