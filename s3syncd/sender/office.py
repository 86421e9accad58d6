"""Whether there is a second process: begun while there is much to upload, ended when there is not.

All that the interpreter does runs on one core. Where many small files are to be uploaded, and
another core has time to spare, a second process carries some of them out: the decisions, the
ledger and the limits stay here. It costs 0.2 s of CPU to begin and some 40 MiB, so an idle daemon
has none.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final, Protocol

from s3syncd import __version__
from s3syncd.cores import Usage
from s3syncd.s3.poller import Poller
from s3syncd.sender.channel import channel_pair
from s3syncd.sender.line import Line

__all__ = ["Log", "Office", "Process"]

_MANY: Final = 128
"""Uploads within a second that begin one: as long as it takes to begin, this process does more."""

_SAMPLE_SECONDS: Final = 0.15
"""Of a burst, 15 ticks of the kernel, before it is judged whether another core has time."""

_SPARE: Final = 0.5
"""Share of the other cores' time that must be idle. A store on this machine may take all of it:
beside `rclone serve s3` on two cores a file cost a quarter more CPU with a second process."""

_MOST: Final = 160
"""Asked at once: what is under way there at 20 ms an answer and a fifth more. With more than that
waiting there this process has the time to do the next ones itself."""

_IDLE_SECONDS: Final = 30.0
"""Without an upload; the next burst may begin another one."""

_SILENT_SECONDS: Final = 150.0
"""Twice as long as the store may take for a small upload. Then it is stopped, or hangs."""

_READY_SECONDS: Final = 60.0
"""A hundred times as long as it takes to begin; modules may be on a file system that hangs."""

_LAST_WORDS_SECONDS: Final = 2.0
"""After its end; a worker who waits takes them at once."""

_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 30.0, 3600.0
"""After one that failed, doubled each time: there is no need of it."""


class Log(Protocol):
    """The part of a structlog logger that is used here."""

    def info(self, event: str, **facts: object) -> object:
        """Log at INFO."""

    def warning(self, event: str, **facts: object) -> object:
        """Log at WARNING."""


class Process(Protocol):
    """The second process; `subprocess.Popen` is one."""

    def wait(self) -> int:
        """Wait for its end; gives the exit code."""

    def kill(self) -> None:
        """End it at once."""


class Office:
    """Gives the line to the second process, while there is one.

    Args:
        poller: of the workers who ask.
        launch: begins the process with its end of the line, which it inherits.
        clock: monotonic seconds.
        elsewhere: what the other cores did since the start of the system; None: not known.
        log: for what happens to it.
    """

    def __init__(
        self,
        poller: Poller,
        launch: Callable[[socket.socket], Process],
        *,
        clock: Callable[[], float],
        log: Log,
        elsewhere: Callable[[], Usage | None] = lambda: None,
    ) -> None:
        self._poller, self._launch = poller, launch
        self._clock, self._log, self._elsewhere = clock, log, elsewhere
        self._sample: tuple[float, Usage | None] = (0.0, None)  # when the burst began
        self._line: Line | None = None  # that takes uploads
        self._begun: Line | None = None  # the last one begun
        self._thread: Thread | None = None
        self._process: Process | None = None
        self._wanted = 0  # since the last tick; counted without a lock, one more or less is nothing
        self._beginning, self._is_gone = Lock(), Event()
        self._failures = 0
        self._not_before = self._ticked_at = self._busy_at = self._heard_at = 0.0
        self._seen = (0, 0)
        self._ready_by: float | None = None
        self._is_over = self._is_dismissed = False

    def line(self) -> Line | None:
        """Give the line if it can take another upload now; called for each upload that could."""
        line = self._line
        if line is not None:
            return line if line.in_flight < _MOST else None
        self._wanted += 1
        if self._thread is None and not self._is_over:
            if self._wanted == 1:
                self._sample = self._clock(), self._elsewhere()
            elif self._wanted >= _MANY and self._clock() >= self._sample[0] + _SAMPLE_SECONDS:
                self._wanted = 0
                if self._has_room():
                    self._begin()
        return None

    def tick(self, now: float) -> None:
        """See about once a second whether it is still there, and needed; one thread."""
        if now < self._ticked_at + 1.0:
            return
        self._ticked_at, self._wanted = now, 0
        line = self._line
        if line is None:
            if self._ready_by is not None and now > self._ready_by:
                self._kill()
            return
        asked, heard = self._seen
        self._seen = (line.asked, line.heard)
        if line.asked != asked:
            self._busy_at = now
        if line.heard != heard or not line.in_flight:
            self._heard_at = now
        if line.in_flight and now > self._heard_at + _SILENT_SECONDS:
            self._log.warning("sender.silent", seconds=round(now - self._heard_at))
            self._line = None  # in a file system that hangs it may outlive that
            self._kill()
        elif not line.in_flight and now > self._busy_at + _IDLE_SECONDS:
            self._dismiss(line)

    def stop(self, timeout_seconds: float) -> None:
        """End it, in good order if that takes no longer than this; nobody may ask any more."""
        self._is_over = True
        line, thread = self._begun, self._thread
        if line is not None:
            self._dismiss(line)
        self._is_gone.set()  # nobody may be left who takes its last words
        if thread is not None:
            thread.join(timeout_seconds)
            if thread.is_alive():
                self._kill()
                thread.join(timeout_seconds)

    def _has_room(self) -> bool:
        """Whether the other cores were idle enough during this burst."""
        then, now = self._sample[1], self._elsewhere()
        if then is None or now is None:
            return True
        busy, idle = now.busy - then.busy, now.idle - then.idle
        return idle >= _SPARE * (busy + idle)

    def _begin(self) -> None:
        with self._beginning:
            if self._thread is not None or self._clock() < self._not_before:
                return
            # It lives as long as the process: the kernel ends the one with the other.
            thread = Thread(target=self._attend, name="sender", daemon=True)
            self._ready_by = self._clock() + _READY_SECONDS
            self._thread = thread  # now: it may have ended before `start` returns
            try:
                thread.start()
            except RuntimeError as error:  # the system gives no more threads
                self._failed(error=str(error))
                self._thread = None

    def _attend(self) -> None:
        self._is_dismissed = False
        self._is_gone.clear()
        try:
            line, process = self._launched()
        except OSError as error:
            self._failed(error=str(error))
            self._thread = None
            return
        if self._is_over:  # `stop` may not have seen it
            self._dismiss(line)
        code = process.wait()
        self._process = self._ready_by = None
        if self._is_dismissed:
            self._failures = 0
            self._log.info("sender.ended")
        else:
            self._failed(exit_code=code)
        self._is_gone.wait(0.0 if self._is_over else _LAST_WORDS_SECONDS)
        self._gone(line)
        self._thread = None

    def _launched(self) -> tuple[Line, Process]:
        ours, theirs = channel_pair()
        with theirs:
            try:
                line = Line(ours, self._poller, on_ready=self._ready, on_gone=self._gone)
            except OSError:
                ours.close()
                raise
            self._begun = line
            try:
                self._process = process = self._launch(theirs)
            except OSError:
                line.close()
                raise
        return line, process

    def _ready(self, line: Line, version: str) -> None:
        self._ready_by = None
        if version != __version__:  # ours was replaced while we run
            self._is_over = True
            self._log.warning("sender.other_version", version=version)
            self._dismiss(line)
        elif not self._is_over:
            self._busy_at = self._heard_at = self._clock()
            self._seen = (0, 0)
            self._log.info("sender.started")
            self._line = line

    def _dismiss(self, line: Line) -> None:
        self._line, self._is_dismissed = None, True
        line.hang_up()

    def _gone(self, line: Line) -> None:
        if self._line is line:
            self._line = None
        line.close()
        if self._begun is line:
            self._is_gone.set()

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def _failed(self, **facts: object) -> None:
        pause = min(_LONGEST_PAUSE_SECONDS, _PAUSE_SECONDS * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._not_before = self._clock() + pause
        self._log.warning("sender.failed", again_in_seconds=round(pause), **facts)
