"""How long a store is waited for, and how much it is asked while it is slow or asks for less."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

from s3syncd.core.retry import FailureKind
from s3syncd.core.window import Window
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import Reply
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import Endpoint, WireRequest
from tests.faults.proxy import fault_proxy
from tests.s3.asking import STATIC, failure_of, host_of, md5, put
from tests.servers import (
    StubServer,
    slow_down,
    stall,
)
from tests.waiting import until


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
