"""What the CRT does that nobody expects, and that we live with it: one test for each trap."""

from __future__ import annotations

import gc
import hashlib
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from awscrt import auth, http, s3

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.core.window import Window
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.poller import Poller
from s3syncd.s3.reply import Reply, S3Failure
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import BodyView, Endpoint, Frozen, WireRequest
from tests.faults.proxy import fault_proxy
from tests.servers import (
    Answer,
    StubServer,
    drop_response,
    error_in_success,
    hang_up,
    hold,
    lose_etag,
    respond,
    s3_error,
    slow_down,
    stall,
    stub_server,
)
from tests.waiting import until

STATIC = Frozen("AKID", "secret", None)


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def put(bucket: Bucket, key: str = "k", body: bytes = b"abc") -> Reply:
    return bucket.call(bucket.put(key, body, md5=md5(body)))


def failure_of(reply: Reply) -> Failure:
    assert reply.failure is not None
    return reply.failure


def host_of(stub: StubServer) -> str:
    return stub.endpoint.partition("//")[2]


@pytest.fixture
def open_transport(stub: StubServer, poller: Poller | None) -> Any:
    with ExitStack() as stack:

        def open_one(
            credentials: Callable[[], Frozen] = lambda: STATIC, window: int = 8
        ) -> Transport:
            transport = Transport(
                Endpoint(False, host_of(stub), "us-east-1"),
                credentials=credentials,
                window=Window(window),
                max_connections=window,
                clock=lambda: 0.0,
                poller=poller,
            )
            stack.callback(lambda: transport.close(10))
            return transport

        yield open_one


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


def test_nothing_is_sent_twice(stub: StubServer, stub_bucket: Bucket) -> None:
    for behaviour in (slow_down(), s3_error(500, "InternalError"), drop_response(), hang_up()):
        stub.history.clear()
        stub.behave(behaviour, method="PUT")

        assert put(stub_bucket).failure is not None
        assert len(stub.history) == 1


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
        (s3_error(412, "PreconditionFailed"), FailureKind.PRECONDITION, False),
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


def test_stalled_request_is_cancelled_at_its_deadline(
    stub: StubServer, stub_bucket: Bucket
) -> None:
    stub.behave(stall(), method="PUT")
    replies: list[Reply] = []
    stub_bucket.put("k", b"x", md5=md5(b"x"))(replies.append)
    until(lambda: stub.seen("PUT"), 10)

    stub_bucket.expire(0.0)
    assert not replies
    stub_bucket.expire(time.monotonic() + 120)  # past its deadline, before it is given up for lost

    until(lambda: replies, 10, "the request is cancelled")
    failure = failure_of(replies[0])
    assert failure.code == "DeadlineExceeded"
    assert (failure.kind, failure.is_unknown) == (FailureKind.TRANSIENT, True)


def test_an_answer_that_has_begun_gets_more_time_and_then_is_given_up(stub: StubServer) -> None:
    with fault_proxy(stub.endpoint) as proxy:
        transport = Transport(
            Endpoint(False, proxy.endpoint.partition("//")[2], "us-east-1"),
            credentials=lambda: STATIC,
            window=Window(1),
            max_connections=1,
            clock=lambda: 0.0,
        )
        rule = proxy.stall_answer(5)
        replies: list[Reply] = []
        listing = WireRequest("ListObjectsV2", "GET", "/b?list-type=2", is_effect=False)
        transport.send(listing)(replies.append)
        until(rule.is_answered.is_set, 10, "the answer has begun")

        transport.expire(359.0)
        assert not replies
        transport.expire(360.0)
        assert failure_of(replies[0]).code == "DeadlineExceeded"

        transport.send(listing)(replies.append)
        until(lambda: len(replies) == 2, 10, "its place is free for another")
        assert replies[1].failure is None
        proxy.cut()
        assert transport.close(10)
        assert len(replies) == 2, "what the CRT tells of it later is dropped"


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


def test_throttling_narrows_the_window(stub: StubServer, stub_bucket: Bucket) -> None:
    before = stub_bucket.window.limit
    stub.behave(slow_down(), method="PUT")

    put(stub_bucket)

    assert stub_bucket.window.limit == before // 2


def test_a_request_that_ran_out_of_time_narrows_the_window(
    stub: StubServer, open_transport: Any
) -> None:
    stub.behave(stall(), method="PUT")
    transport = open_transport(window=8)
    replies: list[Reply] = []
    request = WireRequest("PutObject", "PUT", "/b/k", (), b"x", needs="etag")
    transport.send(request)(replies.append)
    until(lambda: stub.history, 10)

    transport.expire(float("inf"))

    until(lambda: transport._window.limit == 4, 10)
    assert failure_of(replies[0]).is_unknown


