"""Control requests on connections of our own: what boto3 would make of the same answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s3syncd.core.retry import Failure
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.client import Client
from s3syncd.s3.lean import LeanClient
from s3syncd.s3.poller import Poller
from s3syncd.s3.reply import S3Failure
from tests.servers import (
    ACCESS_KEY,
    SECRET_ACCESS_KEY,
    Seen,
    StubServer,
    error_in_success,
    hang_up,
    respond,
    s3_error,
    slow_down,
    stub_server,
)

TOKEN = "a-token-that-must-never-be-shown"
Speak = Callable[[Bucket], object]

BLOCKING: dict[str, Speak] = {
    "create": lambda bucket: bucket.create_multipart("k"),
    "complete": lambda bucket: bucket.complete_multipart("k", "u", [(1, "e")]),
    "abort": lambda bucket: bucket.abort_multipart("k", "u"),
    "parts": lambda bucket: bucket.list_parts("k", "u"),
    "uploads": lambda bucket: bucket.list_uploads("k"),
}


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[StubServer, Bucket, Bucket]]:
    """A store, and two buckets in contact with it: by boto3, and without it."""
    with stub_server() as stub, contextlib.closing(Poller()) as poller:
        settings = BucketSettings(
            bucket="bucket", endpoint=stub.endpoint, region="us-east-1", ops_retries=0,
            access_key=ACCESS_KEY, secret_access_key=SECRET_ACCESS_KEY, session_token=TOKEN,
        )  # fmt: skip
        buckets = Bucket(settings), Bucket(settings, poller=poller)
        for bucket in buckets:
            bucket.connect()
        assert isinstance(buckets[0]._client, Client)
        assert isinstance(buckets[1]._client, LeanClient)
        yield stub, *buckets
        for bucket in buckets:
            assert bucket.close(10)


def outcome(bucket: Bucket, speak: Speak) -> object:
    try:
        return speak(bucket)
    except S3Failure as error:
        assert TOKEN not in str(error)
        failure: Failure = error.failure
        return failure.kind, failure.code, failure.status, failure.is_unknown


def document(name: str, inner: str, *, space: str = "") -> Any:
    return respond(200, f"<?xml version='1.0'?><{name}{space}>{inner}</{name}>".encode())


NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
COMPLETED = b"<CompleteMultipartUploadResult><ETag>e-1</ETag></CompleteMultipartUploadResult>"
PART = "<Part><PartNumber>{0}</PartNumber><ETag>&quot;e{0}&quot;</ETag><Size>5</Size></Part>"
UPLOAD = "<Upload><Key>{0}</Key><UploadId>{1}</UploadId></Upload>"


@pytest.mark.parametrize("name", BLOCKING)
@pytest.mark.parametrize(
    "behaviour",
    [
        s3_error(403, "AccessDenied"),
        s3_error(404, "NoSuchUpload"),
        s3_error(404, "NoSuchBucket"),
        s3_error(400, "InvalidPart"),
        s3_error(400, "EntityTooSmall", f"said with {TOKEN}"),
        s3_error(412, "PreconditionFailed"),
        s3_error(409, "ConditionalRequestConflict"),
        s3_error(500, "InternalError"),
        slow_down(),
        respond(500),
        respond(502, b"<html>Bad gateway"),
        respond(404),
        respond(403, b"no XML"),
        hang_up(),
    ],
)
def test_a_refusal_means_the_same_whoever_asked(
    pair: tuple[StubServer, Bucket, Bucket], name: str, behaviour: Any
) -> None:
    stub, theirs, ours = pair
    stub.behave(behaviour, times=2)

    assert outcome(ours, BLOCKING[name]) == outcome(theirs, BLOCKING[name])


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("create", document("InitiateMultipartUploadResult", "<UploadId>a&amp;b</UploadId>")),
        ("complete", document("CompleteMultipartUploadResult", "<ETag>\"e-1\"</ETag>")),
        ("complete", document("CompleteMultipartUploadResult", "", space=NAMESPACE)),
        ("complete", error_in_success("InternalError")),
        ("complete", error_in_success("SlowDown")),
        ("complete", respond(200, b"<CompleteMultipartUploadResult><ETag>")),
        ("complete", respond(200, b"")),
        ("abort", respond(200, b"")),
        ("parts", document("ListPartsResult", PART.format(2) + PART.format(1), space=NAMESPACE)),
        ("parts", document("ListPartsResult", "<IsTruncated>false</IsTruncated>")),
        ("parts", document("ListPartsOutput", PART.format(7))),
        ("parts", document("SomeOtherName", PART.format(7))),
        ("parts", document("html", "<body>Please log in</body>")),
        ("parts", respond(200, b"")),
        ("uploads", document("html", "<body>Please log in</body>")),
        ("uploads", respond(200, b"")),
        ("complete", document("html", "<body>Please log in</body>")),
        ("uploads", document("ListMultipartUploadsResult", UPLOAD.format("k", "1"))),
        ("uploads", document("ListMultipartUploadsResult", UPLOAD.format("k2", "1"))),
    ],
)  # fmt: skip
def test_a_success_means_the_same_whoever_asked(
    pair: tuple[StubServer, Bucket, Bucket], name: str, behaviour: Any
) -> None:
    stub, theirs, ours = pair
    stub.behave(behaviour, times=2)

    assert outcome(ours, BLOCKING[name]) == outcome(theirs, BLOCKING[name])


def test_a_store_may_send_blanks_until_an_upload_is_complete(
    pair: tuple[StubServer, Bucket, Bucket],
) -> None:
    stub, _, ours = pair
    stub.behave(respond(200, b" \n  " + COMPLETED))

    assert BLOCKING["complete"](ours) == "e-1"


def test_a_weak_etag_of_an_upload_in_parts_is_the_strong_one_whoever_asks(
    pair: tuple[StubServer, Bucket, Bucket],
) -> None:
    part = "<Part><PartNumber>1</PartNumber><ETag>W/&quot;e&quot;</ETag><Size>1</Size></Part>"
    stub, *buckets = pair
    for bucket in buckets:
        stub.behave(
            document("CompleteMultipartUploadResult", "<ETag>W/&quot;e-1&quot;</ETag>"),
            contains="uploadId", method="POST",
        )  # fmt: skip
        stub.behave(document("ListPartsResult", part), contains="uploadId", method="GET")

        assert bucket.complete_multipart("k", "u", [(1, "e")]) == "e-1"
        assert [each.etag for each in bucket.list_parts("k", "u")] == ["e"]


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("complete", respond(200, b"   ")),
        ("create", document("InitiateMultipartUploadResult", "")),
        ("create", respond(200, b"")),
        ("create", document("html", "<body>Please log in</body>")),
        ("complete", respond(200, b"")),
        ("complete", document("html", "<body>Please log in</body>")),
        ("parts", respond(200, b"")),
        ("parts", document("html", "<body>Please log in</body>")),
        ("uploads", respond(200, b"")),
        ("uploads", document("html", "<body>Please log in</body>")),
        ("parts", document("ListPartsResult", "<Part><ETag>e</ETag></Part>")),
        ("parts", document("!DOCTYPE x><ListPartsResult", "")),
    ],
)
def test_half_of_an_answer_is_no_success(
    pair: tuple[StubServer, Bucket, Bucket], name: str, behaviour: Any
) -> None:
    stub, _, ours = pair
    stub.behave(behaviour)

    with pytest.raises(S3Failure) as caught:
        BLOCKING[name](ours)

    assert caught.value.failure.is_unknown


def test_pages_are_followed(pair: tuple[StubServer, Bucket, Bucket]) -> None:
    stub, *buckets = pair
    for bucket in buckets:
        more = "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>"
        stub.behave(document("ListPartsResult", PART.format(1) + more), contains="marker=0")
        stub.behave(document("ListPartsResult", PART.format(2)), contains="marker=1")
        assert [part.number for part in bucket.list_parts("k", "u")] == [1, 2]

        more = "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
        more += "<NextUploadIdMarker>1</NextUploadIdMarker>"
        inner = UPLOAD.format("k", "1") + more
        stub.behave(document("ListMultipartUploadsResult", UPLOAD.format("k", "2")),
                    contains="upload-id-marker=1")  # fmt: skip
        stub.behave(document("ListMultipartUploadsResult", inner), contains="uploads")
        assert bucket.list_uploads("k") == ["1", "2"]


def test_what_is_sent_to_complete_is_the_same_and_signed(
    pair: tuple[StubServer, Bucket, Bucket],
) -> None:
    stub, *buckets = pair
    told = document("CompleteMultipartUploadResult", "<ETag>e</ETag>")
    names = {"if-match", "x-amz-mp-object-size", "x-amz-content-sha256", "x-amz-security-token"}
    sent: list[Seen] = []
    for bucket in buckets:
        stub.behave(told)
        bucket.complete_multipart(
            "a b", "u/1", [(1, "e&1"), (2, "e2")], if_match="old", size_bytes=7
        )
        sent.append(stub.history[-1])

    theirs, ours = sent
    assert ours.target == theirs.target
    assert ours.body == theirs.body
    assert {n: ours.headers[n] for n in names} == {n: theirs.headers[n] for n in names}
    for header in names:
        assert header in ours.headers["authorization"]
