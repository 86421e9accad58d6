"""Asks the daemon something through its control socket. Standard library only: see `cli`."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

from s3syncd.errors import ConfigError, FatalError, UnknownSiteError
from s3syncd.web.address import MAX_REPLY_BYTES, reachable, socket_path

__all__ = ["NoDaemonError", "RefusedError", "ask", "ask_status"]

_ANSWER_SECONDS = 15.0
"""The daemon answers from snapshots, in milliseconds; ten times a slow machine's worst start."""

_CONNECT_PAUSE_SECONDS = 0.05
"""Between two attempts at a daemon with many clients; it serves each in milliseconds."""

_CHUNK_BYTES = 256 * 1024
"""Read at once; a status of one site fits."""


class NoDaemonError(FatalError):
    """No daemon answers for this state directory."""


class RefusedError(FatalError):
    """The daemon answered, and said no."""


def ask(
    state_dir: Path,
    command: str,
    arguments: Mapping[str, object] | None = None,
    *,
    timeout_seconds: float = _ANSWER_SECONDS,
) -> dict[str, Any]:
    """Send one command and give the answer.

    Raises:
        NoDaemonError: nobody listens, or nobody answers in time.
        ConfigError: the answer is a refusal because of the configuration, or of a site's name.
        RefusedError: the answer is any other refusal; its hint says what to do.
    """
    request = json.dumps({"command": command, "arguments": dict(arguments or {})})
    path = socket_path(state_dir)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.settimeout(timeout_seconds)
            with reachable(path) as address:
                _connect(stream, address, timeout_seconds)
            stream.sendall(request.encode() + b"\n")
            line = _read_line(stream)
    except PermissionError as error:
        raise NoDaemonError(
            f"not allowed to ask the daemon at {path}",
            hint="run this as the user the daemon runs as (the socket is for its owner only)",
        ) from error
    except TimeoutError as error:
        raise NoDaemonError(
            f"the daemon at {path} does not answer", hint="see its log; restart it if it hangs"
        ) from error
    except OSError as error:
        raise NoDaemonError(
            f"no daemon answers at {path}",
            hint="start it with `s3syncd -c FILE`, or ask with the file that it was started with",
        ) from error
    return _judge(line)


def ask_status(state_dir: Path, site: str | None = None) -> dict[str, Any]:
    """Give the status document, cut down to one site when `site` is given.

    Raises:
        NoDaemonError: see `ask`.
        UnknownSiteError: the daemon has no such site.
    """
    status: dict[str, Any] = ask(state_dir, "status")["status"]
    if site is None:
        return status
    chosen = [each for each in status["sites"] if each["name"] == site]
    if not chosen:
        names = ", ".join(each["name"] for each in status["sites"])
        raise UnknownSiteError(
            f"the daemon has no site {site!r}",
            hint=f"sites: {names}; after a change of the configuration: s3syncd reload",
        )
    return {**status, "sites": chosen}


def _connect(stream: socket.socket, address: str, timeout_seconds: float) -> None:
    """Connect, also when the daemon's backlog is full: Linux then says EAGAIN at once (unix(7))."""
    pause = Event()
    for _ in range(max(1, int(timeout_seconds / _CONNECT_PAUSE_SECONDS))):
        try:
            stream.connect(address)
        except BlockingIOError:
            pause.wait(_CONNECT_PAUSE_SECONDS)
        else:
            return
    raise TimeoutError


def _read_line(stream: socket.socket) -> bytes:
    received = bytearray()
    while chunk := stream.recv(_CHUNK_BYTES):
        received += chunk
        if chunk.endswith(b"\n") or len(received) > MAX_REPLY_BYTES:
            break
    return bytes(received)


def _judge(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NoDaemonError("the daemon's answer broke off", hint="see its log") from error
    if not isinstance(answer, dict):
        raise NoDaemonError(
            "the daemon's answer makes no sense", hint="run the same version of both"
        )
    if answer.get("ok"):
        return answer
    said, hint = str(answer.get("error", "refused")), str(answer.get("hint") or "")
    if answer.get("reason") == "configuration":
        raise ConfigError(said.splitlines(), hint=hint)
    if answer.get("reason") == "unknown_site":
        raise UnknownSiteError(said, hint=hint)
    raise RefusedError(said, hint=hint)
