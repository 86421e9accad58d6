"""What came back for a request: an answer, or a failure that says what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Final, NamedTuple

from s3syncd.core.digest import bare_etag, is_md5_etag
from s3syncd.core.retry import Failure, FailureKind, classify

__all__ = [
    "NO_CONTACT",
    "Reply",
    "S3Failure",
    "Start",
    "canceled",
    "error_of",
    "etag_may_be_md5",
    "failed",
    "has_own_key",
    "hidden",
]

_META: Final = "x-amz-meta-"
_MAX_DIGITS: Final = 18  # what SQLite can keep; int() refuses 4,300 with an exception
_CODE: Final = re.compile(rb"<Code>\s*([^<]{1,200}?)\s*</Code>")
_MESSAGE: Final = re.compile(rb"<Message>\s*([^<]{1,500}?)\s*</Message>")
_REGION: Final = re.compile(rb"<Region>\s*([A-Za-z0-9-]{1,60})\s*</Region>")
_ETAG: Final = re.compile(rb"<ETag>\s*([^<]{1,300}?)\s*</ETag>")


class Reply(NamedTuple):
    """The answer to one request.

    `status` is the HTTP status, 0 when none is known (no answer, or one of those that the CRT
    reports by name only). Header names are lower case. `failure` is None on success.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    failure: Failure | None

    @property
    def etag(self) -> str:
        """Version token without quotes, from the header or a copy result; empty when missing."""
        text = self.headers.get("etag", "")
        if not text and (found := _ETAG.search(self.body)):
            text = unescape(found[1].decode("utf-8", "replace"))
        return bare_etag(text)

    @property
    def metadata(self) -> dict[str, str]:
        """User metadata by lower-case name (rclone answers with capitals)."""
        return {
            name[len(_META) :]: value
            for name, value in self.headers.items()
            if name.startswith(_META)
        }

    @property
    def size_bytes(self) -> int | None:
        """Length told by Content-Length, of the object for a HEAD; None when not told."""
        return _number(self.headers.get("content-length", ""))

    @property
    def part_count(self) -> int | None:
        """Number of parts of the object (HEAD with a part number); None when not told."""
        return _number(self.headers.get("x-amz-mp-parts-count", ""))


Start = Callable[[Callable[[Reply], None]], None]
"""Begins a request; what it is given is called once with the reply, from any thread."""


class S3Failure(Exception):  # noqa: N818 - named after the value it carries
    """A blocking call that had no success; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure


NO_CONTACT: Final = Failure(
    FailureKind.CANCELED, "NoContact", None, "There is no contact with the bucket.", False
)
"""Before the first contact, and when the bucket is closed."""


def _number(text: str) -> int | None:
    """Read a number that a store told; None for what is none, or none that anything can have."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else None


def etag_may_be_md5(reply: Reply) -> bool:
    """Tell whether the ETag of this answer can be the MD5 of the content.

    It cannot with a KMS or customer key, nor where it has another form (parts, some stores).
    """
    return is_md5_etag(reply.etag) and not has_own_key(reply)


def has_own_key(reply: Reply) -> bool:
    """Tell whether the object is encrypted with a KMS or customer key: its ETag is no MD5 then."""
    headers = reply.headers
    if headers.get("x-amz-server-side-encryption", "").startswith("aws:kms"):
        return True
    if "x-amz-server-side-encryption-aws-kms-key-id" in headers:
        return True
    return "x-amz-server-side-encryption-customer-algorithm" in headers


def hidden(text: str, secret: str | None) -> str:
    """Take a secret out of what a store said: some echo the token of a request in its refusal."""
    return text.replace(secret, "********") if secret else text


def error_of(body: bytes) -> tuple[str, str, str]:
    """Give code, message and region of an S3 error body; empty where it does not tell."""

    def text(pattern: re.Pattern[bytes]) -> str:
        found = pattern.search(body)
        return unescape(found[1].decode("utf-8", "replace")) if found else ""

    return text(_CODE), text(_MESSAGE), text(_REGION)


def failed(
    *,
    status: int | None,
    name: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    is_unknown: bool = False,
    is_bucket_wide: bool = False,
) -> Reply:
    """Build the reply for a request that had no success.

    Args:
        status: HTTP status, None when none is known.
        name: the client's name of the error; used as code where the body has none.
        message: text for the operator where the body has none.
        headers: answer headers, lower-case names.
        body: answer body; an S3 error document is read.
        is_unknown: the effect may have been applied, now or later.
        is_bucket_wide: the request was about the bucket, not one key.
    """
    code, told, _ = error_of(body)
    kind = classify(status=status, code=code, name=name, is_bucket_wide=is_bucket_wide)
    shown = code or (f"HTTP{status}" if status else name)
    failure = Failure(kind, shown, status, told or message, is_unknown)
    return Reply(status or 0, headers or {}, body, failure)


def canceled() -> Reply:
    """Build the reply for a request that was never sent because the bucket is closing."""
    message = "The bucket is closing."
    return Reply(0, {}, b"", Failure(FailureKind.CANCELED, "Canceled", None, message, False))
