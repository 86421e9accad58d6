"""As many workers are awake as do any good; none is missing, and no step is lost or done twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest

from s3syncd.pool.crew import Bell, Crew, Look, wanted_change
from tests.waiting import until

QUIET = Look(
    seconds=0.005, cpu_seconds=0.0, preemptions=0, steps=0, awake=1, has_waiter=True,
    has_ready=False,
)  # fmt: skip
BUSY = QUIET._replace(cpu_seconds=0.005, steps=20, has_waiter=False, has_ready=True)


@pytest.mark.parametrize(
    ("look", "change"),
    [
        pytest.param(QUIET, 0, id="somebody waits for work: nobody is missing"),
        pytest.param(BUSY, 0, id="one worker uses the core"),
        pytest.param(BUSY._replace(steps=0), 1, id="no step ended: it is held up"),
        pytest.param(
            BUSY._replace(steps=0, has_ready=False), 1, id="held up, and nobody hears answers"
        ),
        pytest.param(BUSY._replace(cpu_seconds=0.002, steps=5), 1, id="it waits for a disk"),
        pytest.param(
            BUSY._replace(cpu_seconds=0.002, preemptions=1), 0, id="it waits for a core"
        ),
        pytest.param(
            BUSY._replace(cpu_seconds=0.002, has_ready=False), 0, id="nothing waits for it"
        ),
        pytest.param(BUSY._replace(awake=2), -1, id="two do no more than one"),
        pytest.param(
            BUSY._replace(awake=2, cpu_seconds=0.003, preemptions=3), -1,
            id="two that share a core with others",
        ),
        pytest.param(BUSY._replace(awake=3, steps=2), 0, id="long steps hash side by side"),
        pytest.param(
            BUSY._replace(awake=8, cpu_seconds=0.003), 0, id="eight on a disk are as many as help"
        ),
        pytest.param(QUIET._replace(awake=2), 0, id="whoever finds nothing goes to bed by itself"),
    ],
)  # fmt: skip
def test_how_many_workers_do_any_good(look: Look, change: int) -> None:
    assert wanted_change(look) == change


@contextmanager
def running(
    carry_out: Callable[[Any], None], *, workers: int = 4, waiter: Any = None
) -> Iterator[Crew]:
    crew = Crew(workers, carry_out, waiter)
    crew.start()
    try:
        yield crew
    finally:
        crew.stop(monotonic() + 10)
        assert not any(thread.is_alive() for thread in (*crew._workers, crew._watcher))


@contextmanager
def setting(event: threading.Event) -> Iterator[None]:
    """Let go of what waits, whatever the test found."""
    try:
        yield
    finally:
        event.set()


def test_every_step_is_done_once_whoever_queues_it() -> None:
    done: Counter[int] = Counter()
    with running(lambda step: done.update([step])) as crew:

        def put(first: int) -> None:
            for number in range(first, first + 500):
                crew.put(number)  # type: ignore[arg-type]

        threads = [threading.Thread(target=put, args=(n * 500,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: len(done) == 2000, what="all steps are done")
    assert set(done.values()) == {1}


def test_a_step_queued_at_any_moment_of_going_to_wait_is_done() -> None:
    done = threading.Event()
    with running(lambda _step: done.set()) as crew:
        for _ in range(2000):
            done.clear()
            crew.put(0)  # type: ignore[arg-type]
            assert done.wait(10)


def test_a_worker_that_hangs_is_replaced_until_all_hang() -> None:
    hang, hung, done = threading.Event(), [], []

    def carry_out(step: Any) -> None:
        if step == "hang":
            hung.append(step)
            hang.wait()
        else:
            done.append(step)

    with running(carry_out, workers=3) as crew, setting(hang):
        for _ in range(2):
            crew.put("hang")  # type: ignore[arg-type]
        until(lambda: len(hung) == 2)
        crew.put("quick")  # type: ignore[arg-type]
        until(lambda: done == ["quick"])
        crew.put("hang")  # type: ignore[arg-type]
        until(lambda: len(hung) == 3)
        crew.put("late")  # type: ignore[arg-type]
        hang.set()
        until(lambda: done == ["quick", "late"])


def test_the_watch_rests_while_nothing_happens() -> None:
    done: list[Any] = []
    with running(done.append) as crew:
        for step in range(2):
            crew.put(step)  # type: ignore[arg-type]
            until(lambda expected=step + 1: len(done) == expected)
            until(lambda: not crew._is_watched.is_set(), what="the watch rests")
            assert crew._awake == 1


def at_work(awake: int, leaving: int) -> tuple[Crew, list[int]]:
    """A crew without threads, for a worker of the test's own that ends with the third step."""
    done: list[int] = []

    def carry_out(step: Any) -> None:
        done.append(step)
        if len(done) == 3:
            crew._is_over.set()

    crew = Crew(4, carry_out)
    crew._awake, crew._leaving = awake, leaving
    for step in range(3):
        crew.put(step)  # type: ignore[arg-type]
    return crew, done


