"""The model: reads a request, chooses its fault, carries it out, and keeps the history.

Pure: no I/O, no threads; time and randomness are given. Whoever calls it from several threads does
so one at a time (`fake.FakeStore` does), except for `read`, which touches nothing shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from random import Random
from typing import Final
from urllib.parse import unquote

from tests.strict import buckets, copies, listings, objects, uploads
from tests.strict.checksums import check_body, told_checksums
from tests.strict.conditions import conditions_of
from tests.strict.errors import S3Error, error_document
from tests.strict.faults import Fault, Kind, Script
from tests.strict.history import Event, History
from tests.strict.payload import read_payload
from tests.strict.signature import authenticate, sent_at, signature_of
from tests.strict.state import Bucket, seen_of
from tests.strict.store import Options, Result, Store, check_key
from tests.strict.wire import Answer, Call, Request, operation_of, parse_target

__all__ = ["Model"]

_Operation = Callable[[Store, Bucket, Call], Result]

_OPERATIONS: Final[Mapping[str, _Operation]] = {
    "AbortMultipartUpload": uploads.abort_multipart_upload,
    "CompleteMultipartUpload": uploads.complete_multipart_upload,
    "CopyObject": copies.copy_object,
    "CreateMultipartUpload": uploads.create_multipart_upload,
    "DeleteBucket": buckets.delete_bucket,
    "DeleteBucketLifecycle": buckets.delete_lifecycle,
    "DeleteObject": objects.delete_object,
    "DeleteObjects": copies.delete_objects,
    "GetBucketLifecycleConfiguration": buckets.get_lifecycle,
    "GetBucketLocation": buckets.get_location,
    "GetBucketVersioning": buckets.get_versioning,
    "GetObject": objects.get_object,
    "HeadBucket": buckets.head_bucket,
    "HeadObject": objects.head_object,
    "ListMultipartUploads": listings.list_multipart_uploads,
    "ListObjectVersions": listings.list_object_versions,
    "ListObjects": listings.list_objects,
    "ListObjectsV2": listings.list_objects_v2,
    "ListParts": uploads.list_parts,
    "PutBucketLifecycleConfiguration": buckets.put_lifecycle,
    "PutBucketVersioning": buckets.put_versioning,
    "PutObject": objects.put_object,
    "UploadPart": uploads.upload_part,
}
_OF_THE_SERVICE: Final[Mapping[str, Callable[[Store, Call], Result]]] = {
    "CreateBucket": buckets.create_bucket,
    "ListBuckets": buckets.list_buckets,
}
_LISTINGS: Final = {
    "ListObjects": listings.list_objects,
    "ListObjectsV2": listings.list_objects_v2,
}


class Model:
    """The store and its rules.

    Args:
        clock: gives epoch seconds.
        random: makes ids.
        options: how it behaves where stores differ.
    """

    def __init__(
        self, *, clock: Callable[[], float], random: Random, options: Options | None = None
    ) -> None:
        self.options = options or Options()
        self.store = Store(self.options, clock, random)
        self.script = Script()
        self._events: list[Event] = []

    @property
    def history(self) -> History:
        """What happened until now."""
        return History(self._events)

    def events_after(self, number: int) -> list[Event]:
        """Give the events that come after one."""
        return self._events[number:]

    def handle(self, request: Request) -> Answer:
        """Carry a request out at once; a fault that takes time or a connection is none here."""
        call = self.read(request)
        return self.carry_out(call, self.fault_for(call))[0]

    def read(self, request: Request) -> Call:
        """Read a request: who sends it, what it asks for, and whether it arrived whole."""
        try:
            bucket, key, query = parse_target(request.target)
        except S3Error as error:
            return Call(request, "", "", "", {}, refusal=error)
        is_copy = "x-amz-copy-source" in request.headers
        operation = operation_of(request.method, bucket, key, query, is_copy=is_copy)
        call = Call(request, operation, bucket, key, query)
        try:
            self._check_sender(call)
        except S3Error as error:
            call.refusal = error
            return call
        if request.method in {"PUT", "POST"}:
            call.md5 = hashlib.md5(call.body, usedforsecurity=False).digest()
            # A completion tells the checksum of the object, not of its own document.
            is_own = operation != "CompleteMultipartUpload"
            try:
                check_body(request.headers, call.checksums if is_own else {}, call.body, call.md5)
            except S3Error as error:
                call.damage = error
        return call

    def fault_for(self, call: Call) -> Fault | None:
        """Choose, and count, the fault that a request meets."""
        return self.script.take(call.operation, call.bucket, _subject(call))

    def carry_out(self, call: Call, fault: Fault | None = None) -> tuple[Answer, Event]:
        """Do what is asked, note it, and give what to answer."""
        store = self.store
        store.event += 1
        request_id = f"{store.event:016X}"
        bucket = store.buckets.get(call.bucket)
        changed = len(bucket.changes) if bucket else 0
        before = bucket.current(call.key) if bucket and call.key else None
        result, error = self._attempt(call, fault)
        answer = result.answer if error is None else _refused(call, error, request_id)
        answer.headers["x-amz-request-id"] = request_id
        bucket = store.buckets.get(call.bucket)
        after = bucket.current(call.key) if bucket and call.key else None
        event = Event(
            number=store.event,
            at=store.clock(),
            request_id=request_id,
            operation=call.operation,
            bucket=call.bucket,
            key=_subject(call),
            upload_id=call.query.get("uploadId", ""),
            access_key=call.access_key,
            conditions=conditions_of(call.headers),
            status=answer.status,
            code=error.code if error else "",
            body_md5=call.md5.hex(),
            body_bytes=len(call.body),
            made=result.made,
            seen=result.seen,
            before=seen_of(before),
            after=seen_of(after),
            changes=tuple(bucket.changes[changed:]) if bucket else (),
            fault=fault.kind if fault else "",
            is_answered=fault is None or fault.kind not in _UNHEARD,
            sent_at=sent_at(call.headers),
            signature=signature_of(call.headers),
        )
        self._events.append(event)
        return answer, event

    def drop(self, call: Call, fault: Fault) -> None:
        """Note a request that was never carried out and never answered."""
        self.store.event += 1
        number = self.store.event
        self._events.append(
            Event(
                number, self.store.clock(), f"{number:016X}", call.operation, call.bucket,
                _subject(call), call.query.get("uploadId", ""), call.access_key,
                conditions_of(call.headers), body_md5=call.md5.hex(), body_bytes=len(call.body),
                fault=fault.kind, is_answered=False,
            )
        )  # fmt: skip

    def _check_sender(self, call: Call) -> None:
        keys, signed = self.options.keys, None
        if keys is not None:
            signed = authenticate(
                call.request,
                unquote(call.request.target.partition("?")[0]),
                call.query,
                keys=keys,
                region=self.options.region,
                now=self.store.clock(),
            )
            call.access_key = signed.access_key
        call.body, trailers = read_payload(call.request, signed)
        call.checksums = told_checksums({**call.headers, **trailers})

    def _attempt(self, call: Call, fault: Fault | None) -> tuple[Result, S3Error | None]:
        nothing = Result(Answer(0, {}))
        if fault is not None and fault.kind in {Kind.ERROR, Kind.ERROR_IN_SUCCESS}:
            error = S3Error(fault.code)
            error.status = 200 if fault.kind is Kind.ERROR_IN_SUCCESS else error.status
            return nothing, error
        try:
            result = self._carry_out(call, fault)
        except S3Error as error:
            return nothing, error
        if fault is not None and fault.kind is Kind.ERROR_AFTER:
            return result, S3Error(fault.code)
        return result, None

    def _carry_out(self, call: Call, fault: Fault | None) -> Result:
        if call.refusal is not None:
            raise call.refusal
        if call.operation in _OF_THE_SERVICE:
            return _OF_THE_SERVICE[call.operation](self.store, call)
        if call.operation not in _OPERATIONS:
            raise S3Error("NotImplemented")
        bucket = self.store.bucket(call.bucket)
        if call.key:
            check_key(call.key)
        if call.damage is not None:
            raise call.damage
        if fault is not None and call.operation in _LISTINGS:
            return self._list_badly(bucket, call, fault)
        return _OPERATIONS[call.operation](self.store, bucket, call)

    def _list_badly(self, bucket: Bucket, call: Call, fault: Fault) -> Result:
        list_them = _LISTINGS[call.operation]
        if fault.kind is Kind.STALE:
            known = bucket.changes[: max(0, len(bucket.changes) - fault.changes)]
            keys = bucket.keys_at(known[-1].event) if known else {}
            return list_them(self.store, bucket, call, keys=keys)
        result = list_them(self.store, bucket, call)
        if fault.kind is Kind.UNSORTED:
            body = _rotated(result.answer.body)
            result.answer.headers["Content-Length"] = str(len(body))
            return result._replace(answer=result.answer._replace(body=body))
        return result


_UNHEARD: Final = frozenset({Kind.DROP_REQUEST, Kind.DROP_RESPONSE, Kind.TRUNCATE, Kind.LATE})


def _subject(call: Call) -> str:
    return call.key or call.query.get("prefix", "")


def _refused(call: Call, error: S3Error, request_id: str) -> Answer:
    has_body = call.request.method != "HEAD" and error.status != 304
    resource = call.request.target.partition("?")[0]
    body = error_document(error, resource=resource, request_id=request_id) if has_body else b""
    headers = {"Content-Type": "application/xml", "Content-Length": str(len(body))}
    if error.code == "AuthorizationHeaderMalformed" and "Region" in error.extra:
        headers["x-amz-bucket-region"] = str(error.extra["Region"])
    return Answer(error.status, headers | error.headers, body)


def _rotated(body: bytes) -> bytes:
    """Give a listing with its first object last: out of order, if there are two at least."""
    start, *rows = body.split(b"<Contents>")
    if len(rows) < 2:
        return body
    last, _, end = rows[-1].partition(b"</Contents>")
    rows[-1] = last + b"</Contents>"
    return b"".join([start, *(b"<Contents>" + row for row in rows[1:] + rows[:1]), end])
