"""One connection through the relay: requests are passed on as the rules say."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
from collections.abc import Callable

from tests.faults.rules import Request, Rule, Rules
from tests.faults.streams import Stream, copy_body, header, reset

__all__ = ["Pair"]

_HOLD_SECONDS = 60.0  # the longest that `hold` waits for its event
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code>'
    "<Message>{code}</Message></Error>"
)


class Pair:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(
        self, client: Stream, server: Stream, number: int, rules: Rules, ending: threading.Event
    ) -> None:
        self._client = client
        self._server = server
        self._number = number
        self._rules = rules
        self._ending = ending

    def serve(self) -> None:
        """Pass requests on until either side has enough."""
        answered = 0
        while True:
            self._client.socket.settimeout(self._rules.idle_seconds)
            head = self._client.head()
            if head is None:
                return
            self._client.socket.settimeout(None)
            if not self._exchange(head):
                return
            answered += 1
            if answered == self._rules.requests_per_connection:
                return

    def _exchange(self, head: bytes) -> bool:
        """Pass one request and its answer on; whether the connection may go on."""
        request = _request_of(head, self._number)
        rule = self._rules.rule_for(request)
        fault = rule.fault if rule else ""
        if rule is not None and fault in _BEFORE:
            return _BEFORE[fault](self, rule, request)
        if fault == "hold" and rule is not None and rule.event is not None:
            rule.event.wait(_HOLD_SECONDS)
        elif fault == "delay" and rule is not None:
            self._ending.wait(rule.seconds)
        if self._has_left():
            self._rules.note_given_up(request)
        self._forward(head, request)
        if rule is not None and fault in {"lose", "truncate", "stall_answer"}:
            return self._cut(rule, request)
        return self._pass_answer(request)

    def _forward(self, head: bytes, request: Request) -> None:
        if header(head, b"expect"):
            self._client.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = re.sub(rb"\r\nexpect:[^\r]*", b"", head, flags=re.IGNORECASE)
        self._server.socket.sendall(head)
        self._client.copy(request.length, self._server.socket)

    def _reset(self, rule: Rule, request: Request) -> bool:
        self._client.skip(min(rule.amount, request.length))
        reset(self._client.socket)
        return False

    def _hang_up(self, _rule: Rule, request: Request) -> bool:
        self._client.skip(request.length)
        return False

    def _answer(self, rule: Rule, request: Request) -> bool:
        self._client.skip(request.length)
        body = b"" if request.method == "HEAD" else _ERROR.format(code=rule.code).encode()
        self._client.socket.sendall(
            f"HTTP/1.1 {rule.amount} Told\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        return True

    def _garble(self, _rule: Rule, request: Request) -> bool:
        self._client.skip(request.length)
        self._client.socket.sendall(b"\x16\x03\x01 what you asked, I do not know\r\n\r\n")
        return False

    def _stall_request(self, rule: Rule, request: Request) -> bool:
        self._client.skip(min(rule.amount, request.length))
        self._rest()
        return False

    def _rest(self) -> None:
        """Do nothing until the peer has left; what it sends meanwhile is not read."""
        while not self._ending.wait(0.05):
            if self._has_left():
                return

    def _has_left(self) -> bool:
        # States of tcp(7): what is not ESTABLISHED (1) has got a FIN or RST, also behind bytes
        # that nobody reads.
        try:
            state = self._client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        except OSError:
            return True
        return state != 1

    def _answer_head(self, request: Request) -> bytes | None:
        """Read the head of the answer; notes a client that leaves before it comes."""
        self._await_answer(request)
        head = self._server.head()
        while head is not None and head.startswith(b"HTTP/1.1 100"):
            head = self._server.head()
        return head

    def _await_answer(self, request: Request) -> None:
        waiting = select.poll()
        with contextlib.suppress(ValueError):  # closed by now: both were cut
            waiting.register(self._server.socket, select.POLLIN)
            waiting.register(self._client.socket, select.POLLRDHUP)
            waiting.poll()
        if self._has_left() and not self._has_answer():
            self._rules.note_given_up(request)

    def _has_answer(self) -> bool:
        try:
            return bool(self._server.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False

    def _cut(self, rule: Rule, request: Request) -> bool:
        head = self._answer_head(request)
        if head is None:
            return False
        body = bytearray()
        # Whole, so that the server has surely carried it out.
        copy_body(self._server, head, request.method, body)
        if rule.fault == "lose":
            reset(self._client.socket)
            return False
        if rule.amount >= 0:
            self._client.socket.sendall(head + body[: rule.amount])
            rule.is_answered.set()
        if rule.fault == "stall_answer":
            self._rest()
        else:
            self._client.socket.shutdown(socket.SHUT_RDWR)
        return False

    def _pass_answer(self, request: Request) -> bool:
        head = self._answer_head(request)
        if head is None:
            return False
        self._client.socket.sendall(head)
        is_measured = copy_body(self._server, head, request.method, self._client.socket)
        return is_measured and (header(head, b"connection") or b"").lower() != b"close"


_BEFORE: dict[str, Callable[[Pair, Rule, Request], bool]] = {
    "reset": Pair._reset,
    "hang_up": Pair._hang_up,
    "answer": Pair._answer,
    "garble": Pair._garble,
    "stall_request": Pair._stall_request,
}


def _request_of(head: bytes, connection: int) -> Request:
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    length = int(header(head, b"content-length") or 0)
    credential = re.search(rb"Credential=([^/,]*)/", head)
    who = credential[1].decode() if credential else ""
    signature = re.search(rb"Signature=([0-9a-f]+)", head)
    signed = signature[1].decode() if signature else ""
    return Request(method, target, length, who, connection, signature=signed)
