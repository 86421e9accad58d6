"""The trampoline: however a resume comes, a call goes on once, and no worker is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.pool import Call, CallFailed
from tests.pool.rig import Gate, Inbox, at, at_once, running_pool
from tests.waiting import until, within


def _run(make_call: Callable[[], Call]) -> Any:
    inbox = Inbox()
    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(make_call, size_bytes=1, done=inbox.done)
        outcome = inbox.get()
        until(lambda: pool.in_flight == 0)
        assert lane.in_flight == 0
        assert sum(lane.account.slots) == sum(lane.account.held_bytes) == 0
        # Whatever the call did, the workers are still there.
        for number in range(8):
            assert lane.offer(at(at_once(number)), size_bytes=1, done=inbox.done)
            assert inbox.get() == number
        assert pool.faults == 0
        return outcome


def test_what_a_call_returns_is_its_outcome() -> None:
    assert _run(at(at_once("answer"))) == "answer"


def test_a_call_that_waits_for_nothing_ends_at_once() -> None:
    def call() -> Call:
        return "done"
        yield

    assert _run(call) == "done"


def test_a_resume_from_another_thread_before_the_start_returns_counts() -> None:
    def start(resume: Callable[[Any], None]) -> None:
        other = threading.Thread(target=resume, args=("early",))
        other.start()
        other.join()

    assert _run(at(start)) == "early"


def test_each_yield_gets_its_own_value() -> None:
    def call() -> Call:
        total = 0
        for number in range(500):
            value = yield at_once(number)
            assert value == number
            total += value
        return total

    assert _run(call) == sum(range(500))


def test_a_worker_is_free_while_a_call_waits() -> None:
    gate, inbox = Gate(), Inbox()
    with running_pool(workers=1) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(at(gate), size_bytes=0, done=inbox.done)
        gate.expect(1)
        assert lane.offer(at(at_once("other")), size_bytes=0, done=inbox.done)
        assert inbox.get() == "other"
        gate.open("late")
        assert inbox.get() == "late"


def test_calls_run_on_named_workers() -> None:
    def call() -> Call:
        yield at_once()
        return threading.current_thread().name

    name = _run(call)
    assert name in {f"worker-{number}" for number in range(4)}


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_an_exception_is_an_outcome_and_costs_no_worker(error: BaseException) -> None:
    def call() -> Call:
        yield at_once()
        raise error

    outcome = _run(call)
    assert isinstance(outcome, CallFailed)
    assert outcome.exception is error


def test_a_call_that_cannot_be_made_has_failed() -> None:
    def make_call() -> Call:
        raise OSError("no file")

    outcome = _run(make_call)
    assert isinstance(outcome, CallFailed)
    assert isinstance(outcome.exception, OSError)


def test_a_stop_iteration_while_making_a_call_is_no_result() -> None:
    def make_call() -> Call:
        raise StopIteration("nothing")

    outcome = _run(make_call)
    assert isinstance(outcome, CallFailed)


def test_a_start_that_raises_raises_inside_the_call() -> None:
    def broken(resume: Callable[[Any], None]) -> None:
        raise OSError("cannot submit")

    def call() -> Call:
        try:
            yield broken
        except OSError as error:
            return f"seen: {error}"

    assert _run(call) == "seen: cannot submit"
    outcome = _run(at(broken))
    assert isinstance(outcome, CallFailed)
    assert isinstance(outcome.exception, OSError)


def test_an_idle_start_that_raises_raises_inside_the_call() -> None:
    inbox = Inbox()

    def broken(resume: Callable[[Any], None]) -> None:
        raise OSError("cannot submit")

    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(at(lane.idle(broken)), size_bytes=1, done=inbox.done)
        assert isinstance(inbox.get().exception, OSError)
        assert sum(lane.account.held_bytes) == 0


def test_a_start_that_raises_after_it_resumed_does_not_end_the_call() -> None:
    inbox = Inbox()

    def start(resume: Callable[[Any], None]) -> None:
        resume("value")
        raise OSError("too late")

    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(at(start), size_bytes=0, done=inbox.done)
        assert inbox.get() == "value"
        assert pool.faults == 1


def test_a_second_resume_is_ignored_and_counted() -> None:
    gate, inbox = Gate(), Inbox()

    def call() -> Call:
        first = yield gate
        second = yield gate
        return first, second

    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(call, size_bytes=0, done=inbox.done)
        resume = gate.resumes.get(timeout=within(10))
        resume(1)
        resume("again")
        gate.expect(1)
        resume("and again, at the next yield")
        gate.open(2)
        assert inbox.get() == (1, 2)
        assert pool.ignored_resumes == 2


def test_a_second_resume_does_not_answer_the_next_yield() -> None:
    gate, never, inbox = Gate(), Gate(), Inbox()

    def call() -> Call:
        first = yield gate
        return first, (yield never)

    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(call, size_bytes=0, done=inbox.done)
        resume = gate.resumes.get(timeout=within(10))
        resume(1)
        never.expect(1)
        resume("again")
        assert pool.stop(0.05) == 1
        assert inbox.is_empty


def test_of_many_threads_that_resume_at_once_one_continues_the_call() -> None:
    gate, inbox = Gate(), Inbox()
    rounds, rivals = 50, 4
    with running_pool() as pool:
        lane = pool.lane("site", inbox.on_room)

        def call() -> Call:
            for _ in range(rounds):
                yield gate
            return "end"

        assert lane.offer(call, size_bytes=0, done=inbox.done)
        barrier = threading.Barrier(rivals + 1)
        current: list[Callable[[Any], None]] = []

        def rival() -> None:
            for _ in range(rounds):
                barrier.wait(within(10))
                current[-1](None)
                barrier.wait(within(10))

        threads = [threading.Thread(target=rival) for _ in range(rivals)]
        for thread in threads:
            thread.start()
        for _ in range(rounds):
            current.append(gate.resumes.get(timeout=within(10)))
            barrier.wait(within(10))
            barrier.wait(within(10))
        for thread in threads:
            thread.join(10)
        assert inbox.get() == "end"
        assert pool.ignored_resumes == rounds * (rivals - 1)


def test_a_callback_that_raises_is_counted_and_costs_no_worker() -> None:
    inbox = Inbox()

    def broken(outcome: object) -> None:
        raise RuntimeError("inbox is gone")

    with running_pool(workers=1) as pool:
        lane = pool.lane("site", inbox.on_room)
        assert lane.offer(at(at_once()), size_bytes=0, done=broken)
        assert lane.offer(at(at_once("next")), size_bytes=0, done=inbox.done)
        assert inbox.get() == "next"
        assert pool.faults == 1
