"""What is answered to HTTP requests, as a WSGI application. Read-only; knows no server.

Whoever reaches the address may read. So a browser must not be led here by a name that somebody
else's DNS makes point to this machine: the Host header has to be an address, `localhost` or the
host that was configured. With a token, everything but the bare verdict of a probe asks for it.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

__all__ = ["Answer", "Application", "Verdict", "View"]

_METHODS = frozenset({"GET", "HEAD"})
_TEXT = "text/plain; charset=utf-8"
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)


class Verdict(NamedTuple):
    """What a probe learns: whether all is well, and one line per thing that is not."""

    is_good: bool
    lines: tuple[str, ...] = ()


class View(Protocol):
    """What may be seen of the daemon. Every method is thread-safe, quick, and waits for nobody."""

    def status(self) -> Mapping[str, Any]:
        """Give the status document."""

    def live(self) -> Verdict:
        """Tell whether every loop turns; nothing remote counts."""

    def health(self) -> Verdict:
        """Tell whether every site progresses."""

    def ready(self) -> Verdict:
        """Tell whether the first reconcile is done of every site that can."""

    def metrics(self) -> tuple[str, bytes]:
        """Give the content type and the text of the metrics."""


class Answer(NamedTuple):
    """One answer."""

    status: HTTPStatus
    body: bytes
    content_type: str = _TEXT
    headers: tuple[tuple[str, str], ...] = ()


class Application:
    """Answers requests from what a view shows.

    Args:
        view: what may be seen.
        hosts: names that the Host header may carry, besides addresses and `localhost`; None: any,
            because no browser can be led here (a Unix socket).
        token: what `Authorization: Bearer` must carry; None: nothing.
        on_failure: told of an exception that the view raised.
    """

    def __init__(
        self,
        view: View,
        *,
        hosts: Iterable[str] | None = (),
        token: str | None = None,
        on_failure: Callable[[Exception], object] = lambda _error: None,
    ) -> None:
        self._hosts = None if hosts is None else {host.lower() for host in hosts} | {"localhost"}
        self._token = token
        self._on_failure = on_failure
        self._probes = {"/livez": view.live, "/healthz": view.health, "/readyz": view.ready}
        self._pages: dict[str, Callable[[], Answer]] = {
            "/": lambda: _plain(HTTPStatus.OK, _index(view.status())),
            "/status": lambda: _json(view.status()),
            "/metrics": lambda: _metrics(*view.metrics()),
        }

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., object]
    ) -> list[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            answer = self._answer(environ)
        except Exception as error:  # noqa: BLE001 - a request must not end the server
            self._on_failure(error)
            answer = _plain(HTTPStatus.INTERNAL_SERVER_ERROR, "it failed; see the daemon's log")
        start_response(
            f"{answer.status.value} {answer.status.phrase}",
            [
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(answer.body))),
                *_HEADERS,
                *answer.headers,
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: Mapping[str, Any]) -> Answer:
        if not self._is_host_ours(environ.get("HTTP_HOST", "")):
            return _plain(HTTPStatus.FORBIDDEN, "not a host of this daemon: use its address")
        if environ["REQUEST_METHOD"] not in _METHODS:
            return _plain(
                HTTPStatus.METHOD_NOT_ALLOWED, "read-only: GET or HEAD", ("Allow", "GET, HEAD")
            )
        path = environ.get("PATH_INFO", "")
        is_trusted = self._is_trusted(environ.get("HTTP_AUTHORIZATION", ""))
        if path in self._probes:
            return _verdict(self._probes[path](), is_shown=is_trusted)
        if not is_trusted:
            return _plain(
                HTTPStatus.UNAUTHORIZED,
                "send http.token: Authorization: Bearer TOKEN",
                ("WWW-Authenticate", "Bearer"),
            )
        if path not in self._pages:
            return _plain(HTTPStatus.NOT_FOUND, "nothing is here; see /")
        return self._pages[path]()

    def _is_host_ours(self, written: str) -> bool:
        if self._hosts is None:
            return True
        host = written.strip().lower()
        start, end = (1, "]") if host.startswith("[") else (0, ":")
        host = host[start:].partition(end)[0]
        return host in self._hosts or _is_address(host)

    def _is_trusted(self, written: str) -> bool:
        if self._token is None:
            return True
        scheme, _, given = written.partition(" ")
        # WSGI hands headers over as Latin-1.
        is_equal = hmac.compare_digest(given.strip().encode("latin-1"), self._token.encode())
        return is_equal and scheme.lower() == "bearer"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _plain(status: HTTPStatus, text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, f"{text}\n".encode("utf-8", "backslashreplace"), headers=headers)


def _json(document: Mapping[str, Any]) -> Answer:
    body = json.dumps(document, indent=2).encode() + b"\n"
    return Answer(HTTPStatus.OK, body, "application/json")


def _metrics(content_type: str, body: bytes) -> Answer:
    return Answer(HTTPStatus.OK, body, content_type)


def _verdict(verdict: Verdict, *, is_shown: bool) -> Answer:
    status = HTTPStatus.OK if verdict.is_good else HTTPStatus.SERVICE_UNAVAILABLE
    word = "ok" if verdict.is_good else "failing"
    return _plain(status, "\n".join((word, *verdict.lines)) if is_shown else word)


def _index(status: Mapping[str, Any]) -> str:
    lines = [f"s3syncd {status['version']}, since {status['started_at']}", ""]
    for site in status["sites"]:
        told = "in sync" if site["in_sync"] else "not in sync"
        remark = f" ({site['reason']})" if site["reason"] else ""
        lines.append(f"{site['name']}: {site['state']}, {told}{remark}")
    return "\n".join([*lines, "", "/status /metrics /livez /healthz /readyz"])
