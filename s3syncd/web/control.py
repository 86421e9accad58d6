"""The control socket: how `status`, `approve` and the other client commands reach the daemon.

JSON lines over a Unix socket of mode 0600 in the state directory. A request is
`{"command": NAME, "arguments": {...}}`; the answer is one line, `{"ok": true, ...}` or
`{"ok": false, "error": TEXT, "hint": TEXT}`. Whoever may connect may command: the file mode is the
only key.

One thread serves all connections and owns all of their state; it waits for nobody. Requests,
connections and the time a connection may stay are bounded, so a broken client costs other clients
a moment and the daemon nothing.
"""

from __future__ import annotations

import json
import selectors
import socket
import stat
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from s3syncd.errors import FatalError, S3SyncError
from s3syncd.web.address import MAX_REQUEST_BYTES, reachable
from s3syncd.web.connection import Connection

__all__ = ["COMMANDS", "ControlServer"]

COMMANDS: Mapping[str, Mapping[str, type]] = {
    "approve": {"site": str, "list": str, "only": str},
    "rescan": {"site": str, "remote": bool},
    "sync": {"site": str},
    "pause": {"site": str},
    "resume": {"site": str},
    "reload": {},
    "verify": {"site": str, "id": str},
    "explain": {"site": str, "path": str, "id": str},
}
"""The commands passed on, with the arguments each may carry. null or absent = not given."""

_MAX_CONNECTIONS = 16
"""More people than ever look at one daemon at once; the rest wait in the kernel's backlog."""

_BACKLOG = 128
"""Asks for what Linux grants at most on older kernels (net.core.somaxconn before 5.4)."""

_REST_SECONDS = 1.0
"""Where no descriptor is free none will be at once, and who waits at the socket makes it ready."""

_IDLE_SECONDS = 10.0
"""A local client sends a line and reads one; who takes longer is stopped or broken."""


