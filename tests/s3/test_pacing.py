"""Limited requests wait for their turn, hold nobody meanwhile, and end at once with their site."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import pytest

from s3syncd.core.later import Later
from s3syncd.core.rate import DAY_MINUTES, Period, Schedule
from s3syncd.core.retry import FailureKind
from s3syncd.core.turns import Limits
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.pacing import Moment, Pacing, Turns, _Ticket, local_moment
from s3syncd.s3.reply import Reply, S3Failure
from s3syncd.s3.settings import BucketSettings
from s3syncd.s3.wire import WireRequest
from tests.pool.rig import Inbox, running_pool
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.waiting import until, within

KIB = 2**10
NONE = Limits()
SLOW = Limits(requests_per_second=0.001)  # one, and then nothing for a quarter of an hour
SLOW_BYTES = Limits(Schedule((Period(KIB),)))
OFFICE = Limits(Schedule((Period(KIB, begin=0, end=600),)), 0.001)


class Wall:
    """The local time, as a test sets it."""

    def __init__(self) -> None:
        self.minute = 0

    def __call__(self) -> Moment:
        return Moment(self.minute, 60.0)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def pacing(wall: Wall) -> Iterator[Pacing]:
    made = Pacing(moment=wall)
    yield made
    made.stop()


class Asked:
    """Requests of one site: which wait, and what they are resumed with."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.answers: SimpleQueue[Any] = SimpleQueue()

    def ask(self, count: int = 1, *, size_bytes: int = 0, method: str = "PUT") -> None:
        for _ in range(count):
            self.turns.paced(_request(size_bytes, method), _begin)(self.answers.put)

    def answer(self) -> Any:
        """Give what one request was resumed with; one that has its turn is begun."""
        value = self.answers.get(timeout=within(10))
        while isinstance(value, Later):
            value.start(self.answers.put)
            value = self.answers.get(timeout=within(10))
        return value


def _request(size_bytes: int = 0, method: str = "PUT") -> WireRequest:
    return WireRequest("PutObject", method, "/b/k", body=b"x" * size_bytes)


def _begin(resume: Callable[[Any], None]) -> None:
    resume("sent")


def _is_canceled(value: Any) -> bool:
    assert isinstance(value, Reply)
    failure = value.failure
    return failure is not None and failure.kind is FailureKind.CANCELED and not failure.is_unknown


@pytest.mark.parametrize(
    ("overall", "own"),
    [
        pytest.param(NONE, NONE, id="nothing is limited"),
        pytest.param(Limits(Schedule((Period(1, begin=5, end=6),))), NONE, id="not at this time"),
        pytest.param(NONE, Limits(Schedule((Period(None),))), id="off"),
    ],
)
def test_a_request_without_a_limit_is_the_request_itself(pacing, overall, own):
    pacing.limit(overall, {"a": own, "other": SLOW})
    assert pacing.turns("a").paced(_request(5), _begin) is _begin


def test_a_site_without_limits_starts_no_thread(pacing):
    pacing.limit(NONE, {"a": NONE})
    assert "limits" not in [thread.name for thread in threading.enumerate()]


