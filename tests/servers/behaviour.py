"""What a server may do with a request instead of carrying it out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from tests.servers.stub import StubServer

__all__ = [
    "Answer", "Behaviour", "Seen", "drop_response", "error_in_success", "hang_up", "hold",
    "lose_etag", "respond", "s3_error", "slow_down", "stall",
]  # fmt: skip


class Seen(NamedTuple):
    """One request that reached the stub. `target` is path and query as sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    at: float

    @property
    def path(self) -> str:
        """The path, unquoted: /bucket/key."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query, first value of each name."""
        pairs = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}


class Answer(NamedTuple):
    """What to send; `is_closing` ends the connection after it, `is_measured` tells the length."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_closing: bool = False
    is_measured: bool = True


Behaviour = Callable[["StubServer", Seen], "Answer | None"]
"""Gives the answer, or None: close without one."""


def respond(status: int, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> Behaviour:
    """Answer with this and do nothing."""
    return lambda _stub, _seen: Answer(status, headers, body)


def s3_error(status: int, code: str, message: str = "", *, extra: str = "") -> Behaviour:
    """Answer with an S3 error document; `extra` is XML."""
    text = f"<Error><Code>{code}</Code><Message>{escape(message or code)}</Message>{extra}</Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return respond(status, body, (("Content-Type", "application/xml"),))


def slow_down() -> Behaviour:
    """Ask for less, with 503."""
    return s3_error(503, "SlowDown", "Please reduce your request rate.")


def error_in_success(code: str) -> Behaviour:
    """Answer 200 with an error document, as S3 does when it finds out late."""
    return s3_error(200, code)


def hang_up() -> Behaviour:
    """Close without having done anything."""
    return lambda _stub, _seen: None


def drop_response() -> Behaviour:
    """Carry the request out, then close without an answer."""

    def behave(stub: StubServer, seen: Seen) -> Answer | None:
        stub.carry_out(seen)
        return None

    return behave


def lose_etag() -> Behaviour:
    """Carry the request out and answer without its ETag."""

    def behave(stub: StubServer, seen: Seen) -> Answer | None:
        answer = stub.carry_out(seen)
        kept = tuple(pair for pair in answer.headers if pair[0].lower() != "etag")
        return answer._replace(headers=kept)

    return behave


def hold(event: threading.Event, then: Behaviour | None = None) -> Behaviour:
    """Wait for the event (or the end of the server), then behave; by default carry it out."""

    def behave(stub: StubServer, seen: Seen) -> Answer | None:
        while not event.wait(0.05) and not stub.is_stopping.is_set():
            pass
        if stub.is_stopping.is_set():
            return None
        return then(stub, seen) if then else stub.carry_out(seen)

    return behave


def stall() -> Behaviour:
    """Never answer."""
    return hold(threading.Event())
