"""There is a second process while it is of use, one at most, and none that does no good."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from s3syncd import __version__
from s3syncd.cores import Usage
from s3syncd.s3.poller import Poller
from s3syncd.sender.line import Line
from s3syncd.sender.office import Office
from tests.sender.lines import SETTLE, Answers, End, action_for, catch_up
from tests.waiting import until

MANY = 128
MOST = 160


class FakeProcess:
    """The other side, as the test plays it; ends when it is told to, or killed."""

    def __init__(self, end: socket.socket, *, is_immortal: bool = False) -> None:
        self.end = End(socket.socket(fileno=os.dup(end.fileno())))
        self.is_killed = False
        self._is_immortal = is_immortal
        self._is_over, self._code = threading.Event(), 0

    def exit(self, code: int = 0) -> None:
        """End, as a process does: its descriptors are closed first."""
        self.end.channel.close()
        self._code = code
        self._is_over.set()

    def wait(self) -> int:
        assert self._is_over.wait(30)
        return self._code

    def kill(self) -> None:
        self.is_killed = True
        if not self._is_immortal:
            self.exit(-9)


class Journal:
    """What was logged."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **facts: object) -> None:
        self.entries.append((event, facts))

    warning = info

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.entries]


class Bureau:
    """An office, its clock, and what it began."""

    def __init__(self, poller: Poller | None = None) -> None:
        self.poller, self.journal, self.answers = poller or Poller(), Journal(), Answers()
        self.now, self.passed = 1000.0, 0.0
        self.begun: list[FakeProcess] = []
        self.make: Callable[[socket.socket], FakeProcess] = FakeProcess
        self.usage: Usage | None = None
        self.office = Office(
            self.poller, self._launch, clock=self._clock, log=self.journal,
            elsewhere=lambda: self.usage,
        )  # fmt: skip

    def _clock(self) -> float:
        self.passed += 0.2  # whoever looks at it does so seldom, and a burst takes a while
        return self.now + self.passed

    def _launch(self, end: socket.socket) -> FakeProcess:
        process = self.make(end)
        self.begun.append(process)
        return process

    @property
    def process(self) -> FakeProcess:
        return self.begun[-1]

    def want(self, count: int = MANY) -> None:
        for _ in range(count):
            assert self.office.line() is None

    def begin(self, version: str = __version__) -> Line | None:
        """Have one begun that says it is ready."""
        count = len(self.begun) + 1
        self.want()
        until(lambda: len(self.begun) == count)
        self.process.end.channel.tell(("ready", 0, version))
        catch_up(self.poller)
        return self.office.line()

    def ready(self) -> Line:
        line = self.begin()
        assert line is not None
        return line

    def ask(self, line: Line, path: str) -> None:
        line.ask(1, action_for(path), SETTLE, None, self.answers.resume_for(path))
        self.poller.flush()

    def answer_all(self) -> None:
        for word in self.process.end.hear():
            self.process.end.channel.tell(("done", word[1], None))
        catch_up(self.poller)

    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.office.tick(self.now + self.passed)

    def ended(self) -> None:
        """Take the last words of a process that ended, and wait until that is known."""
        catch_up(self.poller)
        until(lambda: self.office._thread is None, what="its end is known")

    def has_logged(self, count: int) -> bool:
        return len(self.journal.entries) == count

    def close(self) -> None:
        for process in self.begun:
            process.exit()
        self.office.stop(10)
        for process in self.begun:
            process.end.poller.close()


@pytest.fixture
def bureau() -> Iterator[Bureau]:
    bureau = Bureau()
    yield bureau
    bureau.close()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sender"]


# --- when one is begun ---------------------------------------------------------------------------


def test_for_few_uploads_none_is_begun(bureau: Bureau) -> None:
    bureau.want(MANY - 1)
    bureau.tick(1.0)
    bureau.want(MANY - 1)
    assert (bureau.begun, threads()) == ([], [])


def test_for_many_within_a_second_one_is_begun(bureau: Bureau) -> None:
    line = bureau.ready()
    assert line.in_flight == 0
    assert bureau.journal.events == ["sender.started"]


def test_until_it_is_ready_nothing_goes_there(bureau: Bureau) -> None:
    bureau.want()
    until(lambda: bool(bureau.begun))
    bureau.want(3 * MANY)
    bureau.tick(1.0)
    assert len(bureau.begun) == 1


def test_one_is_begun_whoever_wants_it_at_once(bureau: Bureau) -> None:
    barrier = threading.Barrier(4)

    def want() -> None:
        barrier.wait(10)
        bureau.want(2 * MANY)

    wanting = [threading.Thread(target=want) for _ in range(4)]
    for thread in wanting:
        thread.start()
    for thread in wanting:
        thread.join(10)
    until(lambda: bool(bureau.begun))
    assert len(bureau.begun) == len(threads()) == 1


def test_it_is_asked_for_no_more_than_it_does_soon(bureau: Bureau) -> None:
    line = bureau.ready()
    for number in range(MOST):
        assert bureau.office.line() is line
        bureau.ask(line, f"{number}")
    assert bureau.office.line() is None
    bureau.answer_all()
    assert bureau.office.line() is line
    assert len(bureau.begun) == 1


# --- when it is not of use any more --------------------------------------------------------------


def test_after_a_while_without_uploads_it_is_sent_home(bureau: Bureau) -> None:
    bureau.ready()
    bureau.tick(29.0)
    assert bureau.office.line() is not None
    bureau.tick(2.0)
    assert bureau.office.line() is None
    bureau.process.end.hear()
    assert bureau.process.end.ends == [0]
    bureau.process.exit()
    bureau.ended()
    assert not bureau.process.is_killed
    assert bureau.journal.events == ["sender.started", "sender.ended"]


