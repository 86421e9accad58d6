"""systemd is told, where it asks, and never waited for."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from s3syncd.notify import Notifier


def test_nothing_is_sent_where_nobody_asks() -> None:
    Notifier({}).send("READY=1")


def test_socket_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).send("READY=1")


def test_states_of_one_call_come_in_one_message() -> None:
    name = f"s3syncd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name)
        Notifier({"NOTIFY_SOCKET": "@" + name}).send("READY=1", "STATUS=ok")
        assert systemd.recv(100) == b"READY=1\nSTATUS=ok"


def test_full_queue_does_not_stop_the_daemon(tmp_path: Path) -> None:
    address = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:
                    other.sendto(b"x", address)
        began = time.monotonic()
        Notifier({"NOTIFY_SOCKET": address}).send("WATCHDOG=1")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("environ", "beat"),
    [
        ({}, 1.0),
        ({"WATCHDOG_USEC": "60000000"}, 1.0),
        ({"WATCHDOG_USEC": "500000"}, 0.25),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.25),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, 1.0),
        ({"WATCHDOG_USEC": "nonsense"}, 1.0),
    ],
)
def test_signs_of_life_come_twice_within_the_watchdogs_time(
    environ: dict[str, str], beat: float
) -> None:
    assert Notifier(environ).beat_seconds(1.0) == beat
