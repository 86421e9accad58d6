"""Operations as plain values, done through boto3 on any store, with outcomes that can be compared.

What differs between stores by nature (ids, times, request ids) is left out or named by its order.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from tests.strict.checksums import checksum

__all__ = ["BODIES", "KEYS", "Player", "Step", "etag_of"]

KEYS: Final = ("a", "a/b", "b c", "é")
BODIES: Final = {"": b"", "one": b"one", "two": b"two", "large": b"x" * (5 * 2**20)}

Outcome = dict[str, object]


class Step(NamedTuple):
    """One operation. `given` is what its method of `Player` takes."""

    name: str
    given: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.given)})"


def etag_of(body: str) -> str:
    """Give the ETag of one of the bodies."""
    return f'"{hashlib.md5(BODIES[body], usedforsecurity=False).hexdigest()}"'


@dataclass
class Player:
    """Does steps on one store; each method is an operation, and gives what is compared."""

    client: Any
    bucket: str
    uploads: list[tuple[str, str]] = field(default_factory=list)
    versions: list[tuple[str, str]] = field(default_factory=list)

    def do(self, step: Step) -> Outcome:
        """Do one step; a refusal is an outcome like any other."""
        operation: Callable[..., Outcome] = getattr(self, step.name)
        try:
            return {"status": 200, "code": "", **operation(**dict(step.given))}
        except ClientError as error:
            told = error.response
            return {
                "status": told["ResponseMetadata"]["HTTPStatusCode"],
                "code": told["Error"]["Code"],
            }

    def put(
        self, key: str, body: str, *, condition: str = "", etag: str = "", digest: str = "",
        is_right: bool = True,
    ) -> Outcome:  # fmt: skip
        """Put a body; `digest` names one that is told, `is_right` whether it is true."""
        content = BODIES[body]
        told = content if is_right else content + b"!"
        extra = _condition(condition, etag)
        if digest == "md5":
            md5 = hashlib.md5(told, usedforsecurity=False).digest()
            extra["ContentMD5"] = b64encode(md5).decode()
        elif digest:
            extra[f"Checksum{digest.upper()}"] = checksum(digest, told)
        answer = self._ask("put_object", Key=key, Body=content, **extra)
        self._note_version(key, answer)
        return {"etag": answer["ETag"], "has_version": "VersionId" in answer}

    def describe(self, key: str, *, storage_class: str, metadata: str) -> Outcome:
        """Put an object with a class and metadata, and look at it."""
        self._ask("put_object", Key=key, Body=b"one", StorageClass=storage_class,
                  Metadata={"m": metadata}, ContentType="text/x")  # fmt: skip
        told = self._ask("head_object", Key=key)
        return {
            "class": told.get("StorageClass"), "metadata": told["Metadata"],
            "type": told["ContentType"],
        }  # fmt: skip

    def get(self, key: str, *, condition: str = "", etag: str = "", part: str = "") -> Outcome:
        """Read an object or a range of it."""
        extra = _condition(condition, etag) | ({"Range": part} if part else {})
        answer = self._ask("get_object", Key=key, **extra)
        return {
            "status": answer["ResponseMetadata"]["HTTPStatusCode"], "etag": answer["ETag"],
            "body": answer["Body"].read(), "range": answer.get("ContentRange"),
        }  # fmt: skip

    def head(self, key: str, *, condition: str = "", etag: str = "") -> Outcome:
        """Look at an object."""
        told = self._ask("head_object", Key=key, **_condition(condition, etag))
        return {"etag": told["ETag"], "size": told["ContentLength"]}

    def delete(self, key: str, *, etag: str = "") -> Outcome:
        """Delete an object."""
        answer = self._ask("delete_object", Key=key, **({"IfMatch": etag} if etag else {}))
        self._note_version(key, answer)
        return {"marker": answer.get("DeleteMarker", False)}

    def delete_version(self, number: int) -> Outcome:
        """Delete the version that was the nth to be made, if there are so many."""
        if number >= len(self.versions):
            return {}
        key, version_id = self.versions[number]
        answer = self._ask("delete_object", Key=key, VersionId=version_id)
        return {"marker": answer.get("DeleteMarker", False)}

    def delete_many(self, keys: tuple[str, ...], *, etag: str = "") -> Outcome:
        """Delete several objects at once."""
        each = {"ETag": etag} if etag else {}
        answer = self._ask(
            "delete_objects", Delete={"Objects": [{"Key": key, **each} for key in keys]}
        )
        gone = sorted(one["Key"] for one in answer.get("Deleted", []))
        left = sorted((one["Key"], one["Code"]) for one in answer.get("Errors", []))
        return {"deleted": gone, "errors": left}

    def copy(
        self,
        source: str,
        key: str,
        *,
        condition: str = "",
        etag: str = "",
        is_replaced: bool = False,
    ) -> Outcome:
        """Copy an object; `condition` may also be one on the source."""
        extra: dict[str, Any] = _condition(condition, etag)
        if is_replaced:
            extra |= {"MetadataDirective": "REPLACE", "Metadata": {"n": "1"}}
        source_name = {"Bucket": self.bucket, "Key": source}
        answer = self._ask("copy_object", Key=key, CopySource=source_name, **extra)
        self._note_version(key, answer)
        return {"etag": answer["CopyObjectResult"]["ETag"]}

    def list(self, *, prefix: str = "", delimiter: str = "", limit: int = 1000) -> Outcome:
        """List all pages."""
        asked = {"Prefix": prefix, "MaxKeys": limit} | (
            {"Delimiter": delimiter} if delimiter else {}
        )
        rows: list[object] = []
        counts: list[int] = []
        token: dict[str, str] = {}
        while True:
            page = self._ask("list_objects_v2", **asked, **token)
            rows += [(each["Key"], each["Size"], each["ETag"], each["StorageClass"])
                     for each in page.get("Contents", [])]  # fmt: skip
            rows += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
            counts.append(page["KeyCount"])
            if not page["IsTruncated"]:
                return {"rows": sorted(rows, key=str), "counts": counts}
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def list_versions(self) -> Outcome:
        """List versions and markers."""
        page = self._ask("list_object_versions")
        return {
            "versions": [(each["Key"], each["ETag"], each["IsLatest"])
                         for each in page.get("Versions", [])],
            "markers": [(each["Key"], each["IsLatest"]) for each in page.get("DeleteMarkers", [])],
        }  # fmt: skip

    def keep_versions(self, status: str) -> Outcome:
        """Enable or suspend versioning."""
        self._ask("put_bucket_versioning", VersioningConfiguration={"Status": status})
        return {"told": self._ask("get_bucket_versioning")["Status"]}

    def begin(self, key: str) -> Outcome:
        """Begin an upload."""
        upload_id = self._ask("create_multipart_upload", Key=key)["UploadId"]
        self.uploads.append((key, upload_id))
        return {}

    def part(self, upload: int, number: int, body: str, *, is_right: bool = True) -> Outcome:
        """Send a part of the nth upload."""
        key, upload_id = self._upload(upload)
        content = BODIES[body]
        md5 = hashlib.md5(content if is_right else b"!", usedforsecurity=False).digest()
        answer = self._ask(
            "upload_part", Key=key, UploadId=upload_id, PartNumber=number, Body=content,
            ContentMD5=b64encode(md5).decode(),
        )  # fmt: skip
        return {"etag": answer["ETag"]}

    def parts(self, upload: int) -> Outcome:
        """List the parts of the nth upload."""
        key, upload_id = self._upload(upload)
        found = self._ask("list_parts", Key=key, UploadId=upload_id).get("Parts", [])
        return {"parts": [(each["PartNumber"], each["Size"], each["ETag"]) for each in found]}

    def complete(
        self, upload: int, bodies: tuple[tuple[int, str], ...], *, condition: str = "",
        etag: str = "", size: int = 0,
    ) -> Outcome:  # fmt: skip
        """Complete the nth upload of parts that have these bodies."""
        key, upload_id = self._upload(upload)
        named = [{"PartNumber": number, "ETag": etag_of(body)} for number, body in bodies]
        extra = _condition(condition, etag) | ({"MpuObjectSize": size} if size else {})
        answer = self._ask(
            "complete_multipart_upload", Key=key, UploadId=upload_id,
            MultipartUpload={"Parts": named}, **extra,
        )  # fmt: skip
        self._note_version(key, answer)
        return {"etag": answer["ETag"]}

    def abort(self, upload: int) -> Outcome:
        """Abort the nth upload."""
        key, upload_id = self._upload(upload)
        self._ask("abort_multipart_upload", Key=key, UploadId=upload_id)
        return {}

    def uploads_open(self) -> Outcome:
        """List the unfinished uploads."""
        found = self._ask("list_multipart_uploads").get("Uploads", [])
        return {"uploads": sorted(each["Key"] for each in found)}

    def _upload(self, number: int) -> tuple[str, str]:
        return self.uploads[number] if number < len(self.uploads) else ("a", "no-such-upload")

    def _note_version(self, key: str, answer: dict[str, Any]) -> None:
        if answer.get("VersionId"):
            self.versions.append((key, answer["VersionId"]))

    def _ask(self, operation: str, **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.client, operation)(Bucket=self.bucket, **given)
        return answer


_CONDITIONS: Final = {
    "match": "IfMatch", "none": "IfNoneMatch", "source match": "CopySourceIfMatch",
    "source none": "CopySourceIfNoneMatch",
}  # fmt: skip


def _condition(name: str, etag: str) -> dict[str, Any]:
    return {_CONDITIONS[name]: etag} if name else {}