class ControlServer:
    """Serves the control socket from one thread.

    Args:
        path: where the socket is made.
        status: gives the status document; called in the server's thread, must not block.
        command: carries out one of `COMMANDS` with its arguments and gives the answer; the other
            clients wait meanwhile.
        live: gives `{"ok": bool, ...}` for liveness probes; by default an answer is life enough.
        on_failure: told of any other exception `status`, `command` or `live` raised.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        path: Path,
        *,
        status: Callable[[], Mapping[str, Any]],
        command: Callable[[str, dict[str, Any]], Mapping[str, Any]],
        live: Callable[[], Mapping[str, Any]] = lambda: {"ok": True},
        on_failure: Callable[[Exception], None] = lambda failure: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._status = status
        self._command = command
        self._live = live
        self._on_failure = on_failure
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._connections: set[Connection] = set()
        self._rests_until = 0.0
        self._is_listening = False
        self._inode = 0
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Make the socket and serve it.

        Raises:
            FatalError: another daemon answers there, or the socket cannot be made.
        """
        try:
            self._bind()
        except OSError as error:
            self._close()
            raise FatalError(
                f"cannot make the control socket {self._path}: {error.strerror}",
                hint="make state_dir a directory this user may write, on a local file system",
            ) from error
        except FatalError:
            self._close()
            raise
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 5.0) -> None:
        """End all connections and remove the socket."""
        if not self._thread.is_alive():
            self._close()
            return
        self._wake_writer.send(b"x")
        self._thread.join(timeout_seconds)

    def _bind(self) -> None:
        with reachable(self._path) as address:
            self._remove_stale(address)
            self._listener.bind(address)
            # Between bind and listen nobody can connect, so the mode is never late.
            self._path.chmod(0o600)
        self._inode = self._path.lstat().st_ino
        self._listener.setblocking(False)
        self._listener.listen(_BACKLOG)

    def _remove_stale(self, address: str) -> None:
        """Remove a socket nobody listens at; never anything else."""
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise FatalError(
                f"{self._path} exists and is not a socket", hint="move it out of state_dir"
            )
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(address)
            except ConnectionRefusedError:
                self._path.unlink()
                return
            except (BlockingIOError, TimeoutError):  # its backlog is full, so somebody has it
                pass
        raise FatalError(
            f"another daemon answers at {self._path}",
            hint="stop it first; only a daemon of other sites may have another state_dir",
        )

    def _serve(self) -> None:
        try:
            while self._turn():
                pass
        finally:
            self._close()

    def _turn(self) -> bool:
        """Serve whoever is ready, once; False when told to stop."""
        self._listen()
        for ready, _ in self._selector.select(self._seconds_to_wait()):
            if ready.fileobj is self._wake_reader:
                return False
            if ready.fileobj is self._listener:
                self._accept()
            else:
                self._attend(ready.data)
        now = self._clock()
        for connection in [each for each in self._connections if each.deadline <= now]:
            self._drop(connection)
        return True

    def _seconds_to_wait(self) -> float | None:
        moments = [connection.deadline for connection in self._connections]
        if self._rests_until:
            moments.append(self._rests_until)
        return max(0.0, min(moments) - self._clock()) if moments else None

    def _listen(self) -> None:
        """Take more clients, or no more for now."""
        if self._rests_until <= self._clock():
            self._rests_until = 0.0
        is_wanted = not self._rests_until and len(self._connections) < _MAX_CONNECTIONS
        if is_wanted and not self._is_listening:
            self._selector.register(self._listener, selectors.EVENT_READ)
        elif self._is_listening and not is_wanted:
            self._selector.unregister(self._listener)
        self._is_listening = is_wanted

    def _accept(self) -> None:
        try:
            stream, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):  # the client left again
            return
        except OSError:
            self._rests_until = self._clock() + _REST_SECONDS
            return
        stream.setblocking(False)
        connection = Connection(stream, self._clock() + _IDLE_SECONDS)
        self._connections.add(connection)
        self._selector.register(stream, selectors.EVENT_READ, connection)

    def _attend(self, connection: Connection) -> None:
        is_owed = bool(connection.outbound)
        if not connection.turn():
            self._drop(connection)
            return
        if is_owed and not connection.outbound:
            connection.deadline = self._clock() + _IDLE_SECONDS
        if not connection.outbound:
            line = connection.take_line()
            if line is not None and len(line) <= MAX_REQUEST_BYTES:
                connection.owe(self._answer_in_time(line))
            elif line is not None or len(connection.inbound) > MAX_REQUEST_BYTES:
                connection.owe(_refusal("the request is too long"), is_last=True)
        events = selectors.EVENT_WRITE if connection.outbound else selectors.EVENT_READ
        self._selector.modify(connection.stream, events, connection)

    def _drop(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._selector.unregister(connection.stream)
        connection.stream.close()

    def _answer_in_time(self, line: bytes) -> Mapping[str, object]:
        """Answer; the time it takes (a reload may drain a site) is on no client's account."""
        began = self._clock()
        answer = self._answer(line)
        spent = self._clock() - began
        for connection in self._connections:
            connection.deadline += spent
        return answer

    def _answer(self, line: bytes) -> Mapping[str, object]:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return _refusal("the request is not JSON")
        if not isinstance(request, dict):
            return _refusal("the request is not a JSON object")
        name, arguments = request.get("command"), request.get("arguments") or {}
        try:
            return self._carry_out(name, arguments)
        except S3SyncError as error:
            return _refusal(error.message, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - top of a thread; one command must not end all
            self._on_failure(error)
            return _refusal(f"the daemon failed: {type(error).__name__}", hint="see its log")

    def _carry_out(self, name: object, arguments: object) -> Mapping[str, object]:
        if name == "status":
            return {"ok": True, "status": self._status()}
        if name == "live":
            return self._live()
        if not isinstance(name, str) or name not in COMMANDS:
            return _refusal("no such command")
        if not isinstance(arguments, dict):
            return _refusal("the arguments are not a JSON object")
        given = {key: value for key, value in arguments.items() if value is not None}
        for key, value in given.items():
            if not isinstance(value, COMMANDS[name].get(key, type(None))):
                return _refusal(f"{name} does not take such arguments")
        return self._command(name, given)

    def _close(self) -> None:
        for connection in list(self._connections):
            connection.stream.close()
        self._connections.clear()
        self._selector.close()
        for end in (self._listener, self._wake_reader, self._wake_writer):
            end.close()
        try:
            if self._inode and self._path.lstat().st_ino == self._inode:
                self._path.unlink()
            self._inode = 0
        except OSError:  # somebody removed it, or the file system is gone: nothing to tidy
            return


def _refusal(error: str, *, hint: str = "") -> dict[str, object]:
    return {"ok": False, "error": error, "hint": hint}
