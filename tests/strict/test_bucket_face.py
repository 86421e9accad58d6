"""The daemon's face of a bucket on the strict store: conditions hold, refusals are understood."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from s3syncd.core.digest import multipart_etag
from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.listing import parse_listing
from s3syncd.s3.reply import Reply, S3Failure, Start
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.errors import KNOWN
from tests.strict.fake import FakeStore
from tests.strict.faults import Fault, Kind
from tests.waiting import until

MIB = 2**20
OTHER = "0" * 32


def settings(store: FakeStore, **given: Any) -> BucketSettings:
    usual: dict[str, Any] = {
        "bucket": "bucket", "endpoint": store.endpoint, "region": "us-east-1",
        "access_key": ACCESS_KEY, "secret_access_key": SECRET_ACCESS_KEY, "max_connections": 16,
    }  # fmt: skip
    return BucketSettings(**usual | given)


@pytest.fixture
def face(store: FakeStore) -> Iterator[Bucket]:
    bucket = Bucket(settings(store))
    bucket.connect()
    yield bucket
    assert bucket.close(10)


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def put(face: Bucket, body: bytes = b"old", key: str = "k", **given: Any) -> Reply:
    return face.call(face.put(key, body, md5=md5(body), **given))


def kind(reply: Reply) -> FailureKind | None:
    return reply.failure and reply.failure.kind


def content(store: FakeStore, key: str = "k") -> bytes:
    return store.version(store.tree("bucket")[key]).body


def test_puts_are_conditional_on_what_was_seen(store: FakeStore, face: Bucket) -> None:
    assert kind(put(face, if_match=OTHER)) is FailureKind.MISSING
    etag = put(face, if_none_match=True).etag
    assert kind(put(face, b"new", if_none_match=True)) is FailureKind.PRECONDITION
    assert kind(put(face, b"new", if_match=OTHER)) is FailureKind.PRECONDITION
    assert content(store) == b"old"
    assert kind(put(face, b"new", if_match=etag)) is None
    assert content(store) == b"new"


def test_deletions_are_conditional_on_what_was_seen(store: FakeStore, face: Bucket) -> None:
    etag = put(face).etag
    assert kind(face.call(face.delete("k", if_match=OTHER))) is FailureKind.PRECONDITION
    assert content(store) == b"old"
    assert kind(face.call(face.delete("k", if_match=etag))) is None
    assert kind(face.call(face.delete("k", if_match=etag))) is FailureKind.MISSING
    assert store.tree("bucket") == {}
    conditions = [event.if_match for event in store.history().of("DeleteObject")]
    assert conditions == [OTHER, etag, etag]


def test_a_copy_is_conditional_on_its_source(store: FakeStore, face: Bucket) -> None:
    etag = put(face).etag
    given: dict[str, Any] = {"storage_class": "STANDARD_IA", "metadata": {"m": "1"}}
    refused = face.call(face.copy_onto_itself("k", etag=OTHER, **given))
    assert kind(refused) is FailureKind.PRECONDITION
    done = face.call(face.copy_onto_itself("k", etag=etag, **given))
    assert (done.failure, done.etag) == (None, etag)
    head = face.call(face.head("k"))
    assert head.headers["x-amz-storage-class"] == "STANDARD_IA"
    assert head.metadata == {"m": "1"}


def test_an_upload_in_parts_is_conditional_at_its_end(store: FakeStore, face: Bucket) -> None:
    old = put(face).etag
    first, last = b"a" * (5 * MIB), b"b"
    upload = face.create_multipart("k", metadata={"mtime": "1.5"})
    parts = [
        (number, face.call(face.upload_part("k", upload, number, body, md5=md5(body))).etag)
        for number, body in ((1, first), (2, last))
    ]
    assert [part.etag for part in face.list_parts("k", upload)] == [etag for _, etag in parts]
    for wrong, expected in (
        ({"if_match": OTHER}, FailureKind.PRECONDITION),
        ({"if_none_match": True}, FailureKind.PRECONDITION),
        ({"size_bytes": 3}, FailureKind.REFUSED),
    ):
        with pytest.raises(S3Failure) as caught:
            face.complete_multipart("k", upload, parts, **wrong)
        assert caught.value.failure.kind is expected
    assert content(store) == b"old"
    with pytest.raises(S3Failure) as caught:
        face.complete_multipart("k", upload, parts[::-1])
    assert caught.value.failure.kind is FailureKind.CONFLICT
    etag = face.complete_multipart("k", upload, parts, if_match=old, size_bytes=5 * MIB + 1)
    assert etag == multipart_etag([md5(first), md5(last)])
    assert content(store) == first + last
    assert face.list_uploads("k") == []
    with pytest.raises(S3Failure) as caught:
        face.complete_multipart("k", upload, parts)
    assert caught.value.failure.kind is FailureKind.MISSING


def test_layout_of_parts_and_checksums_can_be_asked_for(face: Bucket) -> None:
    upload = face.create_multipart("k")
    body = b"a" * (5 * MIB)
    parts = [
        (number, face.call(face.upload_part("k", upload, number, each, md5=md5(each))).etag)
        for number, each in ((1, body), (2, b"b"))
    ]
    face.complete_multipart("k", upload, parts)
    looked = face.call(face.head("k", part_number=1))
    assert (looked.failure, looked.size_bytes, looked.part_count) == (None, 5 * MIB, 2)
    told = face.call(face.head("k", with_checksum=True))
    assert "x-amz-checksum-crc64nvme" in told.headers


KEYS = [
    "a b",
    "a+b",
    "100%",
    "é/ü",
    "til~de",
    "x//y",
    "a/./b",
    "line\nfeed",
    "\x01",
    "😀",
    "*",
    "q?x#y&z",
]


def test_every_key_is_listed_as_it_was_put(store: FakeStore, face: Bucket) -> None:
    for key in KEYS:
        assert put(face, key.encode(), key).failure is None
    seen: list[str] = []
    token: str | None = None
    while True:
        reply = face.call(face.list_page("", token=token, max_keys=5))
        page = parse_listing(reply.body, lambda key: key, after=seen[-1] if seen else "")
        assert page.is_ascending
        seen += [entry.path for entry in page.entries]
        if (token := page.next_token) is None:
            break
    assert seen == sorted(KEYS, key=str.encode) == sorted(store.tree("bucket"))
    for key in KEYS:
        assert face.call(face.delete(key)).failure is None
    assert store.tree("bucket") == {}


def test_a_missing_key_and_a_missing_bucket_are_told_apart(store: FakeStore, face: Bucket) -> None:
    """A HEAD cannot: its answer has no words."""
    put(face)
    there = face.call(face.peek("k"))
    assert (there.failure, there.body) == (None, b"o")
    missing = face.call(face.peek("other")).failure
    assert missing is not None
    assert (missing.kind, missing.code) == (FailureKind.MISSING, "NoSuchKey")
    store.fault(Fault(kind=Kind.ERROR, code="NoSuchBucket", times=2))
    assert kind(face.call(face.head("other"))) is FailureKind.MISSING
    assert kind(face.call(face.peek("other"))) is FailureKind.BUCKET
    assert kind(face.call(face.peek("k"))) is None


def test_content_that_breaks_on_its_way_is_not_stored(store: FakeStore, face: Bucket) -> None:
    reply = face.call(face.put("k", b"body", md5=md5(b"Body")))
    assert kind(reply) is FailureKind.TRANSIENT
    assert reply.failure is not None
    assert reply.failure.code == "BadDigest"
    assert store.tree("bucket") == {}


def test_a_key_too_long_is_refused(face: Bucket) -> None:
    assert kind(put(face, key="k" * 1025)) is FailureKind.REFUSED


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("SlowDown", FailureKind.THROTTLED), ("InternalError", FailureKind.TRANSIENT),
        ("ServiceUnavailable", FailureKind.THROTTLED), ("RequestTimeout", FailureKind.TRANSIENT),
        ("AccessDenied", FailureKind.REFUSED), ("ExpiredToken", FailureKind.CREDENTIALS),
        ("ConditionalRequestConflict", FailureKind.CONFLICT),
        ("OperationAborted", FailureKind.CONFLICT), ("NoSuchBucket", FailureKind.BUCKET),
        ("RequestTimeTooSkewed", FailureKind.CLOCK), ("PermanentRedirect", FailureKind.BUCKET),
        ("EntityTooLarge", FailureKind.REFUSED), ("NoSuchUpload", FailureKind.MISSING),
    ],
)  # fmt: skip
def test_each_error_is_understood(
    store: FakeStore, face: Bucket, code: str, expected: FailureKind
) -> None:
    assert code in KNOWN
    store.fault(Fault(kind=Kind.ERROR, operation="PutObject", code=code))
    assert kind(put(face)) is expected
    assert kind(put(face)) is None


@pytest.mark.parametrize("way", [Kind.DROP_REQUEST, Kind.DROP_RESPONSE, Kind.ERROR_AFTER])
@pytest.mark.parametrize("operation", ["PutObject", "DeleteObject", "CopyObject"])
def test_an_effect_without_an_answer_is_unknown(
    store: FakeStore, face: Bucket, way: Kind, operation: str
) -> None:
    etag = put(face).etag
    store.fault(Fault(kind=way, operation=operation))
    starts: dict[str, Start] = {
        "PutObject": face.put("k", b"new", md5=md5(b"new")),
        "DeleteObject": face.delete("k", if_match=etag),
        "CopyObject": face.copy_onto_itself(
            "k", etag=etag, storage_class="STANDARD_IA", metadata={}
        ),
    }
    failure = face.call(starts[operation]).failure
    assert failure is not None
    assert failure.is_unknown


def test_an_error_in_a_success_is_no_success(store: FakeStore, face: Bucket) -> None:
    etag = put(face).etag
    store.fault(Fault(kind=Kind.ERROR_IN_SUCCESS, operation="CopyObject"))
    start = face.copy_onto_itself("k", etag=etag, storage_class="STANDARD_IA", metadata={})
    assert face.call(start).failure is not None
    upload = face.create_multipart("big")
    part = face.call(face.upload_part("big", upload, 1, b"x", md5=md5(b"x"))).etag
    store.fault(Fault(kind=Kind.ERROR_IN_SUCCESS, operation="CompleteMultipartUpload"))
    with pytest.raises(S3Failure) as caught:
        face.complete_multipart("big", upload, [(1, part)])
    assert caught.value.failure.is_unknown
    assert "big" not in store.tree("bucket")


def test_a_listing_that_breaks_off_is_no_listing(store: FakeStore, face: Bucket) -> None:
    for number in range(20):
        put(face, key=f"{number}")
    store.fault(Fault(kind=Kind.TRUNCATE, operation="ListObjectsV2", kept_bytes=500))
    assert face.call(face.list_page("")).failure is not None


def test_a_late_effect_comes_after_its_failure(store: FakeStore, face: Bucket) -> None:
    store.fault(Fault(kind=Kind.LATE, operation="PutObject", name="gate"))
    failure = put(face).failure
    assert failure is not None
    assert failure.is_unknown
    assert face.call(face.head("k")).failure is not None
    store.release("gate")
    until(lambda: "k" in store.tree("bucket"))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"bucket": "no-bucket"}, "no-bucket"),
        ({"region": "eu-west-1"}, "us-east-1"),
        ({"secret_access_key": "wrong"}, "signature"),
        ({"access_key": "AKIDSTRANGER"}, "key"),
    ],
)
def test_first_contact_says_what_is_wrong(
    store: FakeStore, given: dict[str, str], word: str
) -> None:
    bucket = Bucket(settings(store, **given))
    with pytest.raises(SiteUnavailable) as caught:
        bucket.connect()
    bucket.close(10)
    assert word in f"{caught.value.message} {caught.value.hint}".lower()


def test_a_bucket_of_another_region_than_its_endpoint_is_said_to_be(store: FakeStore) -> None:
    store.create_bucket("far-away", region="eu-west-1")
    bucket = Bucket(settings(store, bucket="far-away"))
    with pytest.raises(SiteUnavailable) as caught:
        bucket.connect()
    bucket.close(10)
    assert "eu-west-1" in f"{caught.value.message} {caught.value.hint}"


def test_a_clock_that_is_wrong_is_said_to_be(store: FakeStore, face: Bucket) -> None:
    store.shift_clock(3600)
    assert kind(put(face)) is FailureKind.CLOCK
    other = Bucket(settings(store))
    with pytest.raises(SiteUnavailable) as caught:
        other.connect()
    other.close(10)
    assert "clock" in f"{caught.value.message} {caught.value.hint}".lower()
