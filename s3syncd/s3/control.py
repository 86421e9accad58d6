"""Asks for uploads in parts on connections of our own, in the words of boto3's client.

`Multipart` speaks to either; what it catches is an `S3Failure` here.
"""

# ruff: noqa: N803 - the names are boto3's

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final
from xml.etree.ElementTree import Element

from s3syncd.core.retry import Failure, classify
from s3syncd.s3.caller import Unanswered
from s3syncd.s3.evidence import Doubt, prove_known
from s3syncd.s3.http1 import Answer
from s3syncd.s3.reply import S3Failure, error_of, hidden
from s3syncd.s3.wire import WireRequest, described, query_of, quote_key

__all__ = ["Ask", "Control", "failure_of"]

Ask = Callable[[WireRequest], Answer]

_BROKEN: Final = 500
"""The status of a success that is none: as botocore has it, what was done is not known."""


class Control:
    """What `Multipart` asks of a client of boto3; each blocks, and raises `S3Failure`.

    Args:
        ask: sends a request; raises `Unanswered`.
        base_path: before each key, without the slash between.
        token: taken out of what the store says.
    """

    def __init__(self, ask: Ask, base_path: str, *, token: str | None = None) -> None:
        self._ask, self._base_path, self._token = ask, base_path, token

    def create_multipart_upload(
        self, *, Key: str, ContentType: str, Metadata: Mapping[str, str],
        StorageClass: str | None = None, **_bucket: str,
    ) -> dict[str, Any]:  # fmt: skip
        """Begin an upload."""
        headers = described(ContentType, Metadata, StorageClass)
        target = self._target(Key, ("uploads", ""))
        root = self._told(WireRequest("CreateMultipartUpload", "POST", target, headers))
        upload_id = _texts(root).get("UploadId")
        if not upload_id:
            raise S3Failure(self._failure(_BROKEN, "", "The answer names no upload."))
        return {"UploadId": upload_id}

    def complete_multipart_upload(
        self, *, Key: str, UploadId: str, MultipartUpload: Mapping[str, Any],
        IfMatch: str | None = None, IfNoneMatch: str | None = None,
        MpuObjectSize: int | None = None, **_bucket: str,
    ) -> dict[str, Any]:  # fmt: skip
        """Make the object of its parts."""
        given = {"if-match": IfMatch, "if-none-match": IfNoneMatch}
        given["x-amz-mp-object-size"] = None if MpuObjectSize is None else str(MpuObjectSize)
        headers = tuple((name, text) for name, text in given.items() if text is not None)
        body = _list_of(MultipartUpload["Parts"])
        target = self._target(Key, ("uploadId", UploadId))
        return _texts(
            self._told(WireRequest("CompleteMultipartUpload", "POST", target, headers, body))
        )

    def abort_multipart_upload(
        self,
        *,
        Key: str,
        UploadId: str,
        **_bucket: str,
    ) -> dict[str, Any]:
        """Drop an upload."""
        target = self._target(Key, ("uploadId", UploadId))
        self._told(WireRequest("AbortMultipartUpload", "DELETE", target))
        return {}

    def list_parts(
        self,
        *,
        Key: str,
        UploadId: str,
        PartNumberMarker: int,
        **_bucket: str,
    ) -> dict[str, Any]:
        """Look at the parts of an upload."""
        marker = ("part-number-marker", str(PartNumberMarker))
        target = self._target(Key, marker, ("uploadId", UploadId))
        root = self._told(WireRequest("ListParts", "GET", target, is_effect=False))
        return self._page(root, "Part", "Parts", ("PartNumber", "Size"))

    def list_multipart_uploads(
        self, *, Prefix: str, KeyMarker: str = "", UploadIdMarker: str = "",
        **_bucket: str,
    ) -> dict[str, Any]:  # fmt: skip
        """Look for uploads."""
        asked = {"key-marker": KeyMarker, "upload-id-marker": UploadIdMarker}
        more = [(name, text) for name, text in asked.items() if text]
        target = self._target(None, ("prefix", Prefix), ("uploads", ""), *more)
        root = self._told(WireRequest("ListMultipartUploads", "GET", target, is_effect=False))
        return self._page(root, "Upload", "Uploads", ())

    def _page(
        self, root: Element | None, tag: str, name: str, numbers: Sequence[str]
    ) -> dict[str, Any]:
        page: dict[str, Any] = _texts(root)
        found = [_texts(each) for each in (() if root is None else root) if _name_of(each) == tag]
        if not all(str(each.get(number, "")).isdecimal() for each in found for number in numbers):
            raise S3Failure(self._failure(_BROKEN, "", "The answer has no numbers."))
        marker = page.get("NextPartNumberMarker", "")
        page["NextPartNumberMarker"] = int(marker) if marker.isdecimal() else 0
        return page | {name: found, "IsTruncated": page.get("IsTruncated") == "true"}

    def _target(self, key: str | None, *pairs: tuple[str, str]) -> str:
        path = self._base_path or "/" if key is None else f"{self._base_path}/{quote_key(key)}"
        return f"{path}?{query_of(pairs)}"

    def _told(self, request: WireRequest) -> Element | None:
        """Ask, and give the document that was answered; None for an empty answer."""
        try:
            answer = self._ask(request)
        except Unanswered as error:
            raise S3Failure(failure_of(error, self._token)) from error
        if not 200 <= answer.status < 300:
            code, message, _ = error_of(answer.body)
            raise S3Failure(self._failure(answer.status, code, message))
        try:
            root = prove_known(request.operation, answer.body)
        except Doubt as error:  # half of an answer, perhaps
            raise S3Failure(self._failure(_BROKEN, "", str(error))) from error
        # Found while it was carried out, behind a success.
        if root is not None and _name_of(root) == "Error":
            code, message, _ = error_of(answer.body)
            raise S3Failure(self._failure(_BROKEN, code, message))
        return root

    def _failure(self, status: int, code: str, message: str) -> Failure:
        code, message = hidden(code, self._token), hidden(message, self._token)
        kind = classify(status=status, code=code, name="ClientError")
        return Failure(kind, code or str(status), status, message, status >= _BROKEN)


def failure_of(error: Unanswered, token: str | None = None) -> Failure:
    """Give what it means that there was no answer."""
    kind = classify(status=None, code="", name=error.name)
    return Failure(kind, error.name, None, hidden(error.message, token), not error.is_unsent)


def _list_of(parts: Sequence[Mapping[str, Any]]) -> bytes:
    listed = "".join(
        f"<Part><PartNumber>{part['PartNumber']}</PartNumber>"
        f"<ETag>{escape(part['ETag'], quote=False)}</ETag></Part>"
        for part in parts
    )
    name = "CompleteMultipartUpload"
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<{name} xmlns="{space}">{listed}</{name}>'.encode()


def _name_of(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _texts(root: Element | None) -> dict[str, Any]:
    return {} if root is None else {_name_of(each): (each.text or "").strip() for each in root}
