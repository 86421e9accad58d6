"""Requests that wait for their turn under limits, and the wall clock that these follow."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from s3syncd.core.later import Later
from s3syncd.core.rate import Period, Schedule
from s3syncd.core.retry import FailureKind
from s3syncd.core.turns import Limits
from s3syncd.s3.pacing import Moment, Turns
from s3syncd.s3.reply import Reply
from s3syncd.s3.wire import WireRequest
from tests.waiting import within

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


class Asked:
    """Requests of one site: which wait, and what they are resumed with."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.answers: SimpleQueue[Any] = SimpleQueue()

    def ask(self, count: int = 1, *, size_bytes: int = 0, method: str = "PUT") -> None:
        for _ in range(count):
            self.turns.paced(request_of(size_bytes, method), begin_at_once)(self.answers.put)

    def answer(self) -> Any:
        """Give what one request was resumed with; one that has its turn is begun."""
        value = self.answers.get(timeout=within(10))
        while isinstance(value, Later):
            value.start(self.answers.put)
            value = self.answers.get(timeout=within(10))
        return value


def request_of(size_bytes: int = 0, method: str = "PUT") -> WireRequest:
    return WireRequest("PutObject", method, "/b/k", body=b"x" * size_bytes)


def begin_at_once(resume: Callable[[Any], None]) -> None:
    resume("sent")


def is_canceled(value: Any) -> bool:
    assert isinstance(value, Reply)
    failure = value.failure
    return failure is not None and failure.kind is FailureKind.CANCELED and not failure.is_unknown
