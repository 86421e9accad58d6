"""The blocking requests of a multipart upload: create, complete, abort, look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

from s3syncd.core.retry import FailureKind
from s3syncd.s3.reply import S3Failure

__all__ = ["Multipart", "Part"]

MAX_PAGES: Final = 100
"""Pages read before a store is taken to run in a circle: ten times the most parts there can be."""


class Part(NamedTuple):
    """A part the store holds; `etag` without quotes."""

    number: int
    etag: str
    size_bytes: int


class Multipart:
    """Multipart uploads of one bucket, by boto3; every method blocks and raises `S3Failure`.

    Not in the data plane: the error code in the body of a 5xx matters here, and the CRT drops it;
    completing may take longer than the CRT waits.

    Args:
        client: a boto3 S3 client that does not retry.
        bucket: name of the bucket.
        failures: context in which the client's exceptions become `S3Failure`.
    """

    def __init__(
        self, client: Any, bucket: str, failures: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._failures = failures

    def create(
        self,
        key: str,
        *,
        content_type: str,
        metadata: Mapping[str, str],
        storage_class: str | None,
    ) -> str:
        """Begin an upload and give its id."""
        extra = {"StorageClass": storage_class} if storage_class else {}
        with self._failures():
            answer = self._client.create_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                ContentType=content_type,
                Metadata=dict(metadata),
                **extra,
            )
        return str(answer["UploadId"])

    def complete(
        self,
        key: str,
        upload_id: str,
        parts: Sequence[tuple[int, str]],
        *,
        if_match: str | None,
        if_none_match: bool,
        size_bytes: int | None,
    ) -> str:
        """Make the object and give its ETag without quotes, '' where the store does not tell."""
        extra: dict[str, object] = {}
        if if_none_match:
            extra["IfNoneMatch"] = "*"
        elif if_match is not None:
            extra["IfMatch"] = f'"{if_match}"'
        if size_bytes is not None:
            extra["MpuObjectSize"] = size_bytes
        listed = [{"PartNumber": number, "ETag": f'"{etag}"'} for number, etag in parts]
        with self._failures():
            answer = self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": listed},
                **extra,
            )
        return str(answer.get("ETag", "")).strip('"')

    def abort(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts; one that is gone already is fine."""
        try:
            with self._failures():
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=upload_id
                )
        except S3Failure as error:
            if error.failure.kind is not FailureKind.MISSING:
                raise

    def parts(self, key: str, upload_id: str) -> list[Part]:
        """Give the parts the store holds, by number."""
        found: dict[int, Part] = {}
        marker = 0
        for _ in range(MAX_PAGES):
            with self._failures():
                answer = self._client.list_parts(
                    Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumberMarker=marker
                )
            for part in answer.get("Parts", ()):
                number = int(part["PartNumber"])
                found[number] = Part(number, str(part["ETag"]).strip('"'), int(part["Size"]))
            reached = int(answer.get("NextPartNumberMarker") or 0)
            if not answer.get("IsTruncated") or reached <= marker:
                break
            marker = reached
        return [found[number] for number in sorted(found)]

    def uploads(self, key: str) -> list[str]:
        """Give the ids of the unfinished uploads of exactly this key, in the store's order."""
        found: dict[str, None] = {}
        markers: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            with self._failures():
                answer = self._client.list_multipart_uploads(
                    Bucket=self._bucket, Prefix=key, **markers
                )
            for upload in answer.get("Uploads", ()):
                if upload["Key"] == key:
                    found[str(upload["UploadId"])] = None
            after = {
                "KeyMarker": str(answer.get("NextKeyMarker") or ""),
                "UploadIdMarker": str(answer.get("NextUploadIdMarker") or ""),
            }
            after = {name: value for name, value in after.items() if value}
            if not answer.get("IsTruncated") or after in (markers, {}):
                break
            markers = after
        return list(found)
