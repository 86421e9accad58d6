"""A pool with an inbox, and starts that a test resumes when it wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from s3syncd.pool import Call, Lane, Pool, Start
from tests.waiting import until, within

MIB = 1 << 20


@contextmanager
def running_pool(
    *,
    workers: int = 4,
    max_in_flight: int = 16,
    buffer_bytes: int = 128 * MIB,
    timeout_seconds: float = 5,
) -> Iterator[Pool]:
    pool = Pool(workers=workers, max_in_flight=max_in_flight, buffer_bytes=buffer_bytes)
    pool.start()
    try:
        yield pool
    finally:
        pool.stop(timeout_seconds)


class Inbox:
    """Collects outcomes and calls for room, as a site does."""

    def __init__(self) -> None:
        self.outcomes: SimpleQueue[Any] = SimpleQueue()
        self.rooms = 0

    def done(self, outcome: object) -> None:
        self.outcomes.put(outcome)

    def on_room(self) -> None:
        self.rooms += 1

    def get(self) -> Any:
        return self.outcomes.get(timeout=within(10))

    def take(self, count: int) -> list[Any]:
        return [self.get() for _ in range(count)]

    @property
    def is_empty(self) -> bool:
        return self.outcomes.empty()


class Gate:
    """A start that keeps its resumes until the test opens it."""

    def __init__(self) -> None:
        self.resumes: SimpleQueue[Callable[[Any], None]] = SimpleQueue()

    def __call__(self, resume: Callable[[Any], None]) -> None:
        self.resumes.put(resume)

    @property
    def waiting(self) -> int:
        return self.resumes.qsize()

    def open(self, value: object = None) -> None:
        """Resume the call that has waited longest."""
        self.resumes.get(timeout=within(10))(value)

    def open_all(self, value: object = None) -> int:
        """Resume all that wait now; return how many."""
        count = 0
        while True:
            try:
                resume = self.resumes.get_nowait()
            except Empty:
                return count
            resume(value)
            count += 1

    def expect(self, count: int) -> None:
        """Wait until exactly so many calls are at the gate."""
        until(lambda: self.waiting == count, what=f"{count} calls at the gate")


def at(start: Start) -> Callable[[], Call]:
    """Return what makes a call that yields one start and returns what that gives."""

    def call() -> Generator[Start, Any, object]:
        result: object = yield start
        return result

    return call


def fill(lane: Lane, inbox: Inbox, start: Start, *, size_bytes: int = 0) -> int:
    """Offer until there is no room although all that was admitted has begun; return how many."""
    accepted = 0
    while True:
        if lane.offer(at(start), size_bytes=size_bytes, done=inbox.done):
            accepted += 1
        elif lane.account.unstarted:
            until(lambda: not lane.account.unstarted, what="the workers begin what was admitted")
        else:
            return accepted


@contextmanager
def hanging() -> Iterator[Start]:
    """Give a start that blocks its worker, as a dead disk does, until the block ends."""
    end = threading.Event()

    def hang(resume: Callable[[Any], None]) -> None:
        end.wait(30)
        resume("finished")

    try:
        yield hang
    finally:
        end.set()


def at_once(value: object = None) -> Start:
    """Return a start that resumes before it returns."""

    def start(resume: Callable[[Any], None]) -> None:
        resume(value)

    return start
