"""When the daemon ends, the second process is sent home, however far it had come."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from s3syncd.s3.poller import Poller
from tests.sender.bureau import MANY, Bureau, FakeProcess, threads
from tests.waiting import until


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
