"""What is answered to HTTP requests, as a WSGI application. Read-only; knows no server.

Whoever reaches the address may read. So a browser must not be led here by a name that somebody
else's DNS makes point to this machine: the Host header has to be an address, `localhost` or the
host that was configured. With a token, everything but the bare verdict of a probe asks for it; a
browser gets the page without anything in it, which asks for the token in turn.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

from s3syncd.web.feed import FRESH_SECONDS, READERS, Feed, Reader
from s3syncd.web.overview import Overview
from s3syncd.web.page import page

__all__ = ["STREAM", "Answer", "Application", "Verdict", "View"]

STREAM = "s3syncd.stream"
"""Key of the environment under which a server that can takes a reader, to serve it from then on."""

_METHODS = frozenset({"GET", "HEAD"})
_TEXT = "text/plain; charset=utf-8"
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_EVENTS = "text/event-stream; charset=utf-8"
_STRANGERS = frozenset({"cross-site", "same-site"})  # a page of somebody else's, in a browser
_WAIT_SECONDS = 30


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

    def overview(self) -> Overview:
        """Give what the page shows."""


class Answer(NamedTuple):
    """One answer; with a reader its body is what the reader is told, from then on."""

    status: HTTPStatus
    body: bytes
    content_type: str = _TEXT
    headers: tuple[tuple[str, str], ...] = ()
    policy: str = _POLICY
    reader: Reader | None = None


class Application:
    """Answers requests from what a view shows.

    Args:
        view: what may be seen.
        hosts: names that the Host header may carry, besides addresses and `localhost`; None: any,
            because no browser can be led here (a Unix socket).
        token: what `Authorization: Bearer` must carry; None: nothing.
        on_failure: told of an exception that the view raised.
        readers: how many may follow events at once.
        fresh_seconds: how long they share what was seen.
    """

    def __init__(
        self,
        view: View,
        *,
        hosts: Iterable[str] | None = (),
        token: str | None = None,
        on_failure: Callable[[Exception], object] = lambda _error: None,
        readers: int = READERS,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self._hosts = None if hosts is None else {host.lower() for host in hosts} | {"localhost"}
        self._token = token
        self._on_failure = on_failure
        self._probes = {"/livez": view.live, "/healthz": view.health, "/readyz": view.ready}
        self._feed = Feed(
            view.overview, on_failure=on_failure, readers=readers, fresh_seconds=fresh_seconds
        )
        self._pages: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "/": lambda asked: (
                _page() if _is_browser(asked) else _plain(HTTPStatus.OK, _index(view.status()))
            ),
            "/events": self._events,
            "/status": lambda _asked: _json(view.status()),
            "/metrics": lambda _asked: _metrics(*view.metrics()),
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
        length = () if answer.reader else (("Content-Length", str(len(answer.body))),)
        start_response(
            f"{answer.status.value} {answer.status.phrase}",
            [
                ("Content-Type", answer.content_type),
                ("Content-Security-Policy", answer.policy),
                *length,
                *_HEADERS,
                *answer.headers,
            ],
        )
        if answer.reader is not None:
            environ[STREAM](answer.reader)
            return []
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
            return _stranger(is_shown_page=path == "/" and _is_browser(environ))
        if path not in self._pages:
            return _plain(HTTPStatus.NOT_FOUND, "nothing is here; see /")
        return self._pages[path](environ)

    def _events(self, environ: Mapping[str, Any]) -> Answer:
        if environ.get("HTTP_SEC_FETCH_SITE") in _STRANGERS:
            return _plain(HTTPStatus.FORBIDDEN, "only the page of this daemon may follow it")
        asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        site = asked.get("site", [None])[0]
        if "once" in asked or environ["REQUEST_METHOD"] == "HEAD" or STREAM not in environ:
            return Answer(HTTPStatus.OK, self._feed.once(site), _EVENTS)
        reader = self._feed.reader(site)
        if reader is None:
            return _plain(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too many follow it already: ask for /events?once every few seconds",
                ("Retry-After", str(_WAIT_SECONDS)),
            )
        return Answer(HTTPStatus.OK, b"", _EVENTS, reader=reader)

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


def _is_browser(environ: Mapping[str, Any]) -> bool:
    return "text/html" in environ.get("HTTP_ACCEPT", "")


def _page(status: HTTPStatus = HTTPStatus.OK, *headers: tuple[str, str]) -> Answer:
    shown = page()
    told = (("Vary", "Accept"), *headers)
    return Answer(status, shown.body, "text/html; charset=utf-8", told, shown.policy)


def _stranger(*, is_shown_page: bool) -> Answer:
    challenge = ("WWW-Authenticate", "Bearer")
    if is_shown_page:
        return _page(HTTPStatus.UNAUTHORIZED, challenge)
    return _plain(
        HTTPStatus.UNAUTHORIZED, "send http.token: Authorization: Bearer TOKEN", challenge
    )


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
