"""Objects: what is put is what is given, in the form and with the refusals of S3."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.strict.conftest import Refused
from tests.strict.fake import FakeStore

KEYS = [
    "a b", "é/ü", "a+b", "100%", "q?x", "h#x", "a&b=c", "til~de", "a%20b", "a'b\"c", "[x](y)",
    "中文", "e\u0301", "😀.txt", "x//y", "a/./b", "a/../b", "/lead", "t/", "line\nfeed", "back\\",
    "*star", "a;b,c@d:e|f<g>h", "\x7f",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_stored_under_its_own_name(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"] for each in listed] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_an_object_is_described_as_it_was_put(s3: Any, bucket: str) -> None:
    s3.put_object(
        Bucket=bucket, Key="k", Body=b"hello", ContentType="text/plain", CacheControl="no-cache",
        Metadata={"mtime": "1.5"}, StorageClass="STANDARD_IA", ContentEncoding="gzip",
    )  # fmt: skip
    for told in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert told["ContentLength"] == 5
        assert told["ContentType"] == "text/plain"
        assert told["ContentEncoding"] == "gzip"
        assert told["CacheControl"] == "no-cache"
        assert told["Metadata"] == {"mtime": "1.5"}
        assert told["StorageClass"] == "STANDARD_IA"
        assert told["ETag"] == f'"{hashlib.md5(b"hello", usedforsecurity=False).hexdigest()}"'
        assert told["ServerSideEncryption"] == "AES256"
    (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["Size"], listed["StorageClass"]) == (5, "STANDARD_IA")


def test_the_usual_class_is_not_told_by_a_header(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("operation", ["head_object", "get_object", "delete_object"])
def test_key_longer_than_1024_bytes_is_refused(
    s3: Any, bucket: str, refused: Refused, operation: str
) -> None:
    longest = "é" * 512
    s3.put_object(Bucket=bucket, Key=longest)
    s3.head_object(Bucket=bucket, Key=longest)
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key=longest + "x")
    with pytest.raises(ClientError) as caught:
        getattr(s3, operation)(Bucket=bucket, Key=longest + "x")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_metadata_of_more_than_2_kilobytes_is_refused(
    s3: Any, bucket: str, refused: Refused
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Metadata={"a": "x" * 2047})
    with refused("MetadataTooLarge", 400):
        s3.put_object(Bucket=bucket, Key="k", Metadata={"a": "x" * 2048})


def test_unknown_storage_class_is_refused(s3: Any, bucket: str, refused: Refused) -> None:
    with refused("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", StorageClass="COLD")


def test_one_put_has_a_largest_size(store: FakeStore, client: Any, refused: Refused) -> None:
    store.options.max_put_bytes = 10
    client.put_object(Bucket="bucket", Key="k", Body=b"x" * 10)
    with refused("EntityTooLarge", 400):
        client.put_object(Bucket="bucket", Key="k", Body=b"x" * 11)


def test_missing_objects_are_missing(s3: Any, bucket: str, refused: Refused) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="k")
    assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize(
    ("asked", "given", "told"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=7-99", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_gives_its_bytes(s3: Any, bucket: str, asked: str, given: bytes, told: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["Body"].read() == given
    assert answer["ContentRange"] == told
    assert s3.head_object(Bucket=bucket, Key="k", Range=asked)["ContentLength"] == len(given)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(
    s3: Any, bucket: str, refused: Refused, asked: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="k", Range=asked)


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,3-4"])
def test_a_range_that_is_none_gives_the_whole(s3: Any, bucket: str, asked: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["Body"].read() == b"0123456789"


def test_an_archived_object_is_described_but_not_given(
    s3: Any, bucket: str, refused: Refused
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="DEEP_ARCHIVE")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "DEEP_ARCHIVE"
    with refused("InvalidObjectState", 403):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("InvalidObjectState", 403):
        s3.copy_object(Bucket=bucket, Key="other", CopySource={"Bucket": bucket, "Key": "k"})


def test_a_copy_takes_bytes_and_metadata_along_but_not_the_class(s3: Any, bucket: str) -> None:
    s3.put_object(
        Bucket=bucket, Key="a b/é", Body=b"x", Metadata={"m": "1"}, ContentType="text/x",
        StorageClass="STANDARD_IA",
    )  # fmt: skip
    answer = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "a b/é"})
    told = s3.head_object(Bucket=bucket, Key="to")
    assert answer["CopyObjectResult"]["ETag"] == told["ETag"]
    assert (told["Metadata"], told["ContentType"]) == ({"m": "1"}, "text/x")
    assert "StorageClass" not in told


def test_a_copy_may_replace_metadata(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"m": "1"})
    source = {"Bucket": bucket, "Key": "k"}
    s3.copy_object(
        Bucket=bucket, Key="k", CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "2"}
    )
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"n": "2"}


def test_a_copy_onto_itself_must_change_something(s3: Any, bucket: str, refused: Refused) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    source = {"Bucket": bucket, "Key": "k"}
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source)
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"


def test_a_copy_of_nothing_is_refused(s3: Any, bucket: str, refused: Refused) -> None:
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "nothing"})
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": "no-bucket", "Key": "k"})


def test_many_are_deleted_at_once_each_with_its_own_outcome(s3: Any, bucket: str) -> None:
    for key in "abc":
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    etag = s3.head_object(Bucket=bucket, Key="b")["ETag"]
    answer = s3.delete_objects(
        Bucket=bucket,
        Delete={
            "Objects": [
                {"Key": "a"}, {"Key": "b", "ETag": etag}, {"Key": "c", "ETag": etag},
                {"Key": "no", "ETag": etag}, {"Key": "x" * 1025}, {"Key": "never"},
            ]
        },
    )  # fmt: skip
    assert [each["Key"] for each in answer["Deleted"]] == ["a", "b", "never"]
    codes = [each["Code"] for each in answer["Errors"]]
    assert codes == ["PreconditionFailed", "NoSuchKey", "KeyTooLongError"]
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["c"]


def test_more_than_1000_are_not_deleted_at_once(s3: Any, bucket: str, refused: Refused) -> None:
    with refused("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})


def test_buckets_are_made_listed_and_deleted_when_empty(s3: Any, refused: Refused) -> None:
    s3.create_bucket(Bucket="one-more")
    with refused("BucketAlreadyOwnedByYou", 409):
        s3.create_bucket(Bucket="one-more")
    assert "one-more" in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    s3.put_object(Bucket="one-more", Key="k")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket="one-more")
    s3.delete_object(Bucket="one-more", Key="k")
    s3.delete_bucket(Bucket="one-more")
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket="one-more")
    with refused("404", 404):
        s3.head_bucket(Bucket="one-more")


def test_a_bucket_name_that_is_none_is_refused(s3: Any, refused: Refused) -> None:
    with refused("InvalidBucketName", 400):
        s3.create_bucket(Bucket="Capital")


def test_lifecycle_is_told_as_it_was_put(s3: Any, bucket: str, refused: Refused) -> None:
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "p/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_what_is_not_offered_says_so(s3: Any, bucket: str, refused: Refused) -> None:
    with refused("NotImplemented", 501):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({}))
    s3.put_object(Bucket=bucket, Key="k")
    with refused("NotImplemented", 501):
        s3.get_object_tagging(Bucket=bucket, Key="k")


def test_etags_tell_no_content_where_a_key_encrypts(store: FakeStore, client: Any) -> None:
    store.options.has_md5_etags = False
    answer = client.put_object(Bucket="bucket", Key="k", Body=b"x")
    assert answer["ETag"] != f'"{hashlib.md5(b"x", usedforsecurity=False).hexdigest()}"'
    assert answer["ServerSideEncryption"] == "aws:kms"
    assert client.head_object(Bucket="bucket", Key="k")["ETag"] == answer["ETag"]
