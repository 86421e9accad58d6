"""Serves a stub on loopback, by HTTP or with TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.servers.behaviour import Seen
from tests.servers.stub import StubServer

__all__ = ["stub_server"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, stub: StubServer, context: ssl.SSLContext | None) -> None:
        self.stub = stub
        self.context = context
        self.open_sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.open_sockets.add(connection)
        if self.context is not None:
            wrapped = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
            self.open_sockets.add(wrapped)
            return wrapped, address
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; anything else is a mistake in the stub."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(
            self.command, self.path, headers, body, self.client_address[1], time.monotonic()
        )
        answer = self.server.stub.answer(seen)
        if answer is None:
            self.close_connection = True
            return
        lines = [f"HTTP/1.1 {answer.status} Told"]
        told = {name.lower() for name, _ in answer.headers}
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if answer.is_measured and not told & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(answer.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head + (b"" if self.command == "HEAD" else answer.body))
        self.close_connection = answer.is_closing

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815 - http.server's names

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def stub_server(*, certificate: tuple[Path, Path] | None = None) -> Iterator[StubServer]:
    """Run a stub; with a certificate and key (PEM files) it speaks TLS."""
    stub = StubServer()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    server = _Server(stub, context)
    scheme = "https" if certificate else "http"
    stub.endpoint = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, args=(0.05,), name="stub-server", daemon=True
    )
    thread.start()
    try:
        yield stub
    finally:
        stub.is_stopping.set()
        server.shutdown()
        thread.join()
        for connection in list(server.open_sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
