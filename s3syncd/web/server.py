"""The HTTP server: waitress, bounded; the only module that knows it.

Waitress reads and writes in one thread and never lets a client's pace hold an answering thread.
What it leaves open is closed here: who sends or reads nothing for ten seconds, and who needs longer
than that for the few lines of a request.

A stream of events takes no thread: its connection is left open when its request was answered, and
the thread that writes tells it each second what is new. Who has not read what it was told before is
told nothing meanwhile, and closed after half a minute: one message is all that is held for it.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.channel import ClientDisconnected, HTTPChannel  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer, UnixWSGIServer  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher, WSGITask  # type: ignore[import-untyped]

from s3syncd.web.app import STREAM
from s3syncd.web.feed import Reader

__all__ = ["Server"]

_THREADS = 2  # answers are made of what is published: a second one is for a large /metrics
_IDLE_SECONDS = 10.0  # a scrape comes every 15 s and may connect anew
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 1.0  # between two looks at who is idle, at most
_CONNECTIONS = 32  # a monitor needs one; more wait in the kernel's backlog
# An answer is held in memory until it is read, 5 MB at 1,000 sites: a disk may be read-only.
_ANSWER_BYTES = 1024 * 1024 * 1024
_OWN_CHANNELS = 2  # the listener and its wake-up count among waitress's connections
_BACKLOG = 128
_HEADER_BYTES = 16 * 1024
_BODY_BYTES = 1024  # nothing here takes a body
_STOP_SECONDS = 2.0
_BEAT_SECONDS = 1.0  # no eye follows more, and no timeline has finer steps
_BEHIND_SECONDS = 30.0  # a page that does not read for so long is closed, or its machine sleeps


class Server:
    """Serves one socket until it is stopped.

    Args:
        stream: bound, not yet listening; belongs to the server from now on.
        application: answers (PEP 3333).
        idle_seconds: how long a client may do nothing.
        connections: how many clients there may be.
        beat_seconds: how often readers of events are told what is new.
        behind_seconds: how long a reader may leave a message half read.
    """

    def __init__(
        self,
        stream: socket.socket,
        application: Callable[..., Any],
        *,
        idle_seconds: float = _IDLE_SECONDS,
        connections: int = _CONNECTIONS,
        beat_seconds: float = _BEAT_SECONDS,
        behind_seconds: float = _BEHIND_SECONDS,
    ) -> None:
        self._beat_seconds = beat_seconds
        self._behind_seconds = behind_seconds
        self._next_beat = 0.0
        self._closing = threading.Lock()
        self._is_over = self._is_closed = False
        # It would log that all clients wait for a moment, and who hung up.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        self._map: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(_THREADS)
        kind = _UnixListener if stream.family == socket.AF_UNIX else _TcpListener
        self._listener = kind(
            application,
            map=self._map,
            _sock=stream,
            dispatcher=self._dispatcher,
            adj=_settings(stream, connections, idle_seconds),
            bind_socket=False,
            sockinfo=(stream.family, stream.type, stream.proto, stream.getsockname()),
        )

    def run(self) -> None:
        """Serve; returns when stopped. Polls, because select() ends at 1,024 descriptors."""
        try:
            while self._map and not self._is_over:
                wasyncore.poll2(self._patience(), self._map)
                self._beat(time.monotonic())
        finally:
            self._dispatcher.shutdown(cancel_pending=True, timeout=_STOP_SECONDS)
            self._close_all()

    def stop(self) -> None:
        """Have `run` return. Thread-safe."""
        self._is_over = True
        with self._closing:  # what wakes `run` must not be written to once that has ended
            if not self._is_closed:
                self._listener.trigger.pull_trigger()

    def _streams(self) -> list[_Channel]:
        channels = list(self._listener.active_channels.values())
        return [channel for channel in channels if channel.is_streaming]

    def _patience(self) -> float:
        """Give how long there is nothing to do by itself, seconds."""
        streams = self._streams()
        if any(channel.is_new for channel in streams):
            return 0.0
        due = self._next_beat - time.monotonic() if streams else _PATIENCE_SECONDS
        return min(max(due, 0.0), _PATIENCE_SECONDS)

    def _beat(self, now: float) -> None:
        """Tell new readers at once what there is, and the others each second what is new."""
        is_due = now >= self._next_beat
        for channel in self._streams():
            if is_due or channel.is_new:
                channel.tell(now, behind_seconds=self._behind_seconds)
        if is_due:
            self._next_beat = now + self._beat_seconds

    def _close_all(self) -> None:
        with self._closing:
            self._is_closed = True
            for channel in list(self._map.values()):
                channel.close()
            self._map.clear()


def _settings(stream: socket.socket, connections: int, idle_seconds: float) -> Adjustments:
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
    return settings


class _Task(WSGITask):  # type: ignore[misc]
    """One request; the application may give a reader, to be served after the answer's head."""

    reader: Reader | None = None

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[STREAM] = self._take
        return environ

    def finish(self) -> None:
        if self.reader is None:
            super().finish()
            return
        self.write(b"")  # the head
        self.close_on_finish = False
        self.channel.follow(self.reader, is_chunked=self.chunked_response)
        self.reader = None

    def service(self) -> None:
        try:
            super().service()
        finally:
            if self.reader is not None:  # it hung up before the head was written
                self.reader.close()

    def _take(self, reader: Reader) -> None:
        self.reader = reader


