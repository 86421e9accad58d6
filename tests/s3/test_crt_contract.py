"""What the CRT does that nobody expects, and that we live with it: one test for each trap."""

from __future__ import annotations

import gc
import hashlib
import socket
import threading
from io import BytesIO
from typing import Any

import pytest
from awscrt import auth, http, s3

from s3syncd.core.retry import FailureKind
from s3syncd.core.window import Window
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.reply import Reply
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import BodyView, Endpoint, WireRequest
from tests.s3.asking import STATIC, failure_of, host_of, md5, put
from tests.servers import (
    Answer,
    StubServer,
    drop_response,
    hang_up,
    hold,
    s3_error,
    slow_down,
    stall,
    stub_server,
)
from tests.waiting import until


def test_one_crt_client_sends_a_second_port_to_the_first() -> None:
    """The trap itself: if this fails, the CRT has learnt, and nothing else changes."""
    with stub_server() as first, stub_server() as second:
        provider = auth.AwsCredentialsProvider.new_static("a", "b")
        signing = s3.create_default_s3_signing_config(
            region="us-east-1", credential_provider=provider
        )
        client = s3.S3Client(
            region="us-east-1", tls_mode=s3.S3RequestTlsMode.DISABLED, signing_config=signing
        )
        for stub in (first, second):
            headers = http.HttpHeaders([("Host", host_of(stub)), ("Content-Length", "1")])
            client.make_request(
                type=s3.S3RequestType.DEFAULT,
                operation_name="PutObject",
                request=http.HttpRequest("PUT", "/b/k", headers, BytesIO(b"x")),
            ).finished_future.result(20)
        ended = client.shutdown_event
        del client

        assert (len(first.history), len(second.history)) == (2, 0)
        assert ended.wait(20)


def test_two_buckets_on_two_ports_of_a_host_stay_apart(open_bucket: Any) -> None:
    with stub_server() as first, stub_server() as second:
        for stub in (first, second):
            bucket = open_bucket(stub.endpoint)
            for number in range(5):
                assert put(bucket, f"{host_of(stub)}-{number}").failure is None
        for stub in (first, second):
            assert len(stub.objects) == 5
            assert all(host_of(stub) in path for path in stub.objects)


def test_body_may_be_overwritten_as_soon_as_it_was_read(
    stub: StubServer, stub_bucket: Bucket
) -> None:
    """The CRT sends the copy that it has made: memory for parts is used again before the reply."""
    size_bytes = 8 * 1024 * 1024
    content = bytearray(b"part" * (size_bytes // 4))
    digest = md5(bytes(content))
    was_read = threading.Event()

    def overwrite() -> None:
        content[:] = bytes(size_bytes)
        was_read.set()

    body = BodyView(memoryview(content), on_read=overwrite)
    assert stub_bucket.call(stub_bucket.put("k", body, md5=digest)).failure is None
    assert was_read.is_set()
    (stored,) = stub.objects.values()
    assert hashlib.md5(stored.body).digest() == digest


def test_content_length_is_told_for_every_request(stub: StubServer, stub_bucket: Bucket) -> None:
    put(stub_bucket, body=b"12345")
    put(stub_bucket, body=b"")
    stub_bucket.call(stub_bucket.head("k"))
    stub_bucket.call(stub_bucket.delete("k"))

    told = [(one.method, one.headers["content-length"]) for one in stub.history]
    assert told == [("PUT", "5"), ("PUT", "0"), ("HEAD", "0"), ("DELETE", "0")]
    assert stub.history[0].body == b"12345"


def test_answered_requests_are_let_go(stub: StubServer) -> None:
    bucket = Bucket(
        BucketSettings(
            bucket="bucket", endpoint=stub.endpoint, access_key="AKID", secret_access_key="secret"
        )
    )
    bucket.connect()
    for number in range(20):
        if number % 5 == 0:
            stub.behave(s3_error(404, "NoSuchKey"), method="PUT")
        put(bucket, f"k{number}")

    def kept() -> int:
        gc.collect()
        return sum(isinstance(one, s3.S3Request) for one in gc.get_objects())

    try:
        until(lambda: kept() == 0, 10, "no S3Request is alive")
    finally:
        is_ended = bucket.close(5)
    assert is_ended


def test_empty_target_is_refused_because_it_would_kill_the_process(open_transport: Any) -> None:
    with pytest.raises(ValueError, match="slash"):
        open_transport().send(WireRequest("HeadObject", "HEAD", ""))


def test_header_the_crt_refuses_is_a_failure_not_an_exception(open_transport: Any) -> None:
    replies: list[Reply] = []
    bad = WireRequest("PutObject", "PUT", "/b/k", (("x-amz-meta-a", "line\nbreak"),), b"x")

    open_transport().send(bad)(replies.append)

    until(lambda: replies, 10)
    assert failure_of(replies[0]).kind is FailureKind.LOCAL
    assert not failure_of(replies[0]).is_unknown


def test_closing_answers_everything_at_once(stub: StubServer, open_transport: Any) -> None:
    stub.behave(stall(), times=100)
    transport = open_transport(window=1)
    replies: list[Reply] = []
    request = WireRequest("PutObject", "PUT", "/b/k", (), b"x", needs="etag")
    for _ in range(3):
        transport.send(request)(replies.append)
    until(lambda: stub.history, 10)

    assert transport.close(10)
    transport.send(request)(replies.append)

    assert [failure_of(reply).kind for reply in replies] == [FailureKind.CANCELED] * 4
    # What was on the wire may have been applied; what waited here was not.
    assert sorted(failure_of(reply).is_unknown for reply in replies) == [False] * 3 + [True]


def test_idle_connections_that_the_store_closed_are_no_trouble(
    stub: StubServer, stub_bucket: Bucket
) -> None:
    closing = Answer(200, (("ETag", '"x"'), ("Connection", "close")), b"", is_closing=True)
    stub.behave(lambda _stub, _seen: closing, times=5)

    assert [put(stub_bucket).failure for _ in range(6)] == [None] * 6


def test_listener_that_never_answers_does_not_hold_up_closing(open_transport: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        transport = Transport(
            Endpoint(False, f"127.0.0.1:{deaf.getsockname()[1]}", "us-east-1"),
            credentials=lambda: STATIC,
            window=Window(4),
            max_connections=4,
            clock=lambda: 0.0,
        )
        replies: list[Reply] = []
        transport.send(WireRequest("PutObject", "PUT", "/b/k", (), b"x"))(replies.append)

        assert transport.close(10)
        assert failure_of(replies[0]).kind is FailureKind.CANCELED


def test_nothing_is_sent_twice(stub: StubServer, stub_bucket: Bucket) -> None:
    for behaviour in (slow_down(), s3_error(500, "InternalError"), drop_response(), hang_up()):
        stub.history.clear()
        stub.behave(behaviour, method="PUT")

        assert put(stub_bucket).failure is not None
        assert len(stub.history) == 1


def test_no_more_requests_are_handed_over_than_the_window_bears(
    stub: StubServer, open_transport: Any
) -> None:
    release = threading.Event()
    stub.behave(hold(release), times=100)
    transport = open_transport(window=2)
    replies: list[Reply] = []
    for number in range(6):
        request = WireRequest("PutObject", "PUT", f"/b/{number}", (), b"x", needs="etag")
        transport.send(request)(replies.append)
    until(lambda: len(stub.history) == 2, 10)

    assert len(transport._live) == 2
    release.set()
    until(lambda: len(replies) == 6, 10, "those that waited are sent in turn")
    assert {reply.failure for reply in replies} == {None}
