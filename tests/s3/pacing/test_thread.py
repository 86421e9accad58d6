"""The thread that gives turns sleeps until something can happen; waiting holds no worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import pytest

from s3syncd.core.rate import DAY_MINUTES
from s3syncd.core.turns import Limits
from s3syncd.s3.pacing import Moment, Pacing, _Ticket, local_moment
from tests.pool.rig import Inbox, running_pool
from tests.s3.pacing.asked import (
    KIB,
    NONE,
    OFFICE,
    SLOW,
    Asked,
    begin_at_once,
    is_canceled,
    request_of,
)
from tests.waiting import until, within


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
        pacing._join(_Ticket(pacing.turns("a"), 8 * KIB, begin_at_once, lambda _value: None))
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
        assert is_canceled(asked.answer())
    finally:
        pacing.stop()


def test_waiting_holds_no_worker_and_a_worker_begins_the_request(pacing):
    pacing.limit(NONE, {"a": SLOW})
    turns, begun = pacing.turns("a"), SimpleQueue[str]()

    def begin(resume: Callable[[Any], None]) -> None:
        begun.put(threading.current_thread().name)
        resume("sent")

    def call() -> Any:
        return (yield turns.paced(request_of(), begin))

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
        assert is_canceled(inbox.get())


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
