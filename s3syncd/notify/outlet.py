"""Sends one HTTP request to an address that may be a secret, and says in few words why it failed.

Certificates are verified, the environment's proxies are used, no redirect is followed: it could
lead the secret to another scheme or host. Of an answer only the status is read.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from s3syncd import __version__

__all__ = ["Outlet", "UnsentError"]

STEP_SECONDS: Final = 10.0
"""How long one step (connect, a read) may take; such services answer within a second."""

LIMIT_SECONDS: Final = 30.0
"""How long all steps together may take: a server may send a byte now and then, for ever."""


class UnsentError(Exception):
    """It was not sent, or not accepted.

    Args:
        message: why, with nothing of the address in it.
        retry_after_seconds: how long the server asks to wait; None: it does not.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class Outlet:
    """One address, and at most one request at a time.

    `send` blocks, and is for a thread of its own; `expire` is called by another one, about once a
    second.

    Args:
        url: http or https, with user and password if need be.
        step_seconds: how long one step may take.
        limit_seconds: how long a request may take.
        context: whom to trust; by default the system's authorities.
    """

    def __init__(
        self,
        url: str,
        *,
        step_seconds: float = STEP_SECONDS,
        limit_seconds: float = LIMIT_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self._url = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
        self._authorization = _basic(parts.username, parts.password)
        self._step_seconds = step_seconds
        self._limit_seconds = limit_seconds
        self._context = context
        self._opener: urllib.request.OpenerDirector | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._began_at: float | None = None
        self._lock = threading.Lock()

    def send(self, now: float, body: bytes | None = None) -> None:
        """Send a GET, or POST a JSON document, and wait for the answer.

        Raises:
            UnsentError: there was no answer in time, or it was not 2xx.
        """
        headers = {"User-Agent": f"s3syncd/{__version__}", "Accept": "*/*"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        if self._authorization:
            headers["Authorization"] = self._authorization
        request = urllib.request.Request(self._url, data=body, headers=headers)  # noqa: S310 - http(s)
        self._began_at = now
        try:
            with self._open(request):
                pass
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnsentError(_words(error)) from None
        finally:
            with self._lock:
                self._began_at, self._connection = None, None

    def expire(self, now: float) -> None:
        """Cut the connection of a request that takes too long. Thread-safe."""
        with self._lock:
            began_at, connection = self._began_at, self._connection
            if began_at is None or connection is None or now - began_at < self._limit_seconds:
                return
            stream = connection.sock
            if stream is not None:
                _cut(stream)

    def _open(self, request: urllib.request.Request) -> Any:
        if self._opener is None:
            self._opener = _opener(self._connected, self._context or ssl.create_default_context())
        return self._opener.open(request, timeout=self._step_seconds)

    def _connected(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._connection = connection


def _opener(
    tell: Callable[[http.client.HTTPConnection], None], context: ssl.SSLContext
) -> urllib.request.OpenerDirector:
    """Give what opens http and https alone; no redirects, no files, no cookies."""

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> Any:
            def connection(host: str, **options: Any) -> http.client.HTTPConnection:
                made = http.client.HTTPConnection(host, **options)
                tell(made)
                return made

            return self.do_open(connection, req)

    class Secure(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> Any:
            def connection(host: str, **options: Any) -> http.client.HTTPConnection:
                made = http.client.HTTPSConnection(host, context=context, **options)
                tell(made)
                return made

            return self.do_open(connection, req)

    opener = urllib.request.OpenerDirector()
    for each in (
        urllib.request.ProxyHandler(),
        Plain(),
        Secure(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(each)
    return opener


def _cut(stream: socket.socket) -> None:
    try:
        # Of an ssl socket, too: its own shutdown would wait for the other side.
        socket.socket.shutdown(stream, socket.SHUT_RDWR)
    except OSError:
        return


def _basic(user: str | None, password: str | None) -> str:
    if user is None and password is None:
        return ""
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _refused(error: urllib.error.HTTPError) -> UnsentError:
    words = f"the server answers {error.code}"
    if 300 <= error.code < 400:
        words += ", a redirect, which is not followed: write the address that it leads to"
    after = str(error.headers.get("Retry-After", "")) if error.headers else ""
    is_number = after.isascii() and after.isdigit() and len(after) < 10
    return UnsentError(words, retry_after_seconds=float(after) if is_number else None)


def _words(error: Exception) -> str:
    """Say what went wrong; the texts of some exceptions hold the address."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {reason.verify_message}"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, socket.gaierror):
        return f"the host's name is not resolved: {reason.strerror}"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return type(reason).__name__
