"""Payloads in chunks: unwrapped, whole, and what their trailers say."""

from __future__ import annotations

from calendar import timegm
from random import Random

import pytest

from tests.strict.checksums import checksum
from tests.strict.model import Model
from tests.strict.signature import Keys
from tests.strict.store import Options
from tests.strict.wire import Request

# The examples of "Transferring Payload in Multiple Chunks", without and with trailing headers, in
# the S3 API Reference: 65 KiB of the letter a, in chunks of 64 KiB.
KEYS = Keys({"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})
TIME = timegm((2013, 5, 24, 0, 0, 0, 0, 0, 0))
PIECES = (b"a" * 65536, b"a" * 1024, b"")
PLAIN = (
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
TRAILING = (
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)
TRAILER = (
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
)


def model(keys: Keys | None = None) -> Model:
    made = Model(clock=lambda: TIME, random=Random(0), options=Options(keys=keys))
    made.store.create_bucket("examplebucket")
    return made


def published(*, has_trailer: bool) -> Request:
    seed, *signatures = TRAILING if has_trailer else PLAIN
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    headers = {
        "content-encoding": "aws-chunked",
        "host": "s3.amazonaws.com",
        "x-amz-content-sha256": f"{kind}-TRAILER" if has_trailer else kind,
        "x-amz-date": "20130524T000000Z",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    if has_trailer:
        headers["x-amz-trailer"] = "x-amz-checksum-crc32c"
    else:
        headers["content-length"] = "66824"
    signed = ";".join(sorted(headers))
    headers["authorization"] = (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={signed},Signature={seed}"
    )
    body = b""
    for piece, signature in zip(PIECES, signatures, strict=True):
        body += b"%x;chunk-signature=%s\r\n" % (len(piece), signature.encode())
        body += piece + b"\r\n" if piece else b""
    body += TRAILER + b"\r\n" if has_trailer else b"\r\n"
    return Request("PUT", "/examplebucket/chunkObject.txt", headers, body)


@pytest.mark.parametrize("has_trailer", [False, True])
def test_the_published_example_is_accepted(has_trailer: bool) -> None:
    store = model(KEYS)
    assert store.handle(published(has_trailer=has_trailer)).status == 200
    (version,) = store.store.versions
    assert version.body == b"a" * 66560
    assert "content-encoding" not in version.about.headers
    assert version.checksums == ({"crc32c": "sOO8/Q=="} if has_trailer else {})


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"aaaa", b"aaab"), (b"=ad80", b"=ad81"), (b"=b6c6", b"=b6c7"), (b"=b474", b"=b475"),
     (b"signature:d81f", b"signature:d81e"), (b"crc32c:sOO8", b"crc32c:sOO9")],
)  # fmt: skip
def test_whatever_is_changed_in_it_is_refused(old: bytes, new: bytes) -> None:
    requests = [published(has_trailer=has_trailer) for has_trailer in (False, True)]
    changed = [each._replace(body=each.body.replace(old, new, 1)) for each in requests
               if old in each.body]  # fmt: skip
    assert changed
    for request in changed:
        answer = model(KEYS).handle(request)
        assert answer.status == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body


def unsigned(
    body: bytes, *, announced: str = "x-amz-checksum-crc32", length: int | None = None
) -> Request:
    headers = {
        "content-encoding": "gzip,aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": announced,
    }
    if length is not None:
        headers["x-amz-decoded-content-length"] = str(length)
    return Request("PUT", "/examplebucket/k", headers, body)


RIGHT = checksum("crc32", b"hello world").encode()
WRONG = checksum("crc32", b"hello").encode()
CHUNKS = b"5\r\nhello\r\n6\r\n world\r\n0\r\n"


def test_a_checksum_that_trails_is_held_to_and_kept() -> None:
    store = model()
    trailer = b"x-amz-checksum-crc32:" + RIGHT + b"\r\n\r\n"
    assert store.handle(unsigned(CHUNKS + trailer, length=11)).status == 200
    (version,) = store.store.versions
    assert version.body == b"hello world"
    assert version.checksums == {"crc32": RIGHT.decode()}
    assert version.about.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "announced", "length", "code"),
    [
        (CHUNKS + b"x-amz-checksum-crc32:" + WRONG + b"\r\n\r\n", "x-amz-checksum-crc32", 11,
         "BadDigest"),
        (CHUNKS + b"\r\n", "x-amz-checksum-crc32", 11, "MalformedTrailerError"),
        (CHUNKS + b"nonsense\r\n\r\n", "x-amz-checksum-crc32", 11, "MalformedTrailerError"),
        (CHUNKS + b"x-amz-checksum-crc32:" + RIGHT + b"\r\n\r\n", "x-amz-checksum-sha1", 11,
         "MalformedTrailerError"),
        (CHUNKS + b"\r\n", "", 12, "IncompleteBody"),
        (CHUNKS + b"\r\n", "", None, "MissingContentLength"),
        (b"5\r\nhell\r\n0\r\n\r\n", "", 5, "IncompleteBody"),
        (b"5\r\nhello\r\n", "", 5, "IncompleteBody"),
        (b"hello world", "", 11, "IncompleteBody"),
    ],
)  # fmt: skip
def test_a_payload_that_is_not_what_it_says_is_refused(
    body: bytes, announced: str, length: int | None, code: str
) -> None:
    store = model()
    answer = store.handle(unsigned(body, announced=announced, length=length))
    assert f"<Code>{code}</Code>".encode() in answer.body
    assert store.store.versions == []


def test_chunks_without_a_word_of_them_are_refused() -> None:
    store = model()
    request = unsigned(CHUNKS, length=11)
    headers = {**request.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    assert store.handle(request._replace(headers=headers)).status == 400
