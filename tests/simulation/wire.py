"""The wire between a site and the strict store: every request takes its time, or goes wrong.

Replies are built by the program's own reading of answers (`s3.answer`), from what the CRT is known
to make of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.s3.answer import answer_of, failure_of
from s3syncd.s3.reply import Reply, S3Failure, Start, failed
from s3syncd.s3.wire import BodyView, WireRequest
from tests.simulation.agenda import Agenda
from tests.strict.faults import Fault, Kind
from tests.strict.history import MUTATING
from tests.strict.model import Model
from tests.strict.wire import Answer, Call, Request

__all__ = ["BUCKET", "Chance", "Wire"]

BUCKET: Final = "bucket"

_CUT: Final = "AWS_ERROR_HTTP_CONNECTION_CLOSED"
_REFUSED: Final = "AWS_IO_SOCKET_CONNECTION_REFUSED"
_BARE: Final = {
    "InternalError": "AWS_ERROR_S3_INTERNAL_ERROR",
    "SlowDown": "AWS_ERROR_S3_SLOW_DOWN",
    "ServiceUnavailable": "AWS_ERROR_S3_SLOW_DOWN",
    "RequestTimeout": "AWS_ERROR_S3_REQUEST_TIMEOUT",
}
"""Errors that the CRT tells by a name alone, without status and body."""

_LATEST_SECONDS: Final = 50.0
"""A server that hung up applies what it got within this: below the minute that is waited for it."""


class Chance(Protocol):
    """What decides which requests meet a fault."""

    is_cut_off: bool

    def fault_for(self, operation: str, key: str) -> Fault | None:
        """Give the fault that a request meets."""


class _CrtError(Exception):
    def __init__(self, name: str, answer: Answer | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.message = name
        if answer is not None:
            self.status_code = answer.status
            self.headers = list(answer.headers.items())
            self.body = answer.body


class Wire:
    """Carries requests to the store of all sites.

    Attributes:
        under_way: requests that the store has not seen the end of.
        made_late: serials of versions that were made late. Of two requests without an answer
            for one path the last is remembered: what the other one made is nobody's.
        late_at: when the last request was applied that nobody waited for any more.
    """

    def __init__(self, model: Model, agenda: Agenda, chance: Chance) -> None:
        self.model = model
        self.agenda = agenda
        self.chance = chance
        self.under_way = 0
        self.late_at = float("-inf")
        self.made_late: set[int] = set()
        self._late = 0
        self._late_keys: dict[str, float] = {}
        self._pending: dict[int, Callable[[], None]] = {}

    def send(self, request: WireRequest) -> Start:
        """Give the start of a request."""
        body = request.body
        content = body.read() if isinstance(body, BodyView) else bytes(body)
        headers = {name.lower(): value for name, value in request.headers}
        target = f"/{BUCKET}{request.target}"
        call = self.model.read(Request(request.method, target, headers, content))

        def start(resume: Callable[[Reply], None]) -> None:
            self.under_way += 1
            life = self.agenda.life
            seconds = self.agenda.random.random() * 0.03
            self.agenda.note(
                seconds, f"arrive {call.operation} {call.key}",
                lambda: self._arrive(call, request, resume, life), outlives=True,
            )  # fmt: skip

        return start

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a blocking request, as the control plane does.

        Raises:
            S3Failure: it had no success.
        """
        call = self.model.read(Request(method, target, headers, body))
        # Of one key in a listing, too: uploads are looked for by its prefix.
        fault = self.chance.fault_for(call.operation, call.key or call.query.get("prefix", ""))
        kind = None if fault is None else fault.kind
        if self.chance.is_cut_off:
            raise S3Failure(_failure("EndpointConnectionError", is_unknown=False))
        if kind in {Kind.DROP_REQUEST, Kind.LATE}:
            assert fault is not None
            if kind is Kind.LATE and self._may_be_late(call):
                self._apply_late(call, fault)
            else:
                self.model.drop(call, fault)
            raise S3Failure(_failure("ConnectionClosedError", is_unknown=True))
        answer, event = self.model.carry_out(call, fault)
        self._note(event)
        if kind in {Kind.DROP_RESPONSE, Kind.TRUNCATE}:
            raise S3Failure(_failure("ReadTimeoutError", is_unknown=True))
        if answer.status >= 300 or b"<Error>" in answer.body:
            code = event.code
            reply = failed(
                status=answer.status,
                name="ClientError",
                message=code,
                body=answer.body,
                is_unknown=answer.status >= 500,
            )
            assert reply.failure is not None
            raise S3Failure(reply.failure)
        return answer

    def _arrive(
        self, call: Call, request: WireRequest, resume: Callable[[Reply], None], life: int
    ) -> None:
        """A request reaches the store, unless it met something on its way."""
        if life != self.agenda.life:
            self._orphaned(call, life)
            return
        if self.chance.is_cut_off:
            self._answer(failure_of(request, _CrtError(_REFUSED), is_expired=False), resume)
            return
        fault = self.chance.fault_for(call.operation, call.key)
        if fault is not None and fault.kind is Kind.DELAY:
            self.agenda.note(
                fault.seconds, "delayed", outlives=True,
                act=lambda: self._carry_out(call, request, resume, None, life),
            )  # fmt: skip
        else:
            self._carry_out(call, request, resume, fault, life)

    def _carry_out(
        self, call: Call, request: WireRequest, resume: Callable[[Reply], None],
        fault: Fault | None, life: int,
    ) -> None:  # fmt: skip
        if life != self.agenda.life:
            self._orphaned(call, life)
            return
        kind = None if fault is None else fault.kind
        if kind in {Kind.DROP_REQUEST, Kind.LATE}:
            assert fault is not None
            if kind is Kind.LATE and self._may_be_late(call):
                self._apply_late(call, fault)
            else:
                self.model.drop(call, fault)
            self._answer(failure_of(request, _CrtError(_CUT), is_expired=False), resume)
            return
        answer, event = self.model.carry_out(call, fault)
        self._note(event)
        self._answer(_reply_to(request, answer, event.code, fault), resume)

    def _answer(self, reply: Reply, resume: Callable[[Reply], None]) -> None:
        seconds = self.agenda.random.random() * 0.03

        def arrive() -> None:
            self.under_way -= 1
            resume(reply)

        # Outlives as far as counting goes; what it resumes belongs to a life of its own.
        life = self.agenda.life
        self.agenda.note(
            seconds, f"answer {reply.status}",
            lambda: arrive() if life == self.agenda.life else self._forget(), outlives=True,
        )  # fmt: skip

    def _forget(self) -> None:
        self.under_way -= 1

    def _orphaned(self, call: Call, life: int) -> None:
        """Whoever sent it has died: it arrives all the same, soon or late, or never."""
        random = self.agenda.random
        self.under_way -= 1
        if life < self.agenda.life - 1:
            return  # nobody remembers that it might come
        if self._may_be_late(call) and random.random() < 0.7:
            self._apply_late(call, Fault(kind=Kind.LATE, name="orphan"))

    def _may_be_late(self, call: Call) -> bool:
        """Of two requests for one key that come late, the program remembers the last one only."""
        return call.operation in MUTATING

    def _apply_late(self, call: Call, fault: Fault) -> None:
        self.under_way += 1
        # Soon, or after much has happened.
        random = self.agenda.random
        most = random.choice((0.1, 3.0, _LATEST_SECONDS))

        self._late += 1
        number = self._late

        def apply() -> None:
            if self._pending.pop(number, None) is None:
                return
            self.under_way -= 1
            self.late_at = self.agenda.now
            event = self.model.carry_out(call, fault)[1]
            if event.made is not None:
                self.made_late.add(event.made)
            self._note(event)

        self._pending[number] = apply
        self.agenda.note(random.random() * most, f"late {call.operation}", apply, outlives=True)

    def drop_pending(self) -> None:
        """Lose what would be applied late.

        Where a path has a newer intent, a process that dies does not remember that the older one
        may still come: a known limit.
        """
        self.under_way -= len(self._pending)
        self._pending.clear()

    def _note(self, event: Any) -> None:
        told = (event.operation, event.key, event.status, event.code, event.fault, event.made)
        self.agenda.trace.add(" ".join(map(str, told)) + "\n")


def _reply_to(request: WireRequest, answer: Answer, code: str, fault: Fault | None) -> Reply:
    kind = None if fault is None else fault.kind
    body = answer.body
    if kind is Kind.DROP_RESPONSE:
        return failure_of(request, _CrtError(_CUT), is_expired=False)
    if kind is Kind.TRUNCATE:
        body = body[: len(body) // 2]
        return answer_of(request, answer.status, answer.headers.items(), body)
    if kind is Kind.ERROR_IN_SUCCESS:
        error = _CrtError("AWS_ERROR_S3_NON_RECOVERABLE_ASYNC_ERROR", answer)
        return failure_of(request, error, is_expired=False)
    if code:
        bare = _BARE.get(code)
        error = _CrtError(bare or "AWS_ERROR_S3_INVALID_RESPONSE_STATUS", None if bare else answer)
        return failure_of(request, error, is_expired=False)
    return answer_of(request, answer.status, answer.headers.items(), body)


def _failure(name: str, *, is_unknown: bool) -> Failure:
    kind = FailureKind.TRANSIENT if is_unknown else FailureKind.BUCKET
    return Failure(kind, name, None, name, is_unknown)
