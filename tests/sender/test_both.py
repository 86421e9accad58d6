"""Uploads that go by the second process end as they would without it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.entry import Result
from s3syncd.core.safety import RootIdentity
from s3syncd.local.identity import identity_of
from s3syncd.pool import Call
from s3syncd.s3.wire import Frozen
from s3syncd.transfer import EtagLearnt, Transfer
from tests.sender.both import SETTLED, Both, ThreadProcess, hanging
from tests.servers import Answer
from tests.waiting import until


def test_an_upload_by_the_second_process_ends_as_one_by_the_first(both: Both) -> None:
    _, transfer, _ = both.site()
    here = both.outcome(transfer, both.write("a"))
    both.begin()
    action = both.write("b")
    there = both.outcome(transfer, action)
    assert both.asked() == 1
    assert there.action is action
    assert there.row is not None
    assert here.row is not None
    assert there.row[:6] == action.local
    assert (there.row.md5, there.row.etag) == (here.row.md5, here.row.etag)
    assert replace(there, action=here.action, row=here.row) == here
    assert both.stub.objects["/bucket/p/b"].body == b"content"
    headers = [one.headers.keys() for one in both.stub.seen("PUT")]
    assert headers[0] == headers[1], "the same request, by either way"


def test_requests_of_the_second_process_are_counted_before_the_last_answer(both: Both) -> None:
    _, transfer, bucket = both.site()
    both.begin()
    for name in "abc":
        both.outcome(transfer, both.write(name))
    assert both.asked() == 3
    assert bucket.tally.by_class()["write"] == 3


def test_what_an_etag_is_is_learnt_there_too(both: Both) -> None:
    _, transfer, _ = both.site()
    both.begin()
    both.outcome(transfer, both.write("a"))
    until(lambda: EtagLearnt(is_md5=True) in both.notes)


def test_a_file_that_changed_since_the_decision_is_not_taken_for_it(both: Both) -> None:
    _, transfer, _ = both.site()
    both.begin()
    action = both.write("a")
    (both.root / "a").unlink()
    outcome = both.outcome(transfer, action)
    assert both.asked() == 1
    assert (outcome.result, outcome.local_state) == (Result.SUPERSEDED, "absent")
    assert not both.stub.seen("PUT")


def test_a_file_that_grew_large_is_left_to_the_first_process(both: Both) -> None:
    _, transfer, _ = both.site()
    both.begin()
    both.write("a", bytes(2 * 2**20))
    action = both.action("a")
    assert action.local is not None
    action = action._replace(local=action.local._replace(size_bytes=7))
    outcome = both.outcome(transfer, action)
    assert both.asked() == 1
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_since_decided")
    assert not both.stub.seen("PUT")


def test_nothing_is_read_below_another_root_than_the_accepted_one(both: Both) -> None:
    _, transfer, _ = both.site()
    both.begin()
    folder = os.open(both.root, os.O_RDONLY | os.O_DIRECTORY)
    transfer.accept_root(identity_of(folder))
    os.close(folder)
    assert both.outcome(transfer, both.write("a")).effect == "put"
    transfer.accept_root(RootIdentity(1, 1))
    outcome = both.outcome(transfer, both.write("b"))
    assert both.asked() == 2
    assert (outcome.reason, outcome.scope) == ("root_replaced", "root")


def test_a_refusal_is_told_as_it_is(both: Both) -> None:
    _, transfer, _ = both.site()
    both.begin()
    denied = Answer(403, (), b"<Error><Code>AccessDenied</Code></Error>")
    both.stub.behave(lambda _stub, _seen: denied, method="PUT")
    outcome = both.outcome(transfer, both.write("a"))
    assert both.asked() == 1
    assert outcome.reason == "access_denied"


def test_a_store_that_asks_to_slow_down_is_heard_by_both(both: Both) -> None:
    _, transfer, bucket = both.site()
    both.begin()
    slower = Answer(503, (), b"<Error><Code>SlowDown</Code></Error>")
    both.stub.behave(lambda _stub, _seen: slower, method="PUT")
    before = bucket.window.limit
    assert both.outcome(transfer, both.write("a")).reason == "throttled"
    until(lambda: bucket.window.limit < before)


def test_new_credentials_are_told_before_the_next_upload(both: Both) -> None:
    _, transfer, bucket = both.site()
    both.begin()
    both.outcome(transfer, both.write("a"))
    contact = bucket.contact
    assert contact is not None
    bucket.contact = contact._replace(credentials=contact.credentials)
    keys = [Frozen("OTHERKEY", "secret", "token")]
    bucket.contact = contact._replace(credentials=lambda: keys[-1])
    both.outcome(transfer, both.write("b"))
    keys.append(Frozen("THIRDKEY", "secret", None))
    both.outcome(transfer, both.write("c"))
    signed = [one.headers["authorization"] for one in both.stub.seen("PUT")]
    assert both.asked() == 3
    assert ["OTHERKEY" in one for one in signed] == [False, True, False]
    assert ["THIRDKEY" in one for one in signed] == [False, False, True]


def test_a_site_that_leaves_gets_its_uploads_back_as_canceled(both: Both) -> None:
    release = threading.Event()
    branch, transfer, _ = both.site()
    both.begin()
    both.stub.behave(hanging(release), method="PUT")
    told = both.offer(transfer, both.write("a"))
    until(lambda: bool(both.stub.seen("PUT")))
    branch.leave()
    until(lambda: bool(told))
    release.set()
    assert told[0].reason == "canceled"
    assert told[0].is_unknown


def test_a_site_that_left_may_come_again(both: Both) -> None:
    branch, transfer, _ = both.site()
    both.begin()
    both.outcome(transfer, both.write("a"))
    branch.leave()
    assert both.outcome(transfer, both.write("b")).effect == "put"
    assert both.asked() == 2


def test_what_is_under_way_when_the_process_is_killed_is_unknown(
    both: Both, launched: list[ThreadProcess]
) -> None:
    release = threading.Event()
    _, transfer, _ = both.site()
    both.begin()
    both.stub.behave(hanging(release), method="PUT")
    told = both.offer(transfer, both.write("a"))
    until(lambda: bool(both.stub.seen("PUT")))
    launched[0].kill()
    until(lambda: bool(told))
    release.set()
    assert told[0].result is Result.RETRYABLE
    assert told[0].is_unknown
    assert both.outcome(transfer, both.write("b")).effect == "put", "by the first process"


def test_a_root_is_let_go_there_too(both: Both) -> None:
    _, transfer, _ = both.site()
    both.begin()
    both.outcome(transfer, both.write("a"))
    until(lambda: _open_roots(both) == 1)
    transfer.rest()
    until(lambda: _open_roots(both) == 0)


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """While it is not set, reading below the root of the first site comes to no end."""
    event = threading.Event()
    yield event
    event.set()


class TestStuck:
    """A file system that hangs holds workers; there, too, not all of them."""

    @pytest.fixture
    def make_transfer(self, stuck: threading.Event) -> Callable[..., Transfer]:
        class Stuck(Transfer):
            def call_for(self, *_: Any, **__: Any) -> Call:
                stuck.wait(20)
                yield from ()
                return None

        kinds = iter((Stuck, Transfer))

        def make(*args: Any, **more: Any) -> Transfer:
            return next(kinds)(*args, **more)

        return make

    def test_a_root_that_hangs_leaves_workers_for_another_site(
        self, both: Both, stuck: threading.Event
    ) -> None:
        both.begin()
        (first, _, _), (_, second, _) = both.site(), both.site()
        told: list[object] = []
        action = both.write("many")
        for _ in range(100):
            start = first.carry(action, SETTLED, None)
            assert start is not None
            start(told.append)
        both.poller.flush()
        assert both.outcome(second, both.write("other")).effect == "put"
        assert both.asked() == 101
        assert not told
        stuck.set()
        until(lambda: len(told) == 100)


def _open_roots(both: Both) -> int:
    links = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except OSError:
            continue
    return links.count(str(both.root))
