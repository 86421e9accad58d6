"""No delivery of a signal is lost, and afterwards everything is as it was."""

from __future__ import annotations

import os
import signal
import threading

from s3syncd.supervisor.signals import told_signals

NUMBERS = (signal.SIGUSR1, signal.SIGUSR2)


def test_two_signals_at_once_are_two() -> None:
    told: list[signal.Signals] = []
    with told_signals(NUMBERS, told.append):
        # Both are delivered before the interpreter looks at either: this is one step for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)
        for number in NUMBERS:
            os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, NUMBERS)
        assert sorted(told) == sorted(NUMBERS)
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR1)
    assert told.count(signal.SIGUSR1) == 3


def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in NUMBERS]
    fd = signal.set_wakeup_fd(-1)
    with told_signals(NUMBERS, lambda _: None):
        assert [signal.getsignal(number) for number in NUMBERS] != before
    assert [signal.getsignal(number) for number in NUMBERS] == before
    assert signal.set_wakeup_fd(fd) == -1


def test_another_thread_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    seen: list[object] = []

    def look() -> None:
        with told_signals(NUMBERS, lambda _: None):
            seen.append(signal.getsignal(signal.SIGUSR1))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
