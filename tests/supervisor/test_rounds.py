"""A thread that takes turns goes on after a turn that failed, and ends when it is told."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator

import pytest

from s3syncd import logs
from s3syncd.supervisor.rounds import Rounds
from tests.waiting import until


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(stream=stream, style="json")
    yield stream
    logs.configure(stream=io.StringIO())
    logs.configure()


def test_turns_are_taken_until_it_is_stopped() -> None:
    turns: list[float] = []

    def turn(now: float) -> float:
        turns.append(now)
        return 0.001

    rounds = Rounds("some", turn)
    rounds.start()
    until(lambda: len(turns) > 3)
    rounds.stop()
    rounds.join(5)
    assert "some" not in {thread.name for thread in threading.enumerate()}
    assert turns == sorted(turns)


def test_a_turn_that_fails_is_told_and_is_not_the_last(log: io.StringIO) -> None:
    turns: list[str] = []

    def turn(_now: float) -> float:
        turns.append("")
        if len(turns) == 1:
            raise RuntimeError("broken")
        return 60.0

    rounds = Rounds("some", turn, again_seconds=0.001)
    rounds.start()
    until(lambda: len(turns) == 2)
    rounds.stop()
    rounds.join(5)
    (line,) = [json.loads(each) for each in log.getvalue().splitlines()]
    assert (line["event"], line["thread"]) == ("side.failed", "some")
    assert "RuntimeError: broken" in line["exception"]


def test_one_that_was_never_started_ends_at_once() -> None:
    rounds = Rounds("some", lambda _now: 60.0)
    rounds.stop()
    rounds.join(60)
