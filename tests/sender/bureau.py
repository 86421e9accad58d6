"""An office whose clock and second processes the test plays itself."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

from s3syncd import __version__
from s3syncd.cores import Usage
from s3syncd.s3.poller import Poller
from s3syncd.sender.line import Line
from s3syncd.sender.office import Office
from tests.sender.journal import Journal
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


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sender"]
