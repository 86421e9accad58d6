"""Conditions: nothing is written, deleted, copied or given unless they hold."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.strict.conftest import Refused
from tests.strict.fake import FakeStore

OTHER = '"00000000000000000000000000000000"'
MIB = 2**20


def put(s3: Any, bucket: str, body: bytes = b"old", **extra: Any) -> str:
    etag: str = s3.put_object(Bucket=bucket, Key="k", Body=body, **extra)["ETag"]
    return etag


def content(s3: Any, bucket: str) -> bytes:
    body: bytes = s3.get_object(Bucket=bucket, Key="k")["Body"].read()
    return body


def begin(s3: Any, bucket: str) -> dict[str, Any]:
    """Begin an upload of one part; give what completes it."""
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"new")["ETag"]
    return upload | {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}


def write(s3: Any, bucket: str, how: str, **condition: Any) -> None:
    """Write `new` in one of the three ways there are."""
    if how == "put":
        put(s3, bucket, b"new", **condition)
    elif how == "complete":
        s3.complete_multipart_upload(**begin(s3, bucket), **condition)
    else:
        s3.put_object(Bucket=bucket, Key="source", Body=b"new")
        s3.copy_object(
            Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"}, **condition
        )


@pytest.fixture(params=["put", "complete", "copy"])
def how(request: pytest.FixtureRequest) -> str:
    way: str = request.param
    return way


def test_a_write_over_the_version_seen_is_done(s3: Any, bucket: str, how: str) -> None:
    write(s3, bucket, how, IfMatch=put(s3, bucket))
    assert content(s3, bucket) == b"new"


def test_a_write_over_another_version_is_refused(
    s3: Any, bucket: str, how: str, refused: Refused
) -> None:
    put(s3, bucket)
    with refused("PreconditionFailed", 412):
        write(s3, bucket, how, IfMatch=OTHER)
    assert content(s3, bucket) == b"old"


def test_a_write_over_a_version_that_is_gone_says_missing(
    s3: Any, bucket: str, how: str, refused: Refused
) -> None:
    with refused("NoSuchKey", 404):
        write(s3, bucket, how, IfMatch=OTHER)
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_write_over_a_delete_marker_says_missing_and_may_be_new(
    s3: Any, versioned: str, how: str, refused: Refused
) -> None:
    etag = put(s3, versioned)
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("NoSuchKey", 404):
        write(s3, versioned, how, IfMatch=etag)
    write(s3, versioned, how, IfNoneMatch="*")
    assert content(s3, versioned) == b"new"


def test_a_new_object_is_written_only_where_there_is_none(
    s3: Any, bucket: str, how: str, refused: Refused
) -> None:
    write(s3, bucket, how, IfNoneMatch="*")
    assert content(s3, bucket) == b"new"
    put(s3, bucket)
    with refused("PreconditionFailed", 412):
        write(s3, bucket, how, IfNoneMatch="*")
    assert content(s3, bucket) == b"old"


def test_no_write_depends_on_the_absence_of_one_version(
    s3: Any, bucket: str, how: str, refused: Refused
) -> None:
    with refused("NotImplemented", 501):
        write(s3, bucket, how, IfNoneMatch=put(s3, bucket))


def test_the_parts_of_a_refused_completion_are_still_there(
    s3: Any, bucket: str, refused: Refused
) -> None:
    upload = begin(s3, bucket)
    put(s3, bucket)
    with refused("PreconditionFailed", 412):
        s3.complete_multipart_upload(**upload, IfNoneMatch="*")
    s3.complete_multipart_upload(**upload)
    assert content(s3, bucket) == b"new"


def test_a_deletion_of_the_version_seen_is_done(s3: Any, bucket: str) -> None:
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=put(s3, bucket))
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_deletion_of_another_version_is_refused(s3: Any, bucket: str, refused: Refused) -> None:
    put(s3, bucket)
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=OTHER)
    assert content(s3, bucket) == b"old"


def test_a_deletion_of_a_version_that_is_gone_says_missing(
    s3: Any, bucket: str, versioned: str, refused: Refused
) -> None:
    with refused("NoSuchKey", 404):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=OTHER)
    etag = put(s3, versioned)
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("NoSuchKey", 404):
        s3.delete_object(Bucket=versioned, Key="k", IfMatch=etag)


def test_a_deletion_of_whatever_there_is_needs_something(
    s3: Any, bucket: str, refused: Refused
) -> None:
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")
    put(s3, bucket)
    s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_reading_obeys_etags(s3: Any, bucket: str, refused: Refused, operation: str) -> None:
    etag = put(s3, bucket)
    read = getattr(s3, operation)
    is_head = operation == "head_object"
    read(Bucket=bucket, Key="k", IfMatch=etag)
    read(Bucket=bucket, Key="k", IfNoneMatch=OTHER)
    with refused("412" if is_head else "PreconditionFailed", 412):
        read(Bucket=bucket, Key="k", IfMatch=OTHER)
    with refused("304", 304):
        read(Bucket=bucket, Key="k", IfNoneMatch=etag)


def test_reading_obeys_dates_unless_an_etag_is_told(s3: Any, bucket: str, refused: Refused) -> None:
    etag = put(s3, bucket)
    now = datetime.fromtimestamp(time.time(), UTC)
    before, after = now - timedelta(hours=1), now + timedelta(hours=1)
    s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=before)
    s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=after)
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=before)
    with refused("304", 304):
        s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=after)
    s3.get_object(Bucket=bucket, Key="k", IfMatch=etag, IfUnmodifiedSince=before)
    with refused("304", 304):
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag, IfModifiedSince=before)


def test_a_copy_obeys_conditions_on_its_source(s3: Any, bucket: str, refused: Refused) -> None:
    etag = put(s3, bucket)
    now = datetime.fromtimestamp(time.time(), UTC)

    def copy(**condition: Any) -> None:
        s3.copy_object(
            Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "k"}, **condition
        )

    for failing in (
        {"CopySourceIfMatch": OTHER}, {"CopySourceIfNoneMatch": etag},
        {"CopySourceIfModifiedSince": now + timedelta(hours=1)},
        {"CopySourceIfUnmodifiedSince": now - timedelta(hours=1)},
    ):  # fmt: skip
        with refused("PreconditionFailed", 412):
            copy(**failing)
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="to")
    copy(CopySourceIfMatch=etag)
    copy(CopySourceIfNoneMatch=OTHER)


def test_a_part_of_an_upload_takes_no_condition_at_its_beginning(
    s3: Any, bucket: str, refused: Refused
) -> None:
    def add(request: Any, **_: Any) -> None:
        request.headers["If-None-Match"] = "*"

    s3.meta.events.register("before-sign.s3.CreateMultipartUpload", add, unique_id="add")
    try:
        with refused("NotImplemented", 501):
            s3.create_multipart_upload(Bucket=bucket, Key="k")
    finally:
        s3.meta.events.unregister("before-sign.s3.CreateMultipartUpload", unique_id="add")


def test_a_store_may_ignore_conditions(store: FakeStore, client: Any) -> None:
    store.options.has_conditions = False
    put(client, "bucket")
    put(client, "bucket", b"new", IfMatch=OTHER)
    assert content(client, "bucket") == b"new"
    client.delete_object(Bucket="bucket", Key="k", IfMatch=OTHER)
    assert client.list_objects_v2(Bucket="bucket")["KeyCount"] == 0


def test_a_policy_may_ask_for_conditions(store: FakeStore, client: Any, refused: Refused) -> None:
    store.options.needs_conditions = True
    with refused("AccessDenied", 403):
        put(client, "bucket")
    etag = put(client, "bucket", IfNoneMatch="*")
    with refused("AccessDenied", 403):
        client.delete_object(Bucket="bucket", Key="k")
    told = client.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "k"}]})
    assert told["Errors"][0]["Code"] == "AccessDenied"
    with refused("AccessDenied", 403):
        client.complete_multipart_upload(**begin(client, "bucket"))
    client.delete_object(Bucket="bucket", Key="k", IfMatch=etag)
