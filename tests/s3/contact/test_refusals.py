"""What first contact says of a store that refuses, or answers with something else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.s3.contact.stores import REGION, unavailable
from tests.servers import (
    Answer,
    S3Server,
    StubServer,
    error_in_success,
    hang_up,
    respond,
    s3_error,
    slow_down,
)


def test_missing_bucket_is_named(server: S3Server, open_bucket: Any) -> None:
    error = unavailable(open_bucket, server.endpoint, name="no-such-bucket")

    assert "no-such-bucket does not exist" in error.message


def test_wrong_secret_is_told_from_an_unknown_key(rclone: S3Server, open_bucket: Any) -> None:
    error = unavailable(open_bucket, rclone.endpoint, secret_access_key="wrong")

    assert "secret" in error.message or "signature" in error.message


@pytest.mark.parametrize(
    ("behaviour", "in_message", "in_hint"),
    [
        (s3_error(403, "AccessDenied"), "denied", "s3:ListBucket"),
        (s3_error(403, "InvalidAccessKeyId"), "access key", "access_key"),
        (s3_error(400, "ExpiredToken"), "expired", "Renew"),
        (s3_error(403, "RequestTimeTooSkewed"), "clock", "NTP"),
        (s3_error(404, "NoSuchBucket"), "does not exist", "Create it"),
        (slow_down(), "slow down", "by itself"),
        (
            s3_error(400, "AuthorizationHeaderMalformed", "the region is wrong", extra=REGION),
            "eu-central-1",
            "region: eu-central-1",
        ),
        (
            respond(301, b"", (("x-amz-bucket-region", "eu-central-1"),)),
            "eu-central-1",
            "region: eu-central-1",
        ),
        (respond(200, b"<html>A web page</html"), "S3", "not of a console"),
        (hang_up(), "closed the connection", "endpoint"),
    ],
)
def test_refusal_is_explained(
    stub: StubServer, open_bucket: Any, behaviour: Any, in_message: str, in_hint: str
) -> None:
    stub.behave(behaviour, times=10)

    error = unavailable(open_bucket, stub.endpoint)

    assert in_message in error.message
    assert in_hint in error.hint


LISTING = "<ListBucketResult>%s</ListBucketResult>"


@pytest.mark.parametrize(
    "page",
    [
        b"<html><body>Please log in</body></html>",
        b"",
        b"<a>" * 60_000 + b"</a>" * 60_000,
        (LISTING % "").encode(),
        b"<SomeResult><IsTruncated>false</IsTruncated></SomeResult>",
        b"<!DOCTYPE x>" + (LISTING % "<IsTruncated>false</IsTruncated>").encode(),
    ],
    ids=["html", "empty", "deep", "bare", "other", "typed"],
)
def test_a_success_that_lists_nothing_is_no_contact(
    stub: StubServer, open_bucket: Any, page: bytes
) -> None:
    stub.behave(respond(200, page), times=10)

    error = unavailable(open_bucket, stub.endpoint)

    assert "is not S3" in error.message
    assert len(stub.history) == 1


def test_an_error_behind_a_success_is_explained_as_one(stub: StubServer, open_bucket: Any) -> None:
    stub.behave(error_in_success("AccessDenied"), times=10)

    assert "denied" in unavailable(open_bucket, stub.endpoint).message


def test_a_store_that_tells_no_length_is_not_met(stub: StubServer, open_bucket: Any) -> None:
    """Its listings would never be believed."""
    page = (LISTING % "<IsTruncated>false</IsTruncated>").encode()
    unmeasured = Answer(200, (("Connection", "close"),), page, is_closing=True, is_measured=False)
    stub.behave(lambda _stub, _seen: unmeasured, times=10)

    error = unavailable(open_bucket, stub.endpoint)

    assert "how long its answers are" in error.message
    assert "Content-Length" in error.hint


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_that_leads_nowhere_is_not_followed_for_long(
    stub: StubServer, open_bucket: Any, status: int
) -> None:
    stub.behave(respond(status, b"", (("Location", "http://127.0.0.1:9/login"),)), times=200)

    unavailable(open_bucket, stub.endpoint)

    assert len(stub.history) <= 6
