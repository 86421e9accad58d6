"""Stopping: what runs may finish, what has not begun is told so, what hangs is left behind."""

from __future__ import annotations

import threading

from s3syncd.pool import Call, CallFailed, Pool, PoolStopped
from tests.pool.rig import Gate, Inbox, at, at_once, hanging
from tests.waiting import until


def _pool(workers: int = 2) -> Pool:
    pool = Pool(workers=workers, max_in_flight=16, buffer_bytes=1 << 20)
    pool.start()
    return pool


def test_a_pool_without_work_stops_at_once() -> None:
    pool = _pool()
    assert pool.stop(30) == 0
    assert not [t for t in threading.enumerate() if t.name.startswith("worker-")]
    assert pool.stop(30) == 0


def test_calls_that_run_finish_with_their_children() -> None:
    pool, gate, inbox = _pool(), Gate(), Inbox()
    lane = pool.lane("site", inbox.on_room)

    def call() -> Call:
        yield gate
        return (yield lane.spawn(at(at_once("part")), size_bytes=0).wait)

    assert lane.offer(call, size_bytes=0, done=inbox.done)
    gate.expect(1)
    stopped: list[int] = []
    stopper = threading.Thread(target=lambda: stopped.append(pool.stop(30)))
    stopper.start()
    until(lambda: not lane.offer(at(at_once()), size_bytes=0, done=lambda _: None))
    gate.open()
    stopper.join(20)
    assert stopped == [0]
    assert inbox.get() == "part"
    assert inbox.is_empty


def test_calls_that_have_not_begun_are_told_so() -> None:
    pool, inbox = _pool(workers=1), Inbox()
    lane = pool.lane("site", inbox.on_room)
    begun: list[int] = []

    def call() -> Call:
        begun.append(1)
        yield at_once()

    stopped: list[int] = []
    stopper = threading.Thread(target=lambda: stopped.append(pool.stop(30)))
    with hanging() as hang:
        assert lane.offer(at(hang), size_bytes=0, done=inbox.done)
        until(lambda: lane.account.workers == 1)
        assert lane.offer(call, size_bytes=0, done=inbox.done)
        stopper.start()
        until(lambda: pool._admission.is_stopping)
    stopper.join(20)
    assert stopped == [0]
    outcomes = inbox.take(2)
    assert "finished" in outcomes
    outcomes.remove("finished")
    assert isinstance(outcomes[0], CallFailed)
    assert isinstance(outcomes[0].exception, PoolStopped)
    assert begun == []


def test_calls_that_wait_too_long_are_left_behind_and_closed() -> None:
    pool, gate, inbox = _pool(), Gate(), Inbox()
    lane = pool.lane("site", inbox.on_room)
    closed: list[str] = []

    def call() -> Call:
        try:
            yield gate
        finally:
            closed.append("file")

    assert lane.offer(call, size_bytes=0, done=inbox.done)
    gate.expect(1)
    until(lambda: lane.account.workers == 0)
    assert pool.stop(0.05) == 1
    assert closed == ["file"]
    assert inbox.is_empty, "nobody knows whether it had an effect"
    gate.open("late")
    assert pool.in_flight == 0


def test_a_hung_worker_does_not_keep_the_pool_from_stopping() -> None:
    pool, inbox = _pool(workers=1), Inbox()
    lane = pool.lane("site", inbox.on_room)
    with hanging() as hang:
        assert lane.offer(at(hang), size_bytes=0, done=inbox.done)
        until(lambda: lane.account.workers == 1)
        assert lane.offer(at(at_once()), size_bytes=0, done=inbox.done)
        assert pool.stop(0.05) == 1
        outcome = inbox.get()
        assert isinstance(outcome.exception, PoolStopped), "had not begun"
    until(lambda: not pool._crew._workers[0].is_alive())
    assert inbox.is_empty
