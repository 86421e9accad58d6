"""Content-MD5 and the x-amz-checksum family: computing them and holding a request to them."""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from typing import Final

from tests.strict.errors import S3Error

__all__ = ["ALGORITHMS", "check_body", "checksum", "told_checksums"]

_PREFIX: Final = "x-amz-checksum-"
_IS_COMPOSITE: Final = re.compile(r".+-\d{1,5}").fullmatch


def _crt(name: str) -> Callable[[bytes], bytes]:
    def compute(body: bytes) -> bytes:
        from awscrt import checksums  # type: ignore[import-untyped]

        value: int = getattr(checksums, name)(body)
        return value.to_bytes(8 if name == "crc64nvme" else 4, "big")

    return compute


ALGORITHMS: Final[Mapping[str, tuple[int, Callable[[bytes], bytes]]]] = {
    "crc32": (4, lambda body: zlib.crc32(body).to_bytes(4, "big")),
    "crc32c": (4, _crt("crc32c")),
    "crc64nvme": (8, _crt("crc64nvme")),
    "sha1": (20, lambda body: hashlib.sha1(body, usedforsecurity=False).digest()),
    "sha256": (32, lambda body: hashlib.sha256(body).digest()),
}
"""Name -> length of the digest in bytes, and the function."""


def checksum(algorithm: str, body: bytes) -> str:
    """Give the checksum as S3 writes it: base64 of the big-endian value."""
    return b64encode(ALGORITHMS[algorithm][1](body)).decode()


def told_checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """Give the checksums that headers (or trailers) tell, by algorithm.

    Raises:
        S3Error: one that is not known, not of its length, or more than one.
    """
    told = {
        name.removeprefix(_PREFIX): value
        for name, value in headers.items()
        if name.startswith(_PREFIX) and name not in {_PREFIX + "mode", _PREFIX + "type",
                                                     _PREFIX + "algorithm"}
    }  # fmt: skip
    if len(told) > 1:
        raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header.")
    for name, value in told.items():
        if name not in ALGORITHMS:
            raise S3Error("NotImplemented", f"The checksum {name} is not offered here.")
        digest = value.rpartition("-")[0] if _IS_COMPOSITE(value) else value
        if len(_decoded(digest)) != ALGORITHMS[name][0]:
            raise S3Error("InvalidRequest", f"Value for {_PREFIX}{name} header is invalid.")
    return told


def check_body(
    headers: Mapping[str, str], checksums: Mapping[str, str], body: bytes, md5: bytes
) -> None:
    """Hold a payload to what was told about it.

    Args:
        headers: of the request.
        checksums: told in headers or trailers, see `told_checksums`.
        body: the payload.
        md5: of the payload.

    Raises:
        S3Error: InvalidDigest, BadDigest, InvalidRequest.
    """
    told = headers.get("content-md5")
    if told is not None:
        if len(_decoded(told)) != 16:
            raise S3Error("InvalidDigest", extra={"Content-MD5": told})
        if _decoded(told) != md5:
            calculated = b64encode(md5).decode()
            extra = {"ExpectedDigest": told, "CalculatedDigest": calculated}
            raise S3Error("BadDigest", extra=extra)
    announced = headers.get("x-amz-sdk-checksum-algorithm", "").lower()
    if announced and announced not in checksums:
        raise S3Error("InvalidRequest", "x-amz-sdk-checksum-algorithm without its checksum.")
    for name, value in checksums.items():
        if checksum(name, body) != value:
            raise S3Error("BadDigest", f"The {name.upper()} you specified did not match.")


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return b""
