"""What a request that failed means, and whether it may have been applied."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.s3.bucket import Bucket
from tests.s3.asking import failure_of, md5, put
from tests.servers import (
    Answer,
    StubServer,
    drop_response,
    error_in_success,
    hang_up,
    lose_etag,
    respond,
    s3_error,
    slow_down,
    stub_server,
)


@pytest.mark.parametrize(
    ("behaviour", "kind", "is_unknown"),
    [
        (slow_down(), FailureKind.THROTTLED, False),
        (s3_error(500, "InternalError"), FailureKind.TRANSIENT, True),
        (s3_error(502, "BadGateway"), FailureKind.TRANSIENT, True),
        (drop_response(), FailureKind.TRANSIENT, True),
        (hang_up(), FailureKind.TRANSIENT, True),
        (lose_etag(), FailureKind.TRANSIENT, True),
        (respond(200, b"<html>a portal</html>"), FailureKind.TRANSIENT, True),
        (respond(202), FailureKind.TRANSIENT, True),
        (s3_error(400, "BadDigest"), FailureKind.TRANSIENT, False),
        (s3_error(400, "RequestTimeout"), FailureKind.TRANSIENT, True),
        (s3_error(403, "AccessDenied"), FailureKind.REFUSED, False),
        (s3_error(403, "ExpiredToken"), FailureKind.CREDENTIALS, False),
        (s3_error(403, "RequestTimeTooSkewed"), FailureKind.CLOCK, False),
        (s3_error(404, "NoSuchBucket"), FailureKind.BUCKET, False),
        (s3_error(409, "ConditionalRequestConflict"), FailureKind.CONFLICT, False),
        (s3_error(412, "PreconditionFailed"), FailureKind.TRANSIENT, True),  # none was set
        (s3_error(429, "TooManyRequests"), FailureKind.THROTTLED, False),
    ],
    ids=lambda value: value.value if isinstance(value, FailureKind) else None,
)
def test_put_failure_says_what_it_means_and_whether_it_may_have_been_applied(
    stub: StubServer, stub_bucket: Bucket, behaviour: Any, kind: FailureKind, is_unknown: bool
) -> None:
    stub.behave(behaviour, method="PUT")

    failure = failure_of(put(stub_bucket))

    assert (failure.kind, failure.is_unknown) == (kind, is_unknown)


def test_refused_connection_is_no_unknown_outcome(open_bucket: Any) -> None:
    with stub_server() as stub:
        bucket = open_bucket(stub.endpoint)

    failure = failure_of(put(bucket))

    assert (failure.kind, failure.is_unknown) == (FailureKind.BUCKET, False)


def test_reading_is_never_an_unknown_outcome(stub: StubServer, stub_bucket: Bucket) -> None:
    stub.behave(hang_up(), times=2)

    assert not failure_of(stub_bucket.call(stub_bucket.head("k"))).is_unknown
    assert not failure_of(stub_bucket.call(stub_bucket.list_page(""))).is_unknown


def test_error_inside_a_success_is_a_failure(stub: StubServer, stub_bucket: Bucket) -> None:
    stub.behave(error_in_success("NoSuchKey"), method="PUT")

    failure = failure_of(
        stub_bucket.call(
            stub_bucket.copy_onto_itself("k", etag="x", storage_class=None, metadata={})
        )
    )

    assert (failure.kind, failure.code) == (FailureKind.MISSING, "NoSuchKey")


@pytest.mark.parametrize(
    "body",
    [b"<html>please log in</html>", b"<Error><Code>InternalError</Code></Error>"],
    ids=["a page", "an error"],
)
def test_a_success_with_somebody_elses_body_is_none(
    stub: StubServer, stub_bucket: Bucket, body: bytes
) -> None:
    stub.behave(respond(200, body, (("ETag", '"5f3a-61bd"'),)), times=3)
    part = stub_bucket.upload_part("k", "id", 1, b"abc", md5=md5(b"abc"))

    replies = [put(stub_bucket), stub_bucket.call(part), stub_bucket.call(stub_bucket.delete("k"))]

    failures = [failure_of(reply) for reply in replies]
    assert [each.kind for each in failures] == [FailureKind.TRANSIENT] * 3
    assert all(each.is_unknown for each in failures)


def test_a_weak_etag_asks_for_the_strong_one(stub: StubServer, stub_bucket: Bucket) -> None:
    stub.behave(respond(200, b"", (("ETag", 'W/"5f3a"'),)))
    etag = put(stub_bucket).etag
    stub_bucket.call(stub_bucket.delete("k", if_match=etag))

    assert [one.headers["if-match"] for one in stub.seen("DELETE")] == ['"5f3a"']


def test_a_page_is_no_object(stub: StubServer, stub_bucket: Bucket) -> None:
    stub.behave(respond(200, b"<html>please log in</html>"), method="HEAD")

    failure = failure_of(stub_bucket.call(stub_bucket.head("k")))

    assert (failure.kind, failure.is_unknown) == (FailureKind.TRANSIENT, False)


def test_an_error_behind_a_success_does_not_show_the_token(
    stub: StubServer, open_bucket: Any
) -> None:
    bucket = open_bucket(stub.endpoint, session_token="t0ken")
    body = b"<Error><Code>Bad</Code><Message>t0ken is over</Message></Error>"
    stub.behave(respond(200, body, (("ETag", '"e"'),)), method="PUT")

    failure = failure_of(put(bucket))

    assert "is over" in failure.message
    assert "t0ken" not in failure.message


def test_body_that_ends_by_closing_is_no_listing(stub: StubServer, stub_bucket: Bucket) -> None:
    page = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
    headers = (("Connection", "close"),)
    unmeasured = Answer(200, headers, page, is_closing=True, is_measured=False)
    stub.behave(lambda _stub, _seen: unmeasured, method="GET")

    assert stub_bucket.call(stub_bucket.list_page("")).failure is not None


def test_failed_listing_is_the_sites_trouble(stub: StubServer, stub_bucket: Bucket) -> None:
    stub.behave(s3_error(403, "AccessDenied"), method="GET")

    failure = failure_of(stub_bucket.call(stub_bucket.list_page("")))

    assert failure.kind is FailureKind.BUCKET
