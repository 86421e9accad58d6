"""Whatever a network does to a request, the failure is one that somebody has judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s3syncd.core.retry import Failure, FailureKind, is_known
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.poller import Poller
from s3syncd.s3.reply import S3Failure
from tests.faults.proxy import Proxy, fault_proxy
from tests.faults.rules import Rule
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, S3Server
from tests.waiting import until

BODY = b"x" * 200_000
MD5 = hashlib.md5(BODY, usedforsecurity=False).digest()

# What is started, and whether it changes the bucket.
STARTED: dict[str, tuple[Callable[[Bucket], Any], bool]] = {
    "PUT": (lambda bucket: bucket.put("k", BODY, md5=MD5), True),
    "part": (lambda bucket: bucket.upload_part("k", "id", 1, BODY, md5=MD5), True),
    "DELETE": (lambda bucket: bucket.delete("k"), True),
    "HEAD": (lambda bucket: bucket.head("k"), False),
    "LIST": (lambda bucket: bucket.list_page(""), False),
}
BLOCKING: dict[str, tuple[Callable[[Bucket], Any], bool]] = {
    "create": (lambda bucket: bucket.create_multipart("k"), True),
    "complete": (lambda bucket: bucket.complete_multipart("k", "id", [(1, "e")]), True),
    "abort": (lambda bucket: bucket.abort_multipart("k", "id"), True),
    "parts": (lambda bucket: bucket.list_parts("k", "id"), False),
    "uploads": (lambda bucket: bucket.list_uploads("k"), False),
}
ALL = [*STARTED, *BLOCKING]

Fault = Callable[[Proxy], Rule]
QUICK: dict[str, Fault] = {
    "reset at once": lambda proxy: proxy.reset_after(0),
    "reset within the body": lambda proxy: proxy.reset_after(100_000),
    "closed": lambda proxy: proxy.hang_up(),
    "answer lost": lambda proxy: proxy.lose_response(),
    "garbled": lambda proxy: proxy.garble(),
}
SILENT: dict[str, Fault] = {
    "request not read": lambda proxy: proxy.stall_request(1000),
    "no answer": lambda proxy: proxy.stall_answer(-1),
}
STATUSES = [408, 500, 502, 503, 504]


@pytest.fixture(scope="module")
def relay(moto: S3Server) -> Iterator[Proxy]:
    with fault_proxy(moto.endpoint) as relay:
        yield relay


@pytest.fixture(scope="module", params=["crt", "direct"])
def bucket(
    request: pytest.FixtureRequest, moto: S3Server, relay: Proxy, session_poller: Poller
) -> Iterator[Bucket]:
    """A bucket behind the relay with an object; contact is made, and nothing repeated."""
    moto.create_bucket("behind-relay")
    settings = BucketSettings(
        bucket="behind-relay",
        endpoint=relay.endpoint,
        region="us-east-1",
        access_key=ACCESS_KEY,
        secret_access_key=SECRET_ACCESS_KEY,
        ops_retries=0,
    )
    opened = Bucket(settings, poller=session_poller if request.param == "direct" else None)
    opened.connect()
    assert opened.call(opened.put("k", BODY, md5=MD5)).failure is None
    yield opened
    assert opened.close(10)


@pytest.fixture
def proxy(relay: Proxy) -> Iterator[Proxy]:
    """The relay in a good mood, without connections."""
    yield relay
    relay.clear()
    relay.up()
    relay.cut()
    until(lambda: not relay.open_connections, 10)


def failure_of(bucket: Bucket, operation: str) -> Failure:
    if operation in STARTED:
        failure = bucket.call(STARTED[operation][0](bucket)).failure
        assert failure is not None
        return failure
    with pytest.raises(S3Failure) as caught:
        BLOCKING[operation][0](bucket)
    return caught.value.failure


def assert_doubt(failure: Failure, operation: str) -> None:
    """An effect is in doubt; a look is not (one that blocks may say so: it costs another look)."""
    if (STARTED | BLOCKING)[operation][1]:
        assert failure.is_unknown, failure
    elif operation in STARTED:
        assert not failure.is_unknown, failure


@pytest.mark.parametrize("operation", ALL)
@pytest.mark.parametrize("fault", QUICK)
def test_a_broken_connection_is_tried_again_and_leaves_effects_in_doubt(
    proxy: Proxy, bucket: Bucket, operation: str, fault: str
) -> None:
    rule = QUICK[fault](proxy)

    failure = failure_of(bucket, operation)

    assert rule.reached.is_set()
    assert is_known(failure.code), failure
    assert failure.kind is FailureKind.TRANSIENT, failure
    assert_doubt(failure, operation)


@pytest.mark.parametrize("operation", ALL)
@pytest.mark.parametrize("status", STATUSES)
def test_a_server_in_trouble_is_tried_again(
    proxy: Proxy, bucket: Bucket, operation: str, status: int
) -> None:
    proxy.answer(status, "SlowDown" if status == 503 else "InternalError")

    failure = failure_of(bucket, operation)

    expected = FailureKind.THROTTLED if status == 503 else FailureKind.TRANSIENT
    assert is_known(failure.code.removeprefix("HTTP")), failure
    assert failure.kind is expected, failure


@pytest.mark.parametrize("operation", STARTED)
@pytest.mark.parametrize("fault", SILENT)
def test_silence_ends_at_the_deadline(
    proxy: Proxy, bucket: Bucket, operation: str, fault: str
) -> None:
    rule = SILENT[fault](proxy)
    replies: list[Any] = []
    STARTED[operation][0](bucket)(replies.append)
    until(rule.reached.is_set, 10)

    bucket.expire(float("inf"))

    until(lambda: replies, 10, "the request is given up")
    failure = replies[0].failure
    assert (failure.code, failure.kind) == ("DeadlineExceeded", FailureKind.TRANSIENT)
    assert_doubt(failure, operation)
    if fault == "no answer":  # else what was not read keeps the news of the end from the peer
        until(lambda: not proxy.open_connections, 10, "its connection is closed")


@pytest.mark.parametrize("answer_bytes", [0, 100])
@pytest.mark.parametrize("is_silent", [False, True], ids=["closed", "silent"])
def test_half_a_listing_is_none(
    proxy: Proxy, bucket: Bucket, answer_bytes: int, is_silent: bool
) -> None:
    fault = proxy.stall_answer if is_silent else proxy.truncate
    rule = fault(answer_bytes)
    replies: list[Any] = []
    bucket.list_page("")(replies.append)
    until(rule.reached.is_set, 10)
    if is_silent:
        bucket.expire(float("inf"))

    until(lambda: replies, 10)
    failure = replies[0].failure
    assert is_known(failure.code)
    assert failure.kind is FailureKind.TRANSIENT


@pytest.mark.parametrize("operation", ["uploads", "create", "complete"])
def test_half_an_answer_of_a_control_call_is_none(
    proxy: Proxy, bucket: Bucket, operation: str
) -> None:
    proxy.truncate(20)

    failure = failure_of(bucket, operation)

    assert is_known(failure.code), failure
    assert failure.kind is FailureKind.TRANSIENT, failure
    assert_doubt(failure, operation)


@pytest.mark.parametrize("operation", ALL)
def test_a_server_that_is_gone_is_the_buckets_trouble(
    proxy: Proxy, bucket: Bucket, operation: str
) -> None:
    proxy.refuse()

    failure = failure_of(bucket, operation)

    assert is_known(failure.code), failure
    assert (failure.kind, failure.is_unknown) == (FailureKind.BUCKET, False)


def test_a_black_hole_is_the_buckets_trouble(proxy: Proxy, bucket: Bucket) -> None:
    proxy.freeze()

    failure = failure_of(bucket, "PUT")

    assert failure.kind is FailureKind.BUCKET, failure
