"""The HTTP server: waitress, bounded; the only module that knows it.

Waitress reads and writes in one thread and never lets a client's pace hold an answering thread.
What it leaves open is closed here: who sends or reads nothing for ten seconds, and who needs longer
than that for the few lines of a request.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer, UnixWSGIServer  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]

__all__ = ["Server"]

_THREADS = 2  # answers are made of what is published: a second one is for a large /metrics
_IDLE_SECONDS = 10.0  # a scrape comes every 15 s and may connect anew
_LOOK_SECONDS = 2.0
_CONNECTIONS = 32  # a monitor needs one; more wait in the kernel's backlog
# An answer is held in memory until it is read, 5 MB at 1,000 sites: a disk may be read-only.
_ANSWER_BYTES = 1024 * 1024 * 1024
_OWN_CHANNELS = 2  # the listener and its wake-up count among waitress's connections
_BACKLOG = 128
_HEADER_BYTES = 16 * 1024
_BODY_BYTES = 1024  # nothing here takes a body
_STOP_SECONDS = 2.0


class Server:
    """Serves one socket until it is stopped.

    Args:
        stream: bound, not yet listening; belongs to the server from now on.
        application: answers (PEP 3333).
        idle_seconds: how long a client may do nothing.
        connections: how many clients there may be.
    """

    def __init__(
        self,
        stream: socket.socket,
        application: Callable[..., Any],
        *,
        idle_seconds: float = _IDLE_SECONDS,
        connections: int = _CONNECTIONS,
    ) -> None:
        # It would log that all clients wait for a moment, and who hung up.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        self._map: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(_THREADS)
        settings = Adjustments(
            sockets=[stream] if stream.family != socket.AF_UNIX else [],
            ident=None,
            backlog=_BACKLOG,
            connection_limit=connections + _OWN_CHANNELS,
            max_request_header_size=_HEADER_BYTES,
            max_request_body_size=_BODY_BYTES,
            outbuf_overflow=_ANSWER_BYTES,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=True,
        )
        settings.channel_timeout = idle_seconds  # as arguments they are cut to whole seconds
        settings.cleanup_interval = min(_LOOK_SECONDS, idle_seconds / 2)
        kind = _UnixListener if stream.family == socket.AF_UNIX else _TcpListener
        self._listener = kind(
            application,
            map=self._map,
            _sock=stream,
            dispatcher=self._dispatcher,
            adj=settings,
            bind_socket=False,
            sockinfo=(stream.family, stream.type, stream.proto, stream.getsockname()),
        )

    def run(self) -> None:
        """Serve; returns when stopped. Polls, because select() ends at 1,024 descriptors."""
        try:
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._map)
        finally:
            self._dispatcher.shutdown(cancel_pending=True, timeout=_STOP_SECONDS)
            self._close_all()

    def stop(self) -> None:
        """Have `run` return. Thread-safe."""
        self._listener.trigger.pull_trigger(self._close_all)

    def _close_all(self) -> None:
        for channel in list(self._map.values()):
            channel.close()
        self._map.clear()


class _Closing:
    """Ends what waitress would only mark: a client that reads nothing is never writable.

    Shut down, and closed by the loop when it hears of that: the number of a descriptor that was
    closed here could be a new client's before the loop has come to the end of its list.
    """

    adj: Any
    active_channels: dict[int, Any]
    _partial: dict[Any, tuple[Any, float]]

    def maintenance(self, now: float) -> None:
        """Close who did nothing for too long, and who does not come to an end with a request."""
        oldest = now - self.adj.channel_timeout
        before, self._partial = getattr(self, "_partial", {}), {}
        for channel in list(self.active_channels.values()):
            request, began = channel.request, now
            if request is not None:
                known = before.get(channel)
                if known is not None and known[0] is request:
                    began = known[1]
                self._partial[channel] = (request, began)
            is_answering = bool(channel.requests) and not channel.total_outbufs_len
            is_idle = channel.last_activity < oldest and not is_answering
            if is_idle or began < oldest:
                channel.will_close = True
                with suppress(OSError):
                    channel.socket.shutdown(socket.SHUT_RDWR)


class _TcpListener(_Closing, TcpWSGIServer):  # type: ignore[misc]
    pass


class _UnixListener(_Closing, UnixWSGIServer):  # type: ignore[misc]
    pass