class _Channel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    task_class = _Task
    is_new = False
    _reader: Reader | None = None
    _is_chunked = False
    _behind_since: float | None = None

    @property
    def is_streaming(self) -> bool:
        """Whether it is told what is new; not before its request has ended in the other thread."""
        return self._reader is not None and not self.requests and not self.will_close

    def follow(self, reader: Reader, *, is_chunked: bool) -> None:
        """Be told from now on what the reader is; called where the request is answered."""
        with self.requests_lock:
            del self.requests[1:]  # what was sent after it asks for no answer any more
        self._is_chunked = is_chunked
        self.is_new = True
        self._reader = reader
        if not self.connected:  # closed meanwhile: one of two lets go of the reader
            self._let_go()

    def tell(self, now: float, *, behind_seconds: float) -> None:
        """Tell what is new, if all that was told before has been taken."""
        self.is_new = False
        if self.total_outbufs_len:
            if self._behind_since is None:
                self._behind_since = now
            if now - self._behind_since > behind_seconds:
                self._end()
            return
        self._behind_since = None
        message = self._reader.next() if self._reader is not None else None
        if message is None:
            self._end()
            return
        # A buffer of its own, or what was sent of the last one stays in memory with it.
        self.current_outbuf_count = self.adj.outbuf_high_watermark
        with suppress(ClientDisconnected):
            self.write_soon(_chunk(message) if self._is_chunked else message)

    def received(self, data: bytes) -> bool:
        if self._reader is not None:  # who is told for ever has nothing to ask
            self._end()
            return False
        return bool(super().received(data))

    def del_channel(self, map: dict[int, Any] | None = None) -> None:
        super().del_channel(map)
        self._let_go()

    def _end(self) -> None:
        self.will_close = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def _chunk(message: bytes) -> bytes:
    return b"%X\r\n%b\r\n" % (len(message), message)


class _Closing:
    """Ends what waitress would only mark: a client that reads nothing is never writable.

    Shut down, and closed by the loop when it hears of that: the number of a descriptor that was
    closed here could be a new client's before the loop has come to the end of its list.
    """

    adj: Any
    active_channels: dict[int, Any]
    _partial: dict[Any, tuple[Any, float]]
    rest_seconds = 1.0  # no descriptor is free: who waits to be accepted would keep the loop busy
    _rests_until = 0.0

    def readable(self) -> bool:
        return bool(super().readable()) and time.monotonic() >= self._rests_until  # type: ignore[misc]

    def accept(self) -> Any:
        try:
            return super().accept()  # type: ignore[misc]
        except OSError:
            self._rests_until = time.monotonic() + self.rest_seconds
            raise

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
    channel_class = _Channel


class _UnixListener(_Closing, UnixWSGIServer):  # type: ignore[misc]
    channel_class = _Channel