def test_a_store_that_asks_for_less_of_one_is_left_in_peace_for_a_while(stub: StubServer) -> None:
    now = [100.0]
    transport = Transport(
        Endpoint(False, host_of(stub), "us-east-1"),
        credentials=lambda: STATIC,
        window=Window(1),
        max_connections=1,
        clock=lambda: now[0],
    )
    stub.behave(slow_down(), method="PUT", times=6)
    replies: list[Reply] = []
    request = WireRequest("PutObject", "PUT", "/b/k", (), b"x", needs="etag")
    try:
        for _ in range(8):
            transport.send(request)(replies.append)
        until(lambda: len(replies) == 5, 10, "the first rest has begun")
        for seconds, answered in ((0.9, 5), (0.2, 6), (1.8, 6)):
            now[0] += seconds
            transport.expire(now[0])
            until(partial(lambda count: len(replies) == count, answered), 10)
            assert len(stub.seen("PUT")) == answered
        now[0] += 0.3
        transport.expire(now[0])

        until(lambda: len(replies) == 8, 10, "a success ends the rests")
        assert [reply.failure is None for reply in replies] == [False] * 6 + [True] * 2
    finally:
        transport.close(10)


def test_a_call_that_blocks_sees_its_own_rests_end(stub: StubServer, open_bucket: Any) -> None:
    bucket = open_bucket(stub.endpoint, max_connections=1)
    stub.behave(slow_down(), method="PUT", times=5)

    answers: list[Reply] = []
    calls = threading.Thread(target=lambda: answers.extend(put(bucket) for _ in range(6)))
    calls.start()
    until(lambda: len(answers) == 6, what="each call ends")
    calls.join()

    assert [one.failure is None for one in answers] == [False] * 5 + [True]


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


def test_credentials_are_asked_for_in_the_callers_thread_and_used_from_then_on(
    stub: StubServer, open_transport: Any
) -> None:
    threads: list[str] = []
    now = [STATIC]

    def credentials() -> Frozen:
        threads.append(threading.current_thread().name)
        return now[0]

    transport = open_transport(credentials)
    replies: list[Reply] = []
    request = WireRequest("HeadObject", "HEAD", "/b/k", is_effect=False)
    for frozen in (STATIC, Frozen("OTHER", "secret", "token/+=")):
        now[0] = frozen
        transport.send(request)(replies.append)
    until(lambda: len(replies) == 2, 10)

    first, second = sorted(stub.history, key=lambda seen: "OTHER" in seen.headers["authorization"])
    assert "Credential=AKID/" in first.headers["authorization"]
    assert "x-amz-security-token" not in first.headers
    assert "Credential=OTHER/" in second.headers["authorization"]
    assert second.headers["x-amz-security-token"] == "token/+="
    assert set(threads) == {threading.current_thread().name}


def test_credentials_that_cannot_be_had_are_a_failure_and_nothing_is_sent(
    stub: StubServer, open_transport: Any
) -> None:
    failure = Failure(FailureKind.CREDENTIALS, "TokenRetrievalError", None, "log in", False)

    def credentials() -> Frozen:
        raise S3Failure(failure)

    replies: list[Reply] = []
    open_transport(credentials).send(WireRequest("HeadObject", "HEAD", "/b/k"))(replies.append)

    assert [reply.failure for reply in replies] == [failure]
    assert not stub.history


def test_request_carries_what_was_asked_for(stub: StubServer, stub_bucket: Bucket) -> None:
    body = memoryview(b"xabcx")[1:4]
    start = stub_bucket.put(
        "a b/ü",
        body,
        md5=md5(b"abc"),
        content_type="text/plain",
        metadata={"MTime": "1.5"},
        storage_class="STANDARD_IA",
        if_match="v1",
    )
    stub_bucket.call(start)
    stub_bucket.call(stub_bucket.put("k", b"", md5=md5(b""), if_none_match=True))
    stub_bucket.call(stub_bucket.delete("k", if_match="v2"))
    stub_bucket.call(stub_bucket.head("k", part_number=1, with_checksum=True))
    stub_bucket.call(stub_bucket.upload_part("k", "id/+=", 7, b"p", md5=md5(b"p")))

    full, create, delete, head, part = stub.history
    assert full.target == "/bucket/a%20b/%C3%BC"
    assert full.body == b"abc"
    sent = SimpleNamespace(**{name.replace("-", "_"): text for name, text in full.headers.items()})
    assert sent.content_md5 == b64encode(md5(b"abc")).decode()
    assert (sent.content_type, sent.x_amz_storage_class) == ("text/plain", "STANDARD_IA")
    assert (sent.x_amz_meta_mtime, sent.if_match) == ("1.5", '"v1"')
    assert sent.user_agent.startswith("s3syncd/")
    assert create.headers["if-none-match"] == "*"
    assert "if-match" not in create.headers
    assert "x-amz-storage-class" not in create.headers
    assert delete.headers["if-match"] == '"v2"'
    assert head.query == {"partNumber": "1"}
    assert head.headers["x-amz-checksum-mode"] == "ENABLED"
    assert part.query == {"partNumber": "7", "uploadId": "id/+="}
    assert part.headers["content-md5"] == b64encode(md5(b"p")).decode()


def test_wrong_digest_is_noticed_by_the_store(stub_bucket: Bucket) -> None:
    reply = stub_bucket.call(stub_bucket.put("k", b"abc", md5=md5(b"other")))

    assert failure_of(reply).code == "BadDigest"


def test_metadata_that_is_not_ascii_is_refused_before_anything_is_sent(
    stub: StubServer, stub_bucket: Bucket
) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        stub_bucket.put("k", b"", md5=md5(b""), metadata={"name": "ü"})

    assert not stub.history


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
