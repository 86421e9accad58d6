"""The daemon's face of a bucket on the strict store: what a refusal means."""

from __future__ import annotations

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import S3Failure, Start
from tests.strict.errors import KNOWN
from tests.strict.face import kind, md5, put, settings
from tests.strict.fake import FakeStore
from tests.strict.faults import Fault, Kind
from tests.waiting import until


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
