"""The wire between a site and the strict store: every request takes its time, or goes wrong.

Replies are built by the program's own reading of answers (`s3.answer`), from what the CRT is known
to make of each.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import quote

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.core.tally import RequestTally
from s3syncd.core.window import Window
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.answer import answer_of, failure_of
from s3syncd.s3.multipart import Part
from s3syncd.s3.reply import Reply, S3Failure, Start, failed
from s3syncd.s3.wire import BodyView, WireRequest, conditions, described, query_of, quote_key
from tests.simulation.agenda import Agenda
from tests.strict.faults import Fault, Kind
from tests.strict.history import MUTATING
from tests.strict.model import Model
from tests.strict.wire import Answer, Call, Request

__all__ = ["BUCKET", "Bucket", "Chance", "Wire"]

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

_LOOKS: Final = 2  # how often a blocking look or abort is repeated


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
        fault = self.chance.fault_for(call.operation, call.key)
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


class _FreeTurns:
    def one(self) -> Iterator[Any]:
        return iter(())


class Bucket:
    """The face of `s3.bucket.Bucket` for one site."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.window = Window(256)
        self.turns = _FreeTurns()
        self.tally = RequestTally()

    def connect(self) -> None:
        if self._wire.chance.is_cut_off:
            raise SiteUnavailable("bucket_unavailable", "Could not connect.", hint="")

    def put(
        self, key: str, body: Any, *, md5: bytes, content_type: str = "",
        metadata: Mapping[str, str] | None = None, storage_class: str | None = None,
        if_match: str | None = None, if_none_match: bool = False,
    ) -> Start:  # fmt: skip
        headers = (
            ("Content-MD5", b64encode(md5).decode()),
            *described(content_type, metadata, storage_class),
            *conditions(if_match, is_new=if_none_match),
        )
        target = f"/{quote_key(key)}"
        return self._wire.send(WireRequest("PutObject", "PUT", target, headers, body, needs="etag"))

    def head(
        self, key: str, *, part_number: int | None = None, with_checksum: bool = False
    ) -> Start:
        target = f"/{quote_key(key)}" + (f"?partNumber={part_number}" if part_number else "")
        headers = (("x-amz-checksum-mode", "ENABLED"),) if with_checksum else ()
        return self._wire.send(WireRequest("HeadObject", "HEAD", target, headers, is_effect=False))

    def peek(self, key: str) -> Start:
        headers = (("Range", "bytes=0-0"),)
        request = WireRequest("GetObject", "GET", f"/{quote_key(key)}", headers, is_effect=False)
        return self._wire.send(request)

    def delete(self, key: str, *, if_match: str | None = None) -> Start:
        request = WireRequest("DeleteObject", "DELETE", f"/{quote_key(key)}", conditions(if_match))
        return self._wire.send(request)

    def copy_onto_itself(
        self, key: str, *, etag: str, storage_class: str | None, metadata: Mapping[str, str],
        content_type: str = "",
    ) -> Start:  # fmt: skip
        headers = (
            ("x-amz-copy-source", quote_key(f"/{BUCKET}/{key}")),
            ("x-amz-copy-source-if-match", f'"{etag}"'),
            ("x-amz-metadata-directive", "REPLACE"),
            *described(content_type, metadata, storage_class),
        )
        target = f"/{quote_key(key)}"
        return self._wire.send(WireRequest("CopyObject", "PUT", target, headers, needs="body"))

    def list_page(
        self, prefix: str, *, token: str | None = None, start_after: str | None = None,
        max_keys: int = 1000,
    ) -> Start:  # fmt: skip
        most = min(max_keys, 4)  # several pages of a handful of keys
        pairs = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", str(most))]
        pairs.append(("prefix", prefix))
        if token is not None:
            pairs.append(("continuation-token", token))
        elif start_after is not None:
            pairs.append(("start-after", start_after))
        target = f"?{query_of(pairs)}"
        return self._wire.send(
            WireRequest(
                "ListObjectsV2", "GET", target, is_effect=False, needs="body", is_bucket_wide=True
            )
        )

    def upload_part(self, key: str, upload_id: str, number: int, body: Any, *, md5: bytes) -> Start:
        query = query_of((("partNumber", str(number)), ("uploadId", upload_id)))
        headers = (("Content-MD5", b64encode(md5).decode()),)
        target = f"/{quote_key(key)}?{query}"
        return self._wire.send(
            WireRequest("UploadPart", "PUT", target, headers, body, needs="etag")
        )

    def create_multipart(
        self, key: str, *, content_type: str = "", metadata: Mapping[str, str] | None = None,
        storage_class: str | None = None,
    ) -> str:  # fmt: skip
        pairs = described(content_type, metadata, storage_class)
        headers = {name.lower(): value for name, value in pairs}
        answer = self._wire.ask("POST", f"{_target(key)}?uploads", headers, b"")
        return answer.body.split(b"<UploadId>")[1].split(b"<")[0].decode()

    def complete_multipart(
        self, key: str, upload_id: str, parts: Sequence[tuple[int, str]], *,
        if_match: str | None = None, if_none_match: bool = False, size_bytes: int | None = None,
    ) -> str:  # fmt: skip
        pairs = conditions(if_match, is_new=if_none_match)
        headers = {name.lower(): value for name, value in pairs}
        if size_bytes is not None:
            headers["x-amz-mp-object-size"] = str(size_bytes)
        rows = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
            for number, etag in parts
        )
        body = f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>".encode()
        answer = self._wire.ask("POST", _of_upload(key, upload_id), headers, body)
        return (
            answer.body.split(b"<ETag>")[1].split(b"<")[0].decode().replace("&quot;", "").strip('"')
        )

    def abort_multipart(self, key: str, upload_id: str) -> None:
        try:
            self._repeated("DELETE", _of_upload(key, upload_id))
        except S3Failure as error:
            if error.failure.kind is not FailureKind.MISSING:
                raise

    def list_parts(self, key: str, upload_id: str) -> list[Part]:
        self._repeated("GET", _of_upload(key, upload_id))
        upload = self._uploads().get(upload_id)
        parts = sorted(upload.parts.items()) if upload else []
        return [Part(number, part.md5.hex(), len(part.body)) for number, part in parts]

    def list_uploads(self, key: str) -> list[str]:
        self._repeated("GET", f"/{BUCKET}?uploads&prefix={quote(key, safe='')}")
        return [name for name, upload in self._uploads().items() if upload.key == key]

    def back_off(self, attempt: int) -> Start:
        agenda = self._wire.agenda

        def start(resume: Callable[[Any], None]) -> None:
            agenda.note(float(attempt), "back off", lambda: resume(None))

        return start

    def _uploads(self) -> dict[str, Any]:
        return self._wire.model.store.buckets[BUCKET].uploads

    def _repeated(self, method: str, target: str) -> None:
        for attempt in range(_LOOKS + 1):
            try:
                self._wire.ask(method, target, {}, b"")
                return
            except S3Failure as error:
                passing = {FailureKind.TRANSIENT, FailureKind.THROTTLED}
                if error.failure.kind not in passing or attempt == _LOOKS:
                    raise


def _target(key: str) -> str:
    return f"/{BUCKET}/{quote_key(key)}"


def _of_upload(key: str, upload_id: str) -> str:
    return f"{_target(key)}?uploadId={quote(upload_id, safe='')}"
