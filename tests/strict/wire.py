"""What comes in and what goes out: a request, the call that it is, and an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from tests.strict.errors import S3Error

__all__ = ["Answer", "Call", "Request", "operation_of", "parse_target"]


class Request(NamedTuple):
    """One HTTP request: names of headers are lower case, `target` is path and query as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


class Answer(NamedTuple):
    """What to send; `headers` has Content-Length, which for HEAD is not the body's length."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Call:
    """A request that was read: what it asks for, and its payload without the wire's wrapping.

    `refusal` is what was found wrong with the request itself (signature, clock, wrapping);
    `damage` with the bytes that arrived, which is told only of a place that is there.
    """

    request: Request
    operation: str
    bucket: str
    key: str
    query: Mapping[str, str]
    body: bytes = b""
    checksums: dict[str, str] = field(default_factory=dict)
    md5: bytes = b""
    access_key: str = ""
    refusal: S3Error | None = None
    damage: S3Error | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers, names in lower case."""
        return self.request.headers


_SERVICE: Final = {("GET", ""): "ListBuckets"}

_BUCKET: Final = {
    ("PUT", ""): "CreateBucket",
    ("DELETE", ""): "DeleteBucket",
    ("HEAD", ""): "HeadBucket",
    ("GET", ""): "ListObjects",
    ("GET", "list-type"): "ListObjectsV2",
    ("GET", "versions"): "ListObjectVersions",
    ("GET", "uploads"): "ListMultipartUploads",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "versioning"): "GetBucketVersioning",
    ("PUT", "versioning"): "PutBucketVersioning",
    ("GET", "lifecycle"): "GetBucketLifecycleConfiguration",
    ("PUT", "lifecycle"): "PutBucketLifecycleConfiguration",
    ("DELETE", "lifecycle"): "DeleteBucketLifecycle",
    ("POST", "delete"): "DeleteObjects",
}

_OBJECT: Final = {
    ("PUT", ""): "PutObject",
    ("GET", ""): "GetObject",
    ("HEAD", ""): "HeadObject",
    ("DELETE", ""): "DeleteObject",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("GET", "uploadId"): "ListParts",
}

_SUBRESOURCES: Final = frozenset({
    "accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption",
    "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "list-type", "location",
    "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy",
    "policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment",
    "restore", "retention", "select", "session", "tagging", "torrent", "uploadId", "uploads",
    "versioning", "versions", "website",
})  # fmt: skip
"""Query names that choose another operation; those without a route are not implemented."""


def parse_target(target: str) -> tuple[str, str, dict[str, str]]:
    """Read bucket, key ('' for none) and query off a path-style target.

    Raises:
        S3Error: InvalidURI; the key is not UTF-8.
    """
    path, _, query = target.partition("?")
    raw_bucket, _, raw_key = path.removeprefix("/").partition("/")
    try:
        key = unquote_to_bytes(raw_key).decode()
    except UnicodeDecodeError as error:
        raise S3Error("InvalidURI") from error
    pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True) if query else ()
    return unquote(raw_bucket), key, dict(pairs)


def operation_of(
    method: str, bucket: str, key: str, query: Mapping[str, str], *, is_copy: bool
) -> str:
    """Name the operation; '' for one that is not offered here."""
    routes = _OBJECT if key else _BUCKET if bucket else _SERVICE
    chosen = [name for name in query if name in _SUBRESOURCES]
    if len(chosen) > 1:
        return ""
    name = routes.get((method, chosen[0] if chosen else ""), "")
    if not is_copy:
        return name
    # A part that is copied from an object is not offered.
    return {"PutObject": "CopyObject", "UploadPart": ""}.get(name, name)
