"""Multipart uploads: an object comes only of the parts named, whole, in order and large enough."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.strict.checksums import checksum
from tests.strict.conftest import Refused
from tests.strict.fake import FakeStore

MIB = 2**20
FIRST, SECOND, LAST = b"a" * (5 * MIB), b"b" * (5 * MIB), b"c" * 100
OTHER = "00000000000000000000000000000000"


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def begin(s3: Any, bucket: str, key: str = "k", **extra: Any) -> dict[str, Any]:
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, **extra)["UploadId"]
    return {"Bucket": bucket, "Key": key, "UploadId": upload_id}


def send(s3: Any, upload: dict[str, Any], number: int, body: bytes) -> dict[str, Any]:
    etag = s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
    assert etag == f'"{md5(body).hex()}"'
    return {"PartNumber": number, "ETag": etag}


def complete(s3: Any, upload: dict[str, Any], *parts: dict[str, Any], **extra: Any) -> Any:
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": list(parts)}, **extra)


def test_an_object_is_made_of_its_parts(s3: Any, bucket: str) -> None:
    upload = begin(
        s3, bucket, ContentType="text/x", Metadata={"m": "1"}, StorageClass="STANDARD_IA"
    )
    parts = [send(s3, upload, number, body) for number, body in ((1, FIRST), (7, LAST))]
    answer = complete(s3, upload, *parts, MpuObjectSize=5 * MIB + 100)
    told = s3.get_object(Bucket=bucket, Key="k")
    assert told["Body"].read() == FIRST + LAST
    assert answer["ETag"] == told["ETag"] == f'"{md5(md5(FIRST) + md5(LAST)).hex()}-2"'
    described = (told["ContentType"], told["Metadata"], told["StorageClass"])
    assert described == ("text/x", {"m": "1"}, "STANDARD_IA")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_each_part_can_be_looked_at(s3: Any, bucket: str, refused: Refused) -> None:
    upload = begin(s3, bucket)
    complete(s3, upload, send(s3, upload, 1, FIRST), send(s3, upload, 2, LAST))
    first = s3.head_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (first["ContentLength"], first["PartsCount"]) == (5 * MIB, 2)
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=2)["Body"].read() == LAST
    with refused("InvalidPartNumber", 416):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1")
    s3.put_object(Bucket=bucket, Key="whole", Body=b"x")
    whole = s3.head_object(Bucket=bucket, Key="whole", PartNumber=1)
    assert (whole["ContentLength"], whole.get("PartsCount")) == (1, None)


def test_a_copy_of_an_object_of_parts_is_whole(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    complete(s3, upload, send(s3, upload, 1, FIRST), send(s3, upload, 2, LAST))
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    assert s3.head_object(Bucket=bucket, Key="copy")["ETag"] == f'"{md5(FIRST + LAST).hex()}"'


def test_a_small_part_that_is_not_the_last_is_refused(
    s3: Any, bucket: str, refused: Refused
) -> None:
    upload = begin(s3, bucket)
    small = send(s3, upload, 1, FIRST[:-1])
    last = send(s3, upload, 2, LAST)
    with refused("EntityTooSmall", 400):
        complete(s3, upload, small, last)
    complete(s3, upload, small)


def test_parts_out_of_order_or_twice_are_refused(s3: Any, bucket: str, refused: Refused) -> None:
    upload = begin(s3, bucket)
    first, second = send(s3, upload, 1, FIRST), send(s3, upload, 2, SECOND)
    with refused("InvalidPartOrder", 400):
        complete(s3, upload, second, first)
    with refused("InvalidPartOrder", 400):
        complete(s3, upload, first, first)
    complete(s3, upload, first, second)


def test_parts_that_are_not_there_are_refused(s3: Any, bucket: str, refused: Refused) -> None:
    upload = begin(s3, bucket)
    part = send(s3, upload, 1, LAST)
    for wrong in ({**part, "ETag": OTHER}, {**part, "PartNumber": 2}):
        with refused("InvalidPart", 400):
            complete(s3, upload, wrong)
    again = send(s3, upload, 1, b"another content")
    with refused("InvalidPart", 400):
        complete(s3, upload, part)
    complete(s3, upload, again)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"another content"


def test_an_upload_without_parts_makes_nothing(s3: Any, bucket: str, refused: Refused) -> None:
    upload = begin(s3, bucket)
    with refused("MalformedXML", 400):
        complete(s3, upload)


def test_an_object_of_another_size_than_told_is_refused(
    s3: Any, bucket: str, refused: Refused
) -> None:
    upload = begin(s3, bucket)
    part = send(s3, upload, 1, LAST)
    with refused("InvalidRequest", 400):
        complete(s3, upload, part, MpuObjectSize=99)
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("end", ["completed", "aborted", "of another key", "invented"])
def test_an_upload_that_is_not_there_is_missing(
    s3: Any, bucket: str, refused: Refused, end: str
) -> None:
    upload = begin(s3, bucket)
    part = send(s3, upload, 1, LAST)
    if end == "completed":
        complete(s3, upload, part)
    elif end == "aborted":
        s3.abort_multipart_upload(**upload)
    else:
        upload = upload | ({"Key": "other"} if end == "of another key" else {"UploadId": "no"})
    for operation, extra in (
        ("upload_part", {"PartNumber": 1, "Body": b"x"}), ("list_parts", {}),
        ("complete_multipart_upload", {"MultipartUpload": {"Parts": [part]}}),
        ("abort_multipart_upload", {}),
    ):  # fmt: skip
        with refused("NoSuchUpload", 404):
            getattr(s3, operation)(**upload, **extra)


def test_a_completion_may_be_asked_for_again_where_the_store_remembers(
    store: FakeStore, client: Any
) -> None:
    store.options.repeats_completion = True
    upload = begin(client, "bucket")
    part = send(client, upload, 1, LAST)
    assert complete(client, upload, part)["ETag"] == complete(client, upload, part)["ETag"]
    assert len(store.history().changes()) == 1


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_have_bounds(s3: Any, bucket: str, refused: Refused, number: int) -> None:
    upload = begin(s3, bucket)
    send(s3, upload, 10_000, LAST)
    with refused("InvalidArgument", 400):
        send(s3, upload, number, LAST)


def test_parts_are_listed_in_pages(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    for number in (5, 3, 9, 1):
        send(s3, upload, number, b"x" * number)
    first = s3.list_parts(**upload, MaxParts=3)
    assert [(each["PartNumber"], each["Size"]) for each in first["Parts"]] == [
        (1, 1),
        (3, 3),
        (5, 5),
    ]
    assert first["IsTruncated"]
    rest = s3.list_parts(**upload, PartNumberMarker=first["NextPartNumberMarker"])
    assert [each["PartNumber"] for each in rest["Parts"]] == [9]
    assert not rest["IsTruncated"]


def test_uploads_are_listed_by_key_and_age_in_pages(s3: Any, bucket: str) -> None:
    made = [begin(s3, bucket, key) for key in ("b", "a/1", "a/2", "b", "c")]
    expected = [(made[n]["Key"], made[n]["UploadId"]) for n in (1, 2, 0, 3, 4)]
    seen: list[tuple[str, str]] = []
    markers: dict[str, str] = {}
    while True:
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2, **markers)
        seen += [(each["Key"], each["UploadId"]) for each in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"],
                   "UploadIdMarker": page["NextUploadIdMarker"]}  # fmt: skip
    assert seen == expected
    below = s3.list_multipart_uploads(Bucket=bucket, Prefix="a/")["Uploads"]
    assert [each["Key"] for each in below] == ["a/1", "a/2"]
    grouped = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [each["Prefix"] for each in grouped["CommonPrefixes"]] == ["a/"]
    assert [each["Key"] for each in grouped["Uploads"]] == ["b", "b", "c"]


def test_an_object_is_as_old_as_the_beginning_of_its_upload(store: FakeStore, client: Any) -> None:
    upload = begin(client, "bucket")
    before = client.list_multipart_uploads(Bucket="bucket")["Uploads"][0]["Initiated"]
    store.shift_clock(100)
    complete(client, upload, send(client, upload, 1, LAST))
    (listed,) = client.list_objects_v2(Bucket="bucket")["Contents"]
    assert listed["LastModified"] == before


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC64NVME", "FULL_OBJECT"), ("CRC32", "FULL_OBJECT"), ("SHA256", "COMPOSITE")],
)
def test_checksums_of_parts_become_one_of_the_object(
    s3: Any, bucket: str, refused: Refused, algorithm: str, kind: str
) -> None:
    member, name = f"Checksum{algorithm}", algorithm.lower()
    upload = begin(s3, bucket, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    with refused("InvalidRequest", 400):
        s3.upload_part(**upload, PartNumber=1, Body=FIRST)
    parts = []
    for number, body in ((1, FIRST), (2, LAST)):
        told = {member: checksum(name, body)}
        parts.append(send_with(s3, upload, number, body, told))
    with refused("InvalidPart", 400):
        complete(s3, upload, {**parts[0], member: checksum(name, LAST)}, parts[1])
    if kind == "FULL_OBJECT":
        with refused("BadDigest", 400):
            complete(s3, upload, *parts, **{member: checksum(name, FIRST), "ChecksumType": kind})
    answer = complete(s3, upload, *parts)
    whole = checksum(name, FIRST + LAST)
    assert (answer[member] == whole) is (kind == "FULL_OBJECT")
    assert answer[member].endswith("-2") is (kind == "COMPOSITE")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[member], head["ChecksumType"]) == (answer[member], kind)


def send_with(
    s3: Any, upload: dict[str, Any], number: int, body: bytes, told: dict[str, str]
) -> dict[str, Any]:
    etag = s3.upload_part(**upload, PartNumber=number, Body=body, **told)["ETag"]
    return {"PartNumber": number, "ETag": etag, **told}


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")]
)
def test_some_checksums_have_one_type_only(
    s3: Any, bucket: str, refused: Refused, algorithm: str, kind: str
) -> None:
    with refused("InvalidRequest", 400):
        begin(s3, bucket, ChecksumAlgorithm=algorithm, ChecksumType=kind)
