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
from s3syncd.core.reconcile import Policy
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.core.safety import RootIdentity
from s3syncd.core.turns import Limits
from s3syncd.local.identity import identity_of
from s3syncd.pool import Call
from s3syncd.s3.pacing import Pacing
from s3syncd.s3.reply import S3Failure
from s3syncd.s3.wire import Frozen
from s3syncd.sender.branch import MOST_BYTES, Branch, Place
from s3syncd.transfer import EtagLearnt, Transfer, TransferSettings
from tests.sender.conftest import SETTLED, Both, ThreadProcess, hanging
from tests.servers import Answer
from tests.waiting import until


def asked(both: Both) -> int:
    """How many uploads went to the second process so far."""
    line = both.office.line()
    return 0 if line is None else line.asked


def test_without_a_second_process_an_upload_is_done_here(both: Both) -> None:
    _, transfer, _ = both.site()
    assert both.outcome(transfer, both.write("a")).effect == "put"
    assert asked(both) == 0


def test_an_upload_by_the_second_process_ends_as_one_by_the_first(both: Both) -> None:
    _, transfer, _ = both.site()
    here = both.outcome(transfer, both.write("a"))
    both.begin()
    action = both.write("b")
    there = both.outcome(transfer, action)
    assert asked(both) == 1
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
    assert asked(both) == 3
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
    assert asked(both) == 1
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
    assert asked(both) == 1
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
    assert asked(both) == 2
    assert (outcome.reason, outcome.scope) == ("root_replaced", "root")


def test_a_refusal_is_told_as_it_is(both: Both) -> None:
    _, transfer, _ = both.site()
    both.begin()
    denied = Answer(403, (), b"<Error><Code>AccessDenied</Code></Error>")
    both.stub.behave(lambda _stub, _seen: denied, method="PUT")
    outcome = both.outcome(transfer, both.write("a"))
    assert asked(both) == 1
    assert outcome.reason == "access_denied"


def test_a_store_that_asks_to_slow_down_is_heard_by_both(both: Both) -> None:
    _, transfer, bucket = both.site()
    both.begin()
    slower = Answer(503, (), b"<Error><Code>SlowDown</Code></Error>")
    both.stub.behave(lambda _stub, _seen: slower, method="PUT")
    before = bucket.window.limit
    assert both.outcome(transfer, both.write("a")).reason == "throttled"
    until(lambda: bucket.window.limit < before)


@pytest.mark.parametrize("size_bytes", [MOST_BYTES, MOST_BYTES + 1])
def test_only_small_files_go_there(both: Both, size_bytes: int) -> None:
    _, transfer, _ = both.site()
    both.begin()
    assert both.outcome(transfer, both.write("a", bytes(size_bytes))).effect == "put"
    assert asked(both) == (size_bytes <= MOST_BYTES)


def test_where_a_foreign_version_waits_for_a_person_nothing_goes_there(both: Both) -> None:
    branch, _, _ = both.site(on_drift="hold")
    both.begin()
    assert branch.carry(both.write("a"), SETTLED, None) is None


def test_under_a_limit_nothing_goes_there(both: Both) -> None:
    pacing = Pacing()
    try:
        branch, _, _ = both.site(turns=pacing.turns("site"))
        both.begin()
        assert branch.carry(both.write("a"), SETTLED, None) is not None
        pacing.limit(Limits(requests_per_second=50.0), {})
        assert branch.carry(both.write("a"), SETTLED, None) is None
    finally:
        pacing.stop()


def test_a_site_with_more_filters_than_a_message_holds_does_without(both: Both) -> None:
    branch, _, bucket = both.site()
    both.begin()
    settings = TransferSettings(Policy(
        "upload", retire_deleted=False, retire_foreign=False, on_drift="overwrite",
        storage_class=None, covers=lambda _path: True,
    ))  # fmt: skip
    taken = []
    for count in (4_000, 5_000):
        place = Place(str(both.root), "p/", ("12345678",) * count, (), ())
        branch = Branch(both.office, bucket, place, settings)
        taken.append(branch.carry(both.write("a"), SETTLED, None) is not None)
    assert taken == [True, False]


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
    assert asked(both) == 3
    assert ["OTHERKEY" in one for one in signed] == [False, True, False]
    assert ["THIRDKEY" in one for one in signed] == [False, False, True]


def test_credentials_that_cannot_be_had_are_the_first_process_s_affair(both: Both) -> None:
    branch, _, bucket = both.site()
    both.begin()
    assert bucket.contact is not None

    def fail() -> Frozen:
        raise S3Failure(Failure(FailureKind.CREDENTIALS, "Expired", None, "expired", False))

    bucket.contact = bucket.contact._replace(credentials=fail)
    assert branch.carry(both.write("a"), SETTLED, None) is None


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
    assert asked(both) == 2


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
        assert asked(both) == 101
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