def test_one_goes_and_the_next_waits(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(3)
    assert asked.answer() == "sent"
    asked.turns.leave()
    assert _is_canceled(asked.answer())
    assert _is_canceled(asked.answer())


def test_bodies_that_wait_are_sent_when_there_is_room_again(pacing):
    pacing.limit(NONE, {"a": Limits(Schedule((Period(1000 * KIB),)))})
    asked = Asked(pacing.turns("a"))
    asked.ask(12, size_bytes=100 * KIB)
    assert [asked.answer() for _ in range(12)] == ["sent"] * 12


def test_the_overall_limit_and_the_site_s_own_hold_at_once(pacing, wall):
    pacing.limit(SLOW, {"a": SLOW_BYTES})
    assert pacing.in_force("a") == (KIB, 0.001)
    assert pacing.in_force("b") == (None, 0.001)
    both = Asked(pacing.turns("a"))
    both.ask(1, size_bytes=8 * KIB)  # borrows of its site's bytes, takes the one request of all
    assert both.answer() == "sent"
    other = Asked(pacing.turns("b"))
    other.ask()
    pacing.limit(NONE, {"a": SLOW_BYTES})
    assert other.answer() == "sent"
    both.ask(1, size_bytes=8 * KIB)
    both.turns.leave()
    assert _is_canceled(both.answer())


def test_after_a_site_leaves_only_what_has_its_turn_at_once_is_sent(pacing):
    pacing.limit(NONE, {"a": SLOW})
    asked = Asked(pacing.turns("a"))
    asked.turns.leave()
    asked.ask()
    assert asked.answer() == "sent"
    asked.ask()
    assert _is_canceled(asked.answer())


def test_a_deletion_goes_before_the_site_s_other_requests(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(5, method="HEAD")
    assert asked.answer() == "sent"
    deletion = asked.turns.paced(_request(method="DELETE"), lambda resume: resume("deleted"))
    deletion(asked.answers.put)
    pacing.limit(Limits(requests_per_second=100), {})
    assert [asked.answer() for _ in range(5)] == ["deleted", "sent", "sent", "sent", "sent"]


def test_a_site_that_leaves_takes_no_other_along(pacing):
    pacing.limit(SLOW, {})
    gone, stays = Asked(pacing.turns("gone")), Asked(pacing.turns("stays"))
    gone.ask(2)
    assert gone.answer() == "sent"
    stays.ask(1)
    gone.turns.leave()
    assert _is_canceled(gone.answer())
    pacing.limit(NONE, {})
    assert stays.answer() == "sent"


def test_the_end_cancels_all_that_wait_and_all_that_come_after_it(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(3)
    assert asked.answer() == "sent"
    pacing.stop()
    assert all(_is_canceled(asked.answer()) for _ in range(2))
    asked.ask()
    assert _is_canceled(asked.answer())


def test_a_changed_limit_holds_for_those_that_wait(pacing):
    pacing.limit(SLOW, {})
    asked = Asked(pacing.turns("a"))
    asked.ask(20)
    assert asked.answer() == "sent"
    pacing.limit(Limits(requests_per_second=1000), {})
    assert [asked.answer() for _ in range(19)] == ["sent"] * 19


def test_a_period_that_ends_lets_go_and_one_that_begins_holds(pacing, wall):
    pacing.limit(Limits(Schedule((Period(KIB, begin=0, end=1), Period(KIB, begin=2, end=3)))), {})
    asked = Asked(pacing.turns("a"))
    asked.ask(3, size_bytes=100 * KIB)
    assert asked.answer() == "sent"
    wall.minute = 1  # as if the clock had been set: its minute is not over yet
    assert [asked.answer(), asked.answer()] == ["sent"] * 2
    wall.minute = 2
    asked.ask(2, size_bytes=100 * KIB)
    assert asked.answer() == "sent"
    asked.turns.leave()
    assert _is_canceled(asked.answer())


@pytest.mark.parametrize(
    ("limits", "left_seconds", "wait_seconds"),
    [
        pytest.param(SLOW, 0.25, 1000.0, id="a constant limit: when there is room"),
        pytest.param(Limits(requests_per_second=1e-9), 60.0, 3600.0, id="never longer"),
        pytest.param(OFFICE, 60.0, 1.0, id="one that follows the clock: every second"),
        pytest.param(OFFICE, 0.25, 0.25, id="and when the next minute begins"),
    ],
)
def test_the_thread_waits_until_something_can_happen(limits, left_seconds, wait_seconds):
    pacing = Pacing(clock=lambda: 5.0, moment=lambda: Moment(0, left_seconds))
    pacing._turnstile.limit(limits, {})
    for _ in range(2):
        pacing._join(_Ticket(pacing.turns("a"), 8 * KIB, _begin, lambda _value: None))
    assert pacing._advance() == pytest.approx(wait_seconds)
    pacing._cancel(pacing.turns("a"))
    assert pacing._advance() is None


def test_a_mistake_in_the_thread_holds_nobody_for_ever(wall):
    said: list[BaseException] = []
    faults = [ZeroDivisionError("a mistake")]

    def clock() -> float:
        if faults:
            raise faults.pop()
        return 5.0

    pacing = Pacing(clock=clock, moment=wall, on_failure=said.append)
    try:
        pacing.limit(SLOW, {})
        asked = Asked(pacing.turns("a"))
        asked.ask()
        assert asked.answer() == "sent"
        assert [str(error) for error in said] == ["a mistake"]
        asked.ask(2)
        assert asked.answer() == "sent"
        asked.turns.leave()
        assert _is_canceled(asked.answer())
    finally:
        pacing.stop()


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
    assert _is_canceled(asked.answer())


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
    assert _is_canceled(asked.answer())


def test_waiting_holds_no_worker_and_a_worker_begins_the_request(pacing):
    pacing.limit(NONE, {"a": SLOW})
    turns, begun = pacing.turns("a"), SimpleQueue[str]()

    def begin(resume: Callable[[Any], None]) -> None:
        begun.put(threading.current_thread().name)
        resume("sent")

    def call() -> Any:
        return (yield turns.paced(_request(), begin))

    inbox, other = Inbox(), Inbox()
    with running_pool(workers=1) as pool:
        lane = pool.lane("a", inbox.on_room)
        free = pool.lane("b", other.on_room)
        for _ in range(2):
            until(lambda: lane.offer(call, size_bytes=0, done=inbox.done))
        assert inbox.get() == "sent"
        assert begun.get(timeout=within(10)) == "worker-0"
        until(lambda: free.offer(_nothing, size_bytes=0, done=other.done))
        assert other.get() == "done"
        turns.leave()
        assert _is_canceled(inbox.get())


def _nothing() -> Any:
    yield from ()
    return "done"


@pytest.fixture
def central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of Berlin, by its rule."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("central_europe")
@pytest.mark.parametrize(
    ("utc", "shown"),
    [
        pytest.param("2026-11-16T07:00:00", "0 08:00", id="Monday in winter"),
        pytest.param("2026-08-23T21:59:59", "6 23:59", id="Sunday in summer"),
        pytest.param("2026-03-29T00:59:00", "6 01:59", id="before the hour that is left out"),
        pytest.param("2026-03-29T01:00:00", "6 03:00", id="after it"),
        pytest.param("2026-10-25T00:30:00", "6 02:30", id="the hour that comes twice"),
        pytest.param("2026-10-25T01:30:00", "6 02:30", id="and once more"),
    ],
)
def test_the_local_time_is_what_a_clock_on_the_wall_shows(utc, shown):
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()
    moment = local_moment(lambda: now + 0.25)
    day, minute = divmod(moment.minute_of_week, DAY_MINUTES)
    assert f"{day} {minute // 60:02}:{minute % 60:02}" == shown
    assert moment.left_seconds == 60 - now % 60 - 0.25


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
