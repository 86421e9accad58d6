"""The blocking requests of a multipart upload: create, complete, abort, look."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import count
from threading import Event
from typing import Any, Final, NamedTuple, TypeVar

from s3syncd.core.digest import bare_etag
from s3syncd.core.retry import FailureKind, delay_seconds
from s3syncd.s3.reply import S3Failure

__all__ = ["Multipart", "Part"]

MAX_PAGES: Final = 100
"""Pages read before a store is taken to run in a circle: ten times the most parts there can be."""

_PASSING: Final = frozenset({FailureKind.TRANSIENT, FailureKind.THROTTLED})
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 1.0
"""These pauses hold a worker: five of them together 2.9 s at most. What needs longer is for the
site's retries."""

_T = TypeVar("_T")


class Part(NamedTuple):
    """A part the store holds; `etag` without quotes."""

    number: int
    etag: str
    size_bytes: int


class Multipart:
    """Multipart uploads of one bucket; every method blocks and raises `S3Failure`.

    Not in the data plane: the error code in the body of a 5xx matters here, and the CRT drops it;
    completing may take longer than the CRT waits.

    Args:
        client: of boto3, which does not retry, or a `Control`, which speaks as it does.
        bucket: name of the bucket.
        failures: context in which the client's exceptions become `S3Failure`.
        retries: how often looks and aborts are repeated after a passing failure. Creating and
            completing never are: the first attempt may have been carried out.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        failures: Callable[[], AbstractContextManager[None]],
        *,
        retries: int = 0,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._failures = failures
        self._retries = retries
        self._pause = pause or Event().wait

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
        return bare_etag(str(answer.get("ETag", "")))

    def abort(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts; one that is gone already is fine."""
        try:
            self._repeated(
                lambda: self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=upload_id
                )
            )
        except S3Failure as error:
            if error.failure.kind is not FailureKind.MISSING:
                raise

    def parts(self, key: str, upload_id: str) -> list[Part]:
        """Give the parts the store holds, by number."""
        found: dict[int, Part] = {}
        marker = 0
        for _ in range(MAX_PAGES):
            answer = self._repeated(
                partial(
                    self._client.list_parts,
                    Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumberMarker=marker,
                )
            )  # fmt: skip
            for part in answer.get("Parts", ()):
                number = int(part["PartNumber"])
                found[number] = Part(number, bare_etag(str(part["ETag"])), int(part["Size"]))
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
            answer = self._repeated(
                partial(
                    self._client.list_multipart_uploads,
                    Bucket=self._bucket, Prefix=key, **markers,
                )
            )  # fmt: skip
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

    def _repeated(self, ask: Callable[[], _T]) -> _T:
        """Ask until it is answered; only for what may be asked twice."""
        for attempt in count(1):
            try:
                with self._failures():
                    return ask()
            except S3Failure as error:
                if error.failure.kind not in _PASSING or attempt > self._retries:
                    raise
            jitter = random.random()  # noqa: S311 - spreads requests, keeps no secret
            self._pause(
                delay_seconds(
                    attempt, jitter, base=_FIRST_PAUSE_SECONDS, cap=_LONGEST_PAUSE_SECONDS
                )
            )
        raise AssertionError  # count() does not end
