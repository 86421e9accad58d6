"""A ping comes while all is well, and not otherwise."""

from __future__ import annotations

import itertools

import pytest

from s3syncd.notify.heartbeat import FIRST_SECONDS, LOOK_SECONDS, Heartbeat
from tests.notify.fakes import Log, Post

INTERVAL = 60.0


class Beating:
    """A heartbeat and the time."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self.post = Post()
        self.log = Log()
        self.is_well = True
        self.now = 1_000.0
        self.beat = Heartbeat(
            self.post, interval, is_well=lambda: self.is_well, log=self.log, wall=lambda: self.now
        )

    def until(self, moment: float) -> list[float]:
        """Let time pass as the thread would; give when pings came since."""
        before = len(self.post.sent)
        while self.now < moment:
            self.now += self.beat.turn(self.now)
        return [at for at, _ in self.post.sent[before:]]


@pytest.fixture
def beating() -> Beating:
    return Beating()


def test_pings_come_once_in_the_interval(beating: Beating) -> None:
    first = 1_000.0 + FIRST_SECONDS
    assert beating.until(1_150.0) == [first, first + INTERVAL, first + 2 * INTERVAL]
    assert {body for _, body in beating.post.sent} == {None}
    assert beating.beat.state == {"last_sent_wall": first + 2 * INTERVAL, "error": None}


def test_a_daemon_that_ends_as_it_starts_never_looked_alive(beating: Beating) -> None:
    assert beating.until(1_000.0 + FIRST_SECONDS - 1) == []


def test_nothing_is_sent_while_something_is_wrong(beating: Beating) -> None:
    beating.until(1_020.0)
    beating.is_well = False
    assert beating.until(5_000.0) == []
    assert beating.beat.state["error"] is None


def test_a_bad_moment_is_no_missed_ping(beating: Beating) -> None:
    beating.until(1_016.0)
    beating.is_well = False
    beating.until(1_000.0 + FIRST_SECONDS + INTERVAL + 1)
    beating.is_well = True
    (late, *_rest) = beating.until(1_140.0)
    assert late - (1_000.0 + FIRST_SECONDS + INTERVAL) <= 2 * LOOK_SECONDS


def test_after_a_long_silence_pings_do_not_bunch(beating: Beating) -> None:
    beating.until(1_020.0)
    beating.is_well = False
    beating.until(5_000.0)
    beating.is_well = True
    sent = beating.until(5_200.0)
    assert [round(b - a) for a, b in itertools.pairwise(sent)] == [60, 60, 60]


def test_a_ping_that_fails_is_repeated_and_told_once(beating: Beating) -> None:
    beating.post.error = "the server answers 500"
    tried = beating.until(1_100.0)
    assert len(tried) > 10
    assert beating.log.events == ["heartbeat.failed"]
    assert beating.beat.state == {"last_sent_wall": None, "error": "the server answers 500"}
    beating.post.error = ""
    assert beating.until(1_110.0)
    assert beating.log.events == ["heartbeat.failed", "heartbeat.recovered"]
    assert beating.beat.state["error"] is None


def test_a_short_interval_is_kept() -> None:
    beating = Beating(interval=1.0)
    assert beating.until(1_004.5) == [1_001.0, 1_002.0, 1_003.0, 1_004.0]