def test_a_worker_too_many_goes_to_bed_though_there_is_work() -> None:
    crew, done = at_work(awake=2, leaving=1)
    crew._be_awake()
    assert (done, crew._awake) == ([0], 1)


def test_the_last_worker_never_goes_to_bed() -> None:
    crew, done = at_work(awake=1, leaving=1)
    crew._be_awake()
    assert (done, crew._awake) == ([0, 1, 2], 1)


def test_a_step_queued_just_before_the_last_worker_waits_is_done() -> None:
    waits: list[int] = []
    crew = Crew(1, lambda _step: None, FakeWaiter(waits))

    class Late:
        """Lets a step come when the worker has found none and has not said that it waits."""

        def __enter__(self) -> None:
            crew.put("late")  # type: ignore[arg-type]

        def __exit__(self, *_: object) -> None:
            pass

    crew._lock = Late()  # type: ignore[assignment]
    assert crew._wait()
    assert not waits


class FakeWaiter:
    """Counts who waits, and lets them go on."""

    def __init__(self, waits: list[int]) -> None:
        self._waits = waits
        self.flushes = 0

    def flush(self) -> None:
        self.flushes += 1

    def wait(self) -> Sequence[Callable[[], None]]:
        self._waits.append(1)
        return ()

    def wake(self) -> None:
        """Nobody waits for long."""


@pytest.mark.parametrize("is_waiting", [False, True], ids=["it waits", "it goes to bed"])
def test_a_worker_without_a_step_lets_go_of_what_is_kept_back(is_waiting: bool) -> None:
    waits: list[int] = []
    waiter = FakeWaiter(waits)
    crew = Crew(2, lambda _step: None, waiter)
    crew._is_waiting = is_waiting
    assert crew._wait() is not is_waiting
    assert (waiter.flushes, len(waits)) == (1, 0 if is_waiting else 1)


def test_what_is_kept_back_is_let_go_before_the_wait() -> None:
    order: list[str] = []

    class Orderly:
        def flush(self) -> None:
            order.append("flush")

        def wait(self) -> Sequence[Callable[[], None]]:
            order.append("wait")
            return ()

        def wake(self) -> None:
            """Nobody waits."""

    crew = Crew(1, lambda _step: None, Orderly())
    assert crew._wait()
    assert order == ["flush", "wait"]


class Waiter(Bell):
    """Tells of things that happened elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Callable[[], None]] = []
        self.waiting: list[int] = []
        self._inside = 0

    def wait(self) -> Sequence[Callable[[], None]]:
        self._inside += 1
        self.waiting.append(self._inside)
        super().wait()
        self._inside -= 1
        told, self.told = self.told, []
        return told


def test_what_happened_elsewhere_is_told_by_a_worker_and_leads_to_steps() -> None:
    waiter, done, tellers = Waiter(), [], []
    with running(done.append, waiter=waiter) as crew:

        def tell() -> None:
            tellers.append(threading.current_thread().name)
            crew.put("answered")  # type: ignore[arg-type]

        for expected in range(1, 20):
            waiter.told.append(tell)
            waiter.wake()
            until(lambda expected=expected: len(done) == expected)
    assert all(name.startswith("worker-") for name in tellers)
    assert set(waiter.waiting) == {1}, "one waits at a time"
