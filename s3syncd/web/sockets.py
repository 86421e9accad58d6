"""Makes the socket that the HTTP server listens on, and says in words why it cannot."""

from __future__ import annotations

import errno
import os
import socket
import stat
import tempfile
from pathlib import Path

from s3syncd.errors import FatalError
from s3syncd.web.address import MAX_ADDRESS_BYTES

__all__ = ["listening_socket", "remove_socket", "shown_address", "try_listening"]

_UNIX = "unix:"
_TRIED = ".s3syncd-check-"
_PROBE_SECONDS = 1.0  # a local listener answers at once, or its backlog is full


def listening_socket(listen: str) -> socket.socket:
    """Bind to `host:port` or `unix:/path`.

    Raises:
        FatalError: it cannot be bound; message and hint say why. Fatal to the listener alone.
    """
    try:
        if listen.startswith(_UNIX):
            return _unix(Path(listen.removeprefix(_UNIX)))
        return _tcp(listen)
    except OSError as error:
        raise _refused(listen, error) from error


def try_listening(listen: str) -> None:
    """Try whether `listening_socket` could; nobody is answered, and nothing stays behind.

    Raises:
        FatalError: it could not; message and hint say why.
    """
    try:
        if listen.startswith(_UNIX):
            _try_unix(Path(listen.removeprefix(_UNIX)))
        else:
            _tcp(listen).close()
    except OSError as error:
        raise _refused(listen, error) from error


def _refused(listen: str, error: OSError) -> FatalError:
    return FatalError(f"cannot listen on {listen}: {error.strerror or error}", hint=_hint(error))


def shown_address(stream: socket.socket) -> str:
    """Give where a socket really listens: the port that was chosen for port 0, for example."""
    name = stream.getsockname()
    if stream.family == socket.AF_UNIX:
        return f"{_UNIX}{name}"
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def remove_socket(listen: str) -> None:
    """Remove the socket file that was made for `listen`, if it has one."""
    if listen.startswith(_UNIX):
        Path(listen.removeprefix(_UNIX)).unlink(missing_ok=True)


def _tcp(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    found = socket.getaddrinfo(
        host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, protocol, _, address = found[0]
    stream = socket.socket(family, kind, protocol)
    try:
        # A port that was left a moment ago is no port that is taken.
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind(address)
    except OSError:
        stream.close()
        raise
    return stream


def _unix(path: Path) -> socket.socket:
    _judge_length(path)
    if _is_stale(path):
        path.unlink()
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.bind(str(path))
        # Between bind and listen nobody can connect. The group may: a proxy's, for example.
        path.chmod(0o660)
    except OSError:
        stream.close()
        raise
    return stream


def _try_unix(path: Path) -> None:
    """Look who has the path; try whether a file can be made beside it."""
    _judge_length(path)
    _is_stale(path)
    descriptor, tried = tempfile.mkstemp(prefix=_TRIED, dir=path.parent)
    os.close(descriptor)
    Path(tried).unlink()


def _judge_length(path: Path) -> None:
    length = len(os.fsencode(path))
    if length > MAX_ADDRESS_BYTES:
        raise FatalError(
            f"cannot listen on {_UNIX}{path}: the path has {length} bytes",
            hint=f"a socket's path has at most {MAX_ADDRESS_BYTES}: write a shorter http.listen",
        )


def _is_stale(path: Path) -> bool:
    """Whether a socket is there that nobody listens at; anything else there is refused."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(mode):
        raise FatalError(
            f"{path} exists and is not a socket", hint="move it away, or write another http.listen"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
        except (BlockingIOError, TimeoutError):  # its backlog is full, so somebody has it
            pass
    raise FatalError(
        f"cannot listen on {_UNIX}{path}: another process does",
        hint="stop it, or write another http.listen",
    )


def _hint(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another process has it: stop that one, or write another http.listen"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "this user may not: ports below 1024 and directories have owners"
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "its directory is missing: make it, or write another http.listen"
    return "write another http.listen; it is tried again every 30 s"
