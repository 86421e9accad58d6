"""The HTTP side of the daemon: listens, says why it cannot, tries again.

One thread of its own, in which the server's modules are imported, too: what only looks at the
daemon must not hold up its start.
"""

from __future__ import annotations

import threading
from socket import socket
from typing import TYPE_CHECKING, Protocol

from s3syncd.errors import FatalError, S3SyncError
from s3syncd.web.app import Application, View
from s3syncd.web.sockets import listening_socket, remove_socket, shown_address

if TYPE_CHECKING:
    from s3syncd.web.server import Server

__all__ = ["HttpSide", "Log"]

_RETRY_SECONDS = 30.0
_STOP_SECONDS = 5.0


class Log(Protocol):
    """The part of a logger that is used here."""

    def info(self, event: str, **facts: object) -> object:
        """Log at INFO."""

    def warning(self, event: str, **facts: object) -> object:
        """Log at WARNING."""

    def error(self, event: str, **facts: object) -> object:
        """Log at ERROR."""


class HttpSide:
    """Listens on one address as long as it can. No trouble here is fatal.

    Args:
        listen: `host:port` or `unix:/path`.
        view: what may be seen.
        token: asked for, unless None.
        is_exposed: other machines may reach the address, and there is no token: never listens.
        log: where it is told.
        retry_seconds: after which a taken address is tried again.
    """

    def __init__(
        self,
        listen: str,
        view: View,
        *,
        log: Log,
        token: str | None = None,
        is_exposed: bool = False,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self._listen = listen
        self._log = log
        self._retry_seconds = retry_seconds
        self._is_exposed = is_exposed
        is_unix = listen.startswith("unix:")
        self._application = Application(
            view,
            hosts=None if is_unix else [listen.rpartition(":")[0].strip("[]")],
            token=token,
            on_failure=lambda error: log.error("http.failed", error=repr(error), exc_info=error),
        )
        self._state: dict[str, str | None] = {
            "listen": listen, "address": None, "error": None, "hint": None,
        }  # fmt: skip
        self._is_stopping = threading.Event()
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def state(self) -> dict[str, str | None]:
        """What the status shows: where it listens, or why it does not. Replaced, never changed."""
        return self._state

    def start(self) -> None:
        """Begin to listen, as soon as that is possible."""
        if self._is_exposed:
            self._fail(
                FatalError(
                    f"does not listen on {self._listen}: other machines reach it",
                    hint="set http.token, or listen on 127.0.0.1 or unix:/path",
                )
            )
            return
        self._thread.start()

    def stop(self) -> None:
        """End it, with all connections."""
        if self._thread.ident is None:
            return
        self._is_stopping.set()
        server = self._server
        if server is not None:
            server.stop()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                self._serve(listening_socket(self._listen))
            except S3SyncError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - a thread's top; the daemon goes on without
                self._fail(FatalError(f"the HTTP server failed: {error!r}", hint="see the log"))
            self._is_stopping.wait(self._retry_seconds)

    def _serve(self, stream: socket) -> None:
        from s3syncd.web.server import Server  # noqa: PLC0415 - in this thread, see the module

        address = shown_address(stream)
        server = self._server = Server(stream, self._application)
        try:
            if self._is_stopping.is_set():  # looked at after the reference: one of two stops it
                server.stop()
            self._state = {**self._state, "address": address, "error": None, "hint": None}
            self._log.info("http.listening", address=address)
            server.run()
        finally:
            self._server = None
            self._state = {**self._state, "address": None}
            remove_socket(self._listen)

    def _fail(self, error: S3SyncError) -> None:
        told = {**self._state, "error": error.message, "hint": error.hint}
        if told != self._state:
            self._log.warning("http.unavailable", error=error.message, hint=error.hint)
        self._state = told
