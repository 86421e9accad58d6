"""The history: what happened, in the order in which it took effect, and nothing forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.servers import ACCESS_KEY
from tests.strict.fake import FakeStore
from tests.strict.model import Model
from tests.strict.store import Options
from tests.strict.wire import Request


def test_a_request_is_told_with_its_conditions_and_effect(store: FakeStore, client: Any) -> None:
    etag = client.put_object(Bucket="bucket", Key="k", Body=b"one")["ETag"]
    answer = client.put_object(Bucket="bucket", Key="k", Body=b"two", IfMatch=etag)
    event = store.history().of("PutObject", "k")[-1]
    assert event.request_id == answer["ResponseMetadata"]["RequestId"]
    assert (event.bucket, event.status, event.code) == ("bucket", 200, "")
    assert (event.conditions, event.if_match) == ((("if-match", etag),), etag.strip('"'))
    assert event.body_md5 == hashlib.md5(b"two", usedforsecurity=False).hexdigest()
    assert event.body_bytes == 3
    assert event.access_key == ACCESS_KEY
    assert event.before is not None
    assert event.after is not None
    assert (event.before.serial, event.after.serial) == (event.seen, event.made) == (0, 1)
    assert event.before.etag == etag.strip('"')
    (change,) = event.changes
    assert (change.before, change.after) == (event.before, event.after)


def test_a_refused_request_is_told_and_changed_nothing(store: FakeStore, client: Any) -> None:
    client.put_object(Bucket="bucket", Key="k", Body=b"one")
    mark = store.history().mark
    attempts: tuple[Callable[[], object], ...] = (
        lambda: client.put_object(Bucket="bucket", Key="k", Body=b"two", IfNoneMatch="*"),
        lambda: client.delete_object(Bucket="bucket", Key="k", IfMatch="other"),
        lambda: client.get_object(Bucket="bucket", Key="none"),
    )
    for attempt in attempts:
        with pytest.raises(ClientError):
            attempt()
    history = store.history()
    told = [(event.operation, event.code) for event in history if event.number > mark]
    assert told == [
        ("PutObject", "PreconditionFailed"), ("DeleteObject", "PreconditionFailed"),
        ("GetObject", "NoSuchKey"),
    ]  # fmt: skip
    assert history.changes(since=mark) == []
    assert [event.operation for event in history.mutations(since=mark)] == [
        "PutObject", "DeleteObject",
    ]  # fmt: skip


def test_deletions_are_what_readers_lost(store: FakeStore, client: Any) -> None:
    store.create_bucket("versioned", versioning=True)
    for bucket in ("bucket", "versioned"):
        client.put_object(Bucket=bucket, Key="a", Body=b"1")
        client.put_object(Bucket=bucket, Key="b", Body=b"2")
        client.delete_object(Bucket=bucket, Key="a")
        client.delete_object(Bucket=bucket, Key="a")
        client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}, {"Key": "no"}]})
    lost = [(event.bucket, event.operation, change.key)
            for event, change in store.history().deletions()]  # fmt: skip
    assert lost == [
        ("bucket", "DeleteObject", "a"), ("bucket", "DeleteObjects", "b"),
        ("versioned", "DeleteObject", "a"), ("versioned", "DeleteObjects", "b"),
    ]  # fmt: skip


def test_every_version_is_kept_also_one_that_was_replaced(store: FakeStore, client: Any) -> None:
    for body in (b"1", b"2", b"3"):
        client.put_object(Bucket="bucket", Key="k", Body=body)
    client.delete_object(Bucket="bucket", Key="k")
    made = [event.made for event in store.history().of("PutObject")]
    assert [store.version(serial).body for serial in made if serial is not None] == [
        b"1", b"2", b"3",
    ]  # fmt: skip


def test_what_readers_saw_at_any_time_can_be_told(store: FakeStore, client: Any) -> None:
    marks = []
    for key in "ab":
        client.put_object(Bucket="bucket", Key=key, Body=b"x")
        marks.append(store.history().mark)
    client.delete_object(Bucket="bucket", Key="a")
    assert store.tree("bucket", at=0) == {}
    assert [set(store.tree("bucket", at=mark)) for mark in marks] == [{"a"}, {"a", "b"}]
    assert set(store.tree("bucket")) == {"b"}


def test_of_racing_writers_one_wins_and_history_is_linear(store: FakeStore, client: Any) -> None:
    def write(number: int) -> bool:
        try:
            client.put_object(
                Bucket="bucket", Key=f"{number // 8}", Body=b"%d" % number, IfNoneMatch="*"
            )
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(write, range(160)))
    assert [sum(wins[start : start + 8]) for start in range(0, 160, 8)] == [1] * 20
    events = store.history().of("PutObject")
    assert [event.number for event in events] == sorted(event.number for event in events)
    last: dict[str, Any] = {}
    for event in events:
        assert event.before == last.get(event.key)
        last[event.key] = event.after


def test_the_same_requests_give_the_same_answers_and_history() -> None:
    def run() -> tuple[list[Any], list[Any]]:
        model = Model(clock=lambda: 1e9, random=Random(7), options=Options())
        model.store.create_bucket("bucket").versioning = "Enabled"
        answers = [
            model.handle(Request(method, target, {}, body))
            for method, target, body in (
                ("PUT", "/bucket/k", b"1"), ("DELETE", "/bucket/k", b""),
                ("POST", "/bucket/m?uploads", b""), ("PUT", "/bucket/k", b"2"),
                ("GET", "/bucket?list-type=2", b""), ("GET", "/bucket?versions", b""),
                ("PATCH", "/bucket/k", b""),
            )
        ]  # fmt: skip
        return answers, list(model.history)

    first, second = run(), run()
    assert first == second
    assert [answer.status for answer in first[0]] == [200, 204, 200, 200, 200, 200, 501]
