"""What a relay does wrong: rules for single requests, habits of every connection."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

__all__ = ["Request", "Rule", "Rules"]


class Request(NamedTuple):
    """One request that reached the relay; `access_key` is the one that it was signed with.

    `connection` numbers the connections as they were accepted; `fault` names the rule it met;
    `signature` is what makes it this one.
    """

    method: str
    target: str
    length: int
    access_key: str = ""
    connection: int = 0
    fault: str = ""
    signature: str = ""

    @property
    def path(self) -> str:
        """The path, unquoted: /bucket/key."""
        return unquote(urlsplit(self.target).path)

    @property
    def is_put(self) -> bool:
        """Whether it sends an object's bytes."""
        return self.method == "PUT"


@dataclass
class Rule:
    """What is done to the next `left` requests that match.

    `reached` is set by the first; `is_answered` when it got the part of an answer that is due.
    """

    fault: str
    method: str
    contains: str
    left: int
    amount: int = 0
    code: str = ""
    seconds: float = 0.0
    event: threading.Event | None = None
    reached: threading.Event = field(default_factory=threading.Event)
    is_answered: threading.Event = field(default_factory=threading.Event)

    def matches(self, request: Request) -> bool:
        """Whether the rule is about this request, and not used up."""
        is_same = request.method.startswith(self.method) and self.contains in request.target
        return is_same and self.left > 0


@dataclass
class Rules:
    """The methods named after faults add a rule for requests that come from now on.

    Attributes:
        requests: that came, each with the rule it met.
        idle_seconds: a connection that rests for so long is closed; None: never.
        requests_per_connection: after so many answers a connection is closed, unannounced; 0:
            never.
        given_up: signatures of requests whose client had left before the answer came -> when that
            was seen, in epoch seconds. The server may carry them out later still.
    """

    requests: list[Request] = field(default_factory=list, init=False)
    idle_seconds: float | None = field(default=None, init=False)
    requests_per_connection: int = field(default=0, init=False)
    given_up: dict[str, float] = field(default_factory=dict, init=False)
    _rules: list[Rule] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    # --- what was seen ------------------------------------------------------------------------

    def seen(self, method: str = "", contains: str = "") -> list[Request]:
        """Give the requests so far that match."""
        return [
            r for r in list(self.requests) if r.method.startswith(method) and contains in r.target
        ]

    def met(self, fault: str) -> list[Request]:
        """Give the requests so far that met a fault."""
        return [r for r in list(self.requests) if r.fault == fault]

    # --- faults of single requests -------------------------------------------------------------

    def reset_after(
        self, body_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Reset the connection after so many bytes of the request's body."""
        return self._add(Rule("reset", method, contains, times, amount=body_bytes))

    def hang_up(self, *, method: str = "", contains: str = "", times: int = 1) -> Rule:
        """Close the connection in good order (FIN) when the request is read; it goes nowhere."""
        return self._add(Rule("hang_up", method, contains, times))

    def lose_response(self, *, method: str = "", contains: str = "", times: int = 1) -> Rule:
        """Let the server carry it out, and close without an answer."""
        return self._add(Rule("lose", method, contains, times))

    def truncate(
        self, answer_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Let the server carry it out, and break off after so many bytes of the answer's body."""
        return self._add(Rule("truncate", method, contains, times, amount=answer_bytes))

    def answer(
        self, status: int, code: str, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Answer with an S3 error instead of the server."""
        return self._add(Rule("answer", method, contains, times, amount=status, code=code))

    def garble(self, *, method: str = "", contains: str = "", times: int = 1) -> Rule:
        """Answer with something that is not HTTP."""
        return self._add(Rule("garble", method, contains, times))

    def hold(
        self, event: threading.Event, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Pass the request on when the event is set; `reached` of the rule tells that it came."""
        return self._add(Rule("hold", method, contains, times, event=event))

    def delay(
        self, seconds: float, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Pass the request on after so many seconds."""
        return self._add(Rule("delay", method, contains, times, seconds=seconds))

    def stall_request(
        self, body_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Read so many bytes of the request's body, and nothing any more; the server gets none."""
        return self._add(Rule("stall_request", method, contains, times, amount=body_bytes))

    def stall_answer(
        self, answer_bytes: int, *, method: str = "", contains: str = "", times: int = 1
    ) -> Rule:
        """Let the server carry it out, send head and so many bytes of the body, and rest.

        With -1 not even the head is sent.
        """
        return self._add(Rule("stall_answer", method, contains, times, amount=answer_bytes))

    def clear(self) -> None:
        """Drop every rule and habit; what rests already does so until its peer leaves."""
        with self._lock:
            self._rules.clear()
        self.idle_seconds = None
        self.requests_per_connection = 0

    def _add(self, rule: Rule) -> Rule:
        with self._lock:
            self._rules.append(rule)
        return rule

    def rule_for(self, request: Request) -> Rule | None:
        """Note a request, and give the rule that it meets."""
        with self._lock:
            rule = next((one for one in self._rules if one.matches(request)), None)
            self.requests.append(request._replace(fault=rule.fault if rule else ""))
            if rule is not None:
                rule.left -= 1
                rule.reached.set()
        return rule

    def note_given_up(self, request: Request) -> None:
        """Note that a request's client has left, and there is no answer yet."""
        self.given_up.setdefault(request.signature, time.time())

    def let_go(self) -> None:
        """Let go whoever waits for an event."""
        with self._lock:
            for rule in self._rules:
                if rule.event is not None:
                    rule.event.set()
