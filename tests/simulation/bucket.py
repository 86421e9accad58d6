"""What a site asks of its bucket, as requests on the simulated wire."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import RequestTally
from s3syncd.core.window import Window
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.multipart import Part
from s3syncd.s3.reply import S3Failure, Start
from s3syncd.s3.wire import WireRequest, conditions, described, query_of, quote_key
from tests.simulation.wire import BUCKET, Wire

__all__ = ["Bucket"]

_LOOKS: Final = 2  # how often a blocking look or abort is repeated


class _FreeTurns:
    def one(self) -> Iterator[Any]:
        return iter(())


class Bucket:
    """The face of `s3.bucket.Bucket` for one site; see the module."""

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
        return self._wire.send(
            WireRequest("HeadObject", "HEAD", target, headers, is_effect=False, needs="etag")
        )

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
