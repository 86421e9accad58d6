"""A second process that does not do what it should gets no uploads, nor does its next one soon."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any

from tests.sender.bureau import MANY, Bureau, FakeProcess
from tests.sender.lines import catch_up
from tests.waiting import until


def test_one_that_says_nothing_for_long_is_killed_and_asked_no_more(bureau: Bureau) -> None:
    line = bureau.ready()
    bureau.ask(line, "a")
    bureau.process.end.hear()
    bureau.tick(1.0)
    bureau.tick(148.0)
    kills = [bureau.process.is_killed]
    bureau.tick(3.0)
    kills.append(bureau.process.is_killed)
    assert kills == [False, True]
    bureau.ended()
    (outcome,) = bureau.answers.of["a"]
    assert outcome is not None
    assert outcome.is_unknown
    assert bureau.journal.events == ["sender.started", "sender.silent", "sender.failed"]


def test_one_that_never_says_it_is_ready_is_killed(bureau: Bureau) -> None:
    bureau.want()
    until(lambda: bool(bureau.begun))
    kills = []
    for seconds in (59, 2):
        bureau.tick(seconds)
        kills.append(bureau.process.is_killed)
    assert kills == [False, True]
    bureau.ended()
    assert bureau.journal.events == ["sender.failed"]


def test_one_that_is_ready_may_be_idle_for_longer(bureau: Bureau) -> None:
    bureau.ready()
    for _ in range(3):
        bureau.tick(25)
    assert not bureau.process.is_killed


def test_one_that_outlives_its_kill_gets_no_more_uploads(bureau: Bureau) -> None:
    """A process in a file system that hangs ends when that does."""
    bureau.make = lambda end: FakeProcess(end, is_immortal=True)
    line = bureau.ready()
    bureau.ask(line, "a")
    bureau.tick(1.0)
    bureau.tick(151.0)
    assert bureau.process.is_killed
    bureau.want(2 * MANY)
    bureau.tick(1.0)
    assert bureau.journal.events.count("sender.silent") == 1
    assert len(bureau.begun) == 1


def test_a_word_now_and_then_keeps_it_alive(bureau: Bureau) -> None:
    line = bureau.ready()
    number = line.enroll(Deaf())
    bureau.ask(line, "a")
    for _ in range(4):
        bureau.tick(100.0)
        bureau.process.end.channel.tell(("counted", number, ((), ())))
        catch_up(bureau.poller)
        bureau.tick(1.0)
    assert not bureau.process.is_killed


class Deaf:
    """A site that does not care."""

    def learnt(self, *, is_md5: bool) -> None:
        """Nothing."""

    def counted(self, plain: tuple[Any, ...]) -> None:
        """Nothing."""


def test_what_it_was_asked_when_it_died_is_answered(bureau: Bureau) -> None:
    line = bureau.ready()
    bureau.ask(line, "a")
    bureau.process.exit(1)
    bureau.ended()
    (outcome,) = bureau.answers.of["a"]
    assert outcome is not None
    assert outcome.is_unknown
    assert line.is_over
    assert bureau.office.line() is None


def fail(bureau: Bureau) -> float:
    """Have one begun that fails; gives the pause that is logged."""
    bureau.ready()
    bureau.process.exit(1)
    bureau.ended()
    event, facts = bureau.journal.entries[-1]
    assert (event, facts["exit_code"]) == ("sender.failed", 1)
    pause = facts["again_in_seconds"]
    assert isinstance(pause, int)
    return pause


def test_after_each_failure_the_pause_is_twice_as_long_up_to_an_hour(bureau: Bureau) -> None:
    pauses = []
    for _ in range(9):
        pauses.append(fail(bureau))
        count = len(bureau.begun)
        bureau.tick(pauses[-1] - 2)
        bureau.want(2 * MANY)
        assert (bureau.office._thread, len(bureau.begun)) == (None, count)
        bureau.tick(3.0)
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_an_orderly_end_lets_failures_be_forgotten(bureau: Bureau) -> None:
    assert fail(bureau) == 30
    bureau.tick(31.0)
    bureau.ready()
    bureau.tick(1.0)
    bureau.tick(31.0)
    bureau.process.exit()
    bureau.ended()
    assert fail(bureau) == 30


def test_an_end_that_nobody_wanted_is_a_failure_whatever_its_code(bureau: Bureau) -> None:
    bureau.ready()
    bureau.process.exit(0)
    bureau.ended()
    assert bureau.journal.entries[-1] == (
        "sender.failed", {"again_in_seconds": 30, "exit_code": 0},
    )  # fmt: skip


def test_where_none_can_be_begun_it_is_tried_again_later(bureau: Bureau) -> None:
    def refuse(_end: socket.socket) -> FakeProcess:
        raise OSError("no more processes")

    bureau.make = refuse
    for tries in range(1, 11):  # the end of a thread that has just begun is met at any moment
        bureau.want()
        until(partial(bureau.has_logged, tries))
        until(lambda: bureau.office._thread is None)
        bureau.tick(3601.0)
    assert bureau.journal.entries[0] == (
        "sender.failed",
        {"again_in_seconds": 30, "error": "no more processes"},
    )
    catch_up(bureau.poller)
    assert bureau.poller._owners == {}, "nothing is left open"
    bureau.make = FakeProcess
    assert bureau.ready()


def test_one_of_another_version_is_sent_home_for_good(bureau: Bureau) -> None:
    assert bureau.begin(version="other") is None
    bureau.process.end.hear()
    assert bureau.process.end.ends == [0]
    bureau.process.exit()
    bureau.ended()
    bureau.tick(10_000.0)
    bureau.want(2 * MANY)
    assert (len(bureau.begun), bureau.office._thread) == (1, None)
    assert bureau.journal.entries[0] == ("sender.other_version", {"version": "other"})