def test_an_upload_keeps_it_for_another_while(bureau: Bureau) -> None:
    line = bureau.ready()
    bureau.tick(29.0)
    bureau.ask(line, "a")
    bureau.answer_all()
    bureau.tick(2.0)
    bureau.tick(29.0)
    assert bureau.office.line() is line
    bureau.tick(2.0)
    assert bureau.office.line() is None


def test_it_is_not_sent_home_while_an_answer_is_waited_for(bureau: Bureau) -> None:
    line = bureau.ready()
    bureau.ask(line, "a")
    bureau.tick(1.0)
    bureau.tick(60.0)
    assert bureau.office.line() is line
    assert not bureau.process.is_killed


@pytest.mark.parametrize(
    ("busy", "idle", "is_begun"), [(10, 10, True), (11, 9, False), (0, 20, True), (20, 0, False)]
)
def test_none_is_begun_where_others_use_the_other_cores(
    bureau: Bureau, busy: int, idle: int, is_begun: bool
) -> None:
    bureau.usage = Usage(1000, 1000)
    bureau.want(MANY - 1)
    bureau.usage = Usage(1000 + busy, 1000 + idle)
    bureau.want(1)
    assert (bureau.office._thread is not None) is is_begun
    if is_begun:
        until(lambda: bool(bureau.begun))


def test_while_the_burst_lasts_it_is_judged_again(bureau: Bureau) -> None:
    bureau.usage = Usage(0, 0)
    bureau.want(MANY - 1)
    bureau.usage = Usage(20, 0)
    bureau.want(1)
    assert bureau.office._thread is None
    bureau.want(MANY - 1)
    bureau.usage = Usage(20, 20)
    bureau.want(1)
    until(lambda: bool(bureau.begun))


def test_after_an_orderly_end_the_next_burst_begins_another_at_once(bureau: Bureau) -> None:
    for count in (1, 2, 3):
        bureau.ready()
        assert len(bureau.begun) == count
        bureau.tick(1.0)
        bureau.tick(31.0)
        bureau.process.exit()
        bureau.ended()
    assert bureau.journal.events == ["sender.started", "sender.ended"] * 3


# --- when it does not do what it should ----------------------------------------------------------


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


# --- when the daemon ends ------------------------------------------------------------------------


def test_at_the_end_it_is_sent_home_and_waited_for(bureau: Bureau) -> None:
    bureau.ready()
    stopping = threading.Thread(target=bureau.office.stop, args=(10,))
    stopping.start()
    until(lambda: bureau.process.end.hear() == [] and bureau.process.end.ends == [0])
    assert stopping.is_alive()
    bureau.process.exit()
    stopping.join(10)
    assert not bureau.process.is_killed
    assert threads() == []
    assert bureau.journal.events == ["sender.started", "sender.ended"]


def test_one_that_does_not_end_is_killed(bureau: Bureau) -> None:
    bureau.ready()
    bureau.office.stop(0.01)
    assert bureau.process.is_killed
    until(lambda: threads() == [])


def test_one_that_is_not_ready_yet_is_sent_home_too(bureau: Bureau) -> None:
    bureau.want()
    until(lambda: bool(bureau.begun))
    stopping = threading.Thread(target=bureau.office.stop, args=(10,))
    stopping.start()
    until(lambda: bureau.process.end.hear() == [] and bureau.process.end.ends == [0])
    bureau.process.exit()
    stopping.join(10)
    assert not bureau.process.is_killed
    assert threads() == []


def test_one_that_is_just_being_begun_is_sent_home_too(bureau: Bureau) -> None:
    is_beginning, may_begin = threading.Event(), threading.Event()

    def begin(end: socket.socket) -> FakeProcess:
        is_beginning.set()
        assert may_begin.wait(10)
        return FakeProcess(end)

    bureau.make = begin
    bureau.want()
    assert is_beginning.wait(10)
    stopping = threading.Thread(target=bureau.office.stop, args=(10,))
    stopping.start()
    until(lambda: bureau.office._is_over)
    may_begin.set()
    until(lambda: bool(bureau.begun))
    until(lambda: bureau.process.end.hear() == [] and bureau.process.end.ends == [0])
    bureau.process.exit()
    stopping.join(10)
    assert threads() == []


class SlowPoller(Poller):
    """Holds whoever begins a line."""

    def __init__(self) -> None:
        super().__init__()
        self.is_held, self.may_go = threading.Event(), threading.Event()

    def watch(self, fd: int, owner: Callable[[], None], *, is_for_room: bool) -> None:
        self.is_held.set()
        assert self.may_go.wait(10)
        super().watch(fd, owner, is_for_room=is_for_room)


def test_one_whose_line_is_just_being_made_is_sent_home_too() -> None:
    poller = SlowPoller()
    bureau = Bureau(poller)
    try:
        bureau.want()
        assert poller.is_held.wait(10)
        bureau.office.stop(0.0)
        poller.may_go.set()
        until(lambda: bool(bureau.begun))
        until(lambda: bureau.process.end.hear() == [] and bureau.process.end.ends == [0], 5)
    finally:
        bureau.close()


def test_after_the_end_none_is_begun(bureau: Bureau) -> None:
    bureau.office.stop(1)
    bureau.want(2 * MANY)
    assert (bureau.begun, threads()) == ([], [])
