"""A bucket in memory with the face of `s3syncd.s3.bucket.Bucket`, for the calls of transfers.

It honours conditions, checks Content-MD5 and refuses what S3 refuses, unless told to be like the
stores that do not. `on` runs something just before a request takes effect (the other writer);
`fail` answers requests with a failure, before or after their effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from s3syncd.core.digest import multipart_etag
from s3syncd.core.retry import FailureKind
from s3syncd.core.window import Window
from s3syncd.s3.multipart import Part
from s3syncd.s3.pacing import Turns
from s3syncd.s3.reply import Reply, S3Failure
from s3syncd.s3.wire import BodyView
from tests.arranged import Arranged, FakeObject, FakeUpload, failure

__all__ = ["FakeBucket", "FakeObject", "failure"]


class FakeBucket(Arranged):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.honours_conditions = True
        self.tells_copy_etag = True
        self.tells_complete_etag = True
        self.lists_md5_of_parts = False  # as rclone: what Complete answers is listed nowhere
        self.answer_headers: dict[str, str] = {}
        self.turns = Turns(None)  # nothing is limited
        self.window = Window(256)

    def list_page(self, prefix: str, **_told: Any) -> Any:
        return self._start("list", lambda: Reply(200, {}, b"", None), prefix=prefix)

    def back_off(self, attempt: int) -> Any:
        """Wait for no time at all."""

        def start(resume: Callable[[None], None]) -> None:
            self.requests.append(("back_off", {"attempt": attempt}))
            resume(None)

        return start

    # --- data plane -----------------------------------------------------------------------------

    def put(self, key: str, body: Any, **told: Any) -> Any:
        content = body.read() if isinstance(body, BodyView) else bytes(body)  # as the CRT: at once

        def effect() -> Reply:
            self._check_condition(key, told.get("if_match"), told.get("if_none_match", False))
            if hashlib.md5(content).digest() != told["md5"]:
                raise S3Failure(failure(FailureKind.TRANSIENT, "BadDigest", 400))
            return self._answer(self._store(key, content, self.etag_of(content), told))

        return self._start("put", effect, key=key, body=content, **told)

    def head(self, key: str, *, part_number: int | None = None, with_checksum: bool = False) -> Any:
        def effect() -> Reply:
            found = self._find(key)
            size_bytes = len(found.body)
            if part_number and found.part_sizes:
                size_bytes = found.part_sizes[part_number - 1]
            headers = {
                "etag": f'"{found.etag}"',
                "content-length": str(size_bytes),
                "content-type": found.content_type,
                **{f"x-amz-meta-{name}": text for name, text in found.metadata.items()},
            }
            if found.storage_class != "STANDARD":
                headers["x-amz-storage-class"] = found.storage_class
            told = found.headers.items()
            headers |= {n: t for n, t in told if with_checksum or "-checksum-" not in n}
            return Reply(200, headers, b"", None)

        told = {"part_number": part_number, "with_checksum": with_checksum}
        return self._start("head", effect, key=key, **told)

    def peek(self, key: str) -> Any:
        def effect() -> Reply:
            found = self._find(key)
            return Reply(206, {"etag": f'"{found.etag}"'}, found.body[:1], None)

        return self._start("peek", effect, key=key)

    def delete(self, key: str, *, if_match: str | None = None) -> Any:
        def effect() -> Reply:
            self._check_condition(key, if_match, False)
            self.objects.pop(key, None)
            return Reply(204, {}, b"", None)

        return self._start("delete", effect, key=key, if_match=if_match)

    def copy_onto_itself(self, key: str, *, etag: str, **told: Any) -> Any:
        def effect() -> Reply:
            found = self._find(key)
            if found.etag != etag:
                raise S3Failure(failure(FailureKind.PRECONDITION, "PreconditionFailed", 412))
            copied = self._store(key, found.body, self.etag_of(found.body), told)
            if not self.tells_copy_etag:
                return Reply(200, {}, b"<CopyObjectResult/>", None)
            body = f"<CopyObjectResult><ETag>&quot;{copied.etag}&quot;</ETag></CopyObjectResult>"
            return Reply(200, {}, body.encode(), None)

        return self._start("copy", effect, key=key, etag=etag, **told)

    def upload_part(self, key: str, upload_id: str, number: int, body: Any, *, md5: bytes) -> Any:
        content = body.read() if isinstance(body, BodyView) else bytes(body)  # as the CRT: at once

        def effect() -> Reply:
            assert hashlib.md5(content).digest() == md5
            self._upload(key, upload_id).parts[number] = content
            return Reply(200, {"etag": f'"{self.etag_of(content)}"'}, b"", None)

        return self._start("upload_part", effect, key=key, upload_id=upload_id, number=number)

    # --- control plane --------------------------------------------------------------------------

    def create_multipart(self, key: str, **described: Any) -> str:
        return self._control("create", lambda: self.begin(key, {}, **described), key=key)

    def complete_multipart(
        self, key: str, upload_id: str, parts: Any, *, size_bytes: int | None = None, **told: Any
    ) -> str:
        def effect() -> str:
            upload = self._upload(key, upload_id)
            self._check_condition(key, told.get("if_match"), told.get("if_none_match", False))
            bodies = [upload.parts[number] for number, _ in parts]
            if [self.etag_of(body) for body in bodies] != [etag for _, etag in parts]:
                raise S3Failure(failure(FailureKind.CONFLICT, "InvalidPart", 400))
            whole = b"".join(bodies)
            assert size_bytes in {None, len(whole)}
            etag = multipart_etag([hashlib.md5(body).digest() for body in bodies])
            listed = hashlib.md5(whole).hexdigest() if self.lists_md5_of_parts else etag
            self._store(key, whole, listed, upload.described)
            self.objects[key].part_sizes = [len(body) for body in bodies]
            del self.uploads[upload_id]
            return etag if self.tells_complete_etag else ""

        return self._control("complete", effect, key=key, upload_id=upload_id, **told)

    def abort_multipart(self, key: str, upload_id: str) -> None:
        def effect() -> None:
            self.uploads.pop(upload_id, None)

        self._control("abort", effect, key=key, upload_id=upload_id)

    def list_parts(self, key: str, upload_id: str) -> list[Part]:
        def effect() -> list[Part]:
            parts = sorted(self._upload(key, upload_id).parts.items())
            return [Part(number, self.etag_of(body), len(body)) for number, body in parts]

        return self._control("list_parts", effect, key=key, upload_id=upload_id)

    def list_uploads(self, key: str) -> list[str]:
        def effect() -> list[str]:
            return [name for name, upload in self.uploads.items() if upload.key == key]

        return self._control("list_uploads", effect, key=key)

    # --- inside ---------------------------------------------------------------------------------

    def _store(self, key: str, body: bytes, etag: str, told: dict[str, Any]) -> FakeObject:
        self.objects[key] = FakeObject(
            body,
            etag,
            dict(told.get("metadata") or {}),
            told.get("content_type", "application/octet-stream"),
            told.get("storage_class") or "STANDARD",
        )
        return self.objects[key]

    def _answer(self, stored: FakeObject) -> Reply:
        return Reply(200, {"etag": f'"{stored.etag}"', **self.answer_headers}, b"", None)

    def _find(self, key: str) -> FakeObject:
        if key not in self.objects:
            raise S3Failure(failure(FailureKind.MISSING, "NoSuchKey", 404))
        return self.objects[key]

    def _upload(self, key: str, upload_id: str) -> FakeUpload:
        upload = self.uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise S3Failure(failure(FailureKind.MISSING, "NoSuchUpload", 404))
        return upload

    def _check_condition(self, key: str, if_match: str | None, if_none_match: bool) -> None:
        if not self.honours_conditions:
            return
        found = self.objects.get(key)
        if if_none_match and found is not None:
            raise S3Failure(failure(FailureKind.PRECONDITION, "PreconditionFailed", 412))
        if if_match is not None and found is None:
            raise S3Failure(failure(FailureKind.MISSING, "NoSuchKey", 404))
        if if_match is not None and found is not None and found.etag != if_match:
            raise S3Failure(failure(FailureKind.PRECONDITION, "PreconditionFailed", 412))
