"""The payload of a request: aws-chunked unwrapped, trailers read, announced digests checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from tests.strict.errors import S3Error
from tests.strict.signature import Signed
from tests.strict.wire import Request

__all__ = ["read_payload"]

_STREAMED: Final = {
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": (False, True),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": (True, False),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": (True, True),
}
"""x-amz-content-sha256 -> whether chunks are signed, whether trailers follow."""

_UNCHECKED: Final = "UNSIGNED-PAYLOAD"


def read_payload(request: Request, signed: Signed | None) -> tuple[bytes, dict[str, str]]:
    """Give the payload and its trailers (names in lower case).

    Args:
        request: as received.
        signed: the request's signature; None where nobody has to sign.

    Raises:
        S3Error: the payload is not what the headers announce.
    """
    told = request.headers.get("x-amz-content-sha256", _UNCHECKED)
    streamed = _STREAMED.get(told)
    if streamed is not None:
        return _unwrap(request, signed if streamed[0] else None, has_trailer=streamed[1])
    if "aws-chunked" in request.headers.get("content-encoding", ""):
        raise S3Error("InvalidRequest", "aws-chunked without a streaming x-amz-content-sha256")
    if told != _UNCHECKED and told != hashlib.sha256(request.body).hexdigest():
        raise S3Error("XAmzContentSHA256Mismatch", extra={"ClientComputedContentSHA256": told})
    return request.body, {}


def _unwrap(
    request: Request, signed: Signed | None, *, has_trailer: bool
) -> tuple[bytes, dict[str, str]]:
    announced = request.headers.get("x-amz-decoded-content-length", "")
    if not announced.isdecimal():
        raise S3Error("MissingContentLength")
    raw, chunks, place = request.body, [], 0
    previous = signed.signature if signed else ""
    while True:
        chunk, extension, place = _chunk(raw, place)
        if signed is not None:
            previous = _checked(extension, signed.of_chunk(previous, chunk))
        if not chunk:
            break
        chunks.append(chunk)
    body = b"".join(chunks)
    if len(body) != int(announced):
        raise S3Error("IncompleteBody")
    trailers = _trailers(raw[place:], signed, previous) if has_trailer else {}
    _check_announced(request.headers, trailers)
    return body, trailers


def _chunk(raw: bytes, place: int) -> tuple[bytes, str, int]:
    """Give a chunk, its extension and where the next one begins."""
    end = raw.find(b"\r\n", place)
    size, _, extension = raw[place : max(end, 0)].partition(b";")
    try:
        length = int(size, 16)
    except ValueError:
        raise S3Error("IncompleteBody") from None
    start = end + 2
    if length == 0:
        return b"", extension.decode("latin-1"), start
    if raw[start + length : start + length + 2] != b"\r\n":
        raise S3Error("IncompleteBody")
    return raw[start : start + length], extension.decode("latin-1"), start + length + 2


def _checked(extension: str, expected: str) -> str:
    if extension != f"chunk-signature={expected}":
        raise S3Error("SignatureDoesNotMatch", "A chunk's signature is wrong.")
    return expected


def _trailers(raw: bytes, signed: Signed | None, previous: str) -> dict[str, str]:
    found: dict[str, str] = {}
    covered = b""
    for line in raw.split(b"\r\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if not line:
            break
        if not colon:
            raise S3Error("MalformedTrailerError")
        if name.lower() != "x-amz-trailer-signature":
            covered += f"{name.lower()}:{value.strip()}\n".encode()
        found[name.lower()] = value.strip()
    told = found.pop("x-amz-trailer-signature", "")
    if signed is not None and told != signed.of_trailer(previous, covered):
        raise S3Error("SignatureDoesNotMatch", "The trailer's signature is wrong.")
    return found


def _check_announced(headers: Mapping[str, str], trailers: Mapping[str, str]) -> None:
    announced = {name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",")}
    if announced - {""} != set(trailers):
        raise S3Error("MalformedTrailerError")
