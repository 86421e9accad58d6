"""Requests that somebody else sends are counted, and wait, too."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.core.turns import Limits
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.pacing import Turns
from s3syncd.s3.reply import S3Failure
from s3syncd.s3.settings import BucketSettings
from s3syncd.s3.wire import WireRequest
from tests.s3.pacing.asked import SLOW, Asked, is_canceled
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY


def test_a_request_of_another_client_waits_and_is_counted_once(pacing):
    pacing.limit(Limits(requests_per_second=0.001), {})
    asked = Asked(pacing.turns("a"))
    start = next(asked.turns.one())
    start(asked.answers.put)
    assert asked.answer() is None
    with pytest.raises(StopIteration):
        _go_on(asked.turns.one(), None)
    asked.turns.sent()  # the one that had its turn
    asked.ask()
    asked.turns.leave()
    assert is_canceled(asked.answer())


def _go_on(steps: Any, value: object) -> None:
    next(steps)
    steps.send(value)


def test_a_request_of_another_client_is_not_sent_when_the_site_leaves(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask()
    assert asked.answer() == "sent"
    steps = asked.turns.one()
    next(steps)(asked.answers.put)
    asked.turns.leave()
    with pytest.raises(S3Failure) as raised:
        steps.send(asked.answer())
    assert raised.value.failure.kind is FailureKind.CANCELED


def test_a_request_that_did_not_wait_is_paid_by_the_next(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.turns.sent()
    asked.ask()
    asked.turns.leave()
    assert is_canceled(asked.answer())


class _Counting(Turns):
    """Counts what a bucket tells of."""

    def __init__(self) -> None:
        super().__init__(None)
        self.count = 0
        self.bodies: list[int] = []

    def sent(self) -> None:
        self.count += 1

    def paced(self, request: WireRequest, start: Any) -> Any:
        self.bodies.append(len(request.body))
        return start


def test_every_request_of_a_bucket_passes_its_turns(stub):
    turns = _Counting()
    bucket = Bucket(
        BucketSettings(
            bucket="b", endpoint=stub.endpoint, region="us-east-1", addressing="path",
            access_key=ACCESS_KEY, secret_access_key=SECRET_ACCESS_KEY,
        ),
        turns=turns,
    )  # fmt: skip
    bucket.connect()
    assert turns.count == len(stub.history) == 1
    body = b"x" * 10
    md5 = hashlib.md5(body).digest()
    for start in (
        bucket.put("k", body, md5=md5),
        bucket.upload_part("k", "u", 1, body, md5=md5),
        bucket.head("k"),
        bucket.list_page(""),
        bucket.copy_onto_itself("k", etag="e", storage_class=None, metadata={}),
        bucket.delete("k"),
    ):
        bucket.call(start)
    assert turns.bodies == [10, 10, 0, 0, 0, 0]
    assert turns.count == 1
    before = len(stub.history)
    for control in (
        lambda: bucket.create_multipart("k"),
        lambda: bucket.list_parts("k", "u"),
        lambda: bucket.list_uploads("k"),
        lambda: bucket.complete_multipart("k", "u", [(1, "e")]),
        lambda: bucket.abort_multipart("k", "u"),
    ):
        with suppress(S3Failure, KeyError):
            control()
    assert turns.count - 1 == len(stub.history) - before >= 5
    bucket.close(5.0)
    assert turns.is_leaving
