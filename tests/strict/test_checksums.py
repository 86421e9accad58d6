"""Digests: whatever a request tells about its bytes must be true."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config

from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.checksums import ALGORITHMS, checksum
from tests.strict.conftest import Refused
from tests.strict.fake import FakeStore

CHECK_VALUES = {
    "crc32": 0xCBF43926.to_bytes(4, "big"),
    "crc32c": 0xE3069283.to_bytes(4, "big"),
    "crc64nvme": 0xAE8B14860A799888.to_bytes(8, "big"),
    "sha1": bytes.fromhex("f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
    "sha256": bytes.fromhex("15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
}
"""Of the ASCII digits 1 to 9: the check values of the CRC catalogue, and of FIPS 180."""


@pytest.fixture
def with_header(s3: Any) -> Iterator[Callable[..., None]]:
    """Give a function that adds headers to every PUT, before it is signed."""
    names: list[str] = []

    def add(**headers: str) -> None:
        def change(request: Any, **_: Any) -> None:
            for name, value in headers.items():
                request.headers[name.replace("_", "-")] = value

        names.append(f"with-header-{len(names)}")
        for operation in ("PutObject", "UploadPart"):
            s3.meta.events.register(f"before-sign.s3.{operation}", change, unique_id=names[-1])

    yield add
    for name in names:
        for operation in ("PutObject", "UploadPart"):
            s3.meta.events.unregister(f"before-sign.s3.{operation}", unique_id=name)


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_checksums_are_the_published_ones(name: str) -> None:
    assert checksum(name, b"123456789") == b64encode(CHECK_VALUES[name]).decode()


def test_content_that_is_not_what_its_md5_says_is_refused(
    s3: Any, bucket: str, refused: Refused
) -> None:
    right = b64encode(hashlib.md5(b"body", usedforsecurity=False).digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", ContentMD5=right)
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"Body", ContentMD5=right)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"body"
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    with refused("BadDigest", 400):
        s3.upload_part(**upload, PartNumber=1, Body=b"Body", ContentMD5=right)
    assert "Parts" not in s3.list_parts(**upload)


@pytest.mark.parametrize("told", ["", "nonsense", b64encode(b"short").decode()])
def test_an_md5_that_is_none_is_refused(
    s3: Any, bucket: str, refused: Refused, with_header: Callable[..., None], told: str
) -> None:
    with_header(content_md5=told)
    with refused("InvalidDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"body")


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_a_checksum_is_held_to_kept_and_told(
    s3: Any, bucket: str, refused: Refused, name: str
) -> None:
    member = f"Checksum{name.upper()}"
    right, wrong = checksum(name, b"body"), checksum(name, b"Body")
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", **{member: right})
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"body", **{member: wrong})
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"body", **{member: "nonsense"})
    told = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (told[member], told["ChecksumType"]) == (right, "FULL_OBJECT")
    assert member not in s3.head_object(Bucket=bucket, Key="k")


def test_one_checksum_is_enough(
    s3: Any, bucket: str, refused: Refused, with_header: Callable[..., None]
) -> None:
    with_header(x_amz_checksum_sha1=checksum("sha1", b"body"))
    with refused("InvalidRequest", 400):
        s3.put_object(
            Bucket=bucket, Key="k", Body=b"body", ChecksumCRC32=checksum("crc32", b"body")
        )


def test_a_checksum_that_is_announced_must_come(
    s3: Any, bucket: str, refused: Refused, with_header: Callable[..., None]
) -> None:
    with_header(x_amz_sdk_checksum_algorithm="CRC32")
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"body")


def test_a_checksum_is_made_where_none_is_told(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    told = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert told["ChecksumCRC64NVME"] == checksum("crc64nvme", b"body")


def test_a_copy_has_the_checksum_of_its_source_or_the_one_asked_for(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", ChecksumSHA256=checksum("sha256", b"body"))
    source = {"Bucket": bucket, "Key": "k"}
    s3.copy_object(Bucket=bucket, Key="same", CopySource=source)
    s3.copy_object(Bucket=bucket, Key="other", CopySource=source, ChecksumAlgorithm="SHA1")
    same = s3.head_object(Bucket=bucket, Key="same", ChecksumMode="ENABLED")
    other = s3.head_object(Bucket=bucket, Key="other", ChecksumMode="ENABLED")
    assert same["ChecksumSHA256"] == checksum("sha256", b"body")
    assert other["ChecksumSHA1"] == checksum("sha1", b"body")


def test_a_payload_that_is_not_the_one_signed_is_refused(
    s3: Any, bucket: str, refused: Refused
) -> None:
    def change(request: Any, **_: Any) -> None:
        request.body = b"BODY"

    s3.meta.events.register("before-send.s3.PutObject", change, unique_id="change")
    try:
        with refused("XAmzContentSHA256Mismatch", 400):
            s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    finally:
        s3.meta.events.unregister("before-send.s3.PutObject", unique_id="change")


@pytest.fixture
def default_client(shared_store: FakeStore) -> Iterator[Any]:
    """A client as boto3 makes it when nobody asks for less: it adds and checks checksums."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=shared_store.endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_the_default_client_gets_along(default_client: Any, bucket: str, algorithm: str) -> None:
    body = b"x" * 200_000
    default_client.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    answer = default_client.get_object(Bucket=bucket, Key="k")
    assert answer["Body"].read() == body
    assert answer[f"Checksum{algorithm}"] == checksum(algorithm.lower(), body)
    default_client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})


def test_deleting_many_needs_a_digest(s3: Any, bucket: str, refused: Refused) -> None:
    def forget(request: Any, **_: Any) -> None:
        for name in ("Content-MD5", "x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"):
            del request.headers[name]

    s3.meta.events.register("before-sign.s3.DeleteObjects", forget, unique_id="forget")
    try:
        with refused("InvalidRequest", 400):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    finally:
        s3.meta.events.unregister("before-sign.s3.DeleteObjects", unique_id="forget")
