"""Daemons of fakes: a supervisor in a thread of its own, and the systemd that hears it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.cli.client import NoDaemonError, ask_status
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.errors import S3SyncError
from s3syncd.notify import Notifier
from s3syncd.supervisor.fleet import Fleet
from s3syncd.supervisor.supervisor import Supervisor
from tests.supervisor.fakes import FakeShop
from tests.waiting import until

__all__ = ["Running", "Systemd", "is_up", "start", "systemd"]


class Systemd:
    """The receiving end of sd_notify."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        """Give all messages so far."""
        while True:
            try:
                self.said.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self.said

    def close(self) -> None:
        self._socket.close()


class Running:
    """A supervisor in a thread of its own."""

    def __init__(self, config: Config, notifier: Notifier) -> None:
        self.shop = FakeShop(time.monotonic)
        self.reloads_by: list[str] = []
        self.refusal: S3SyncError | None = None
        self.supervisor = Supervisor(
            config,
            reread=self._reread,
            fleet=Fleet(config, shop=self.shop, answer_seconds=0.5),
            notifier=notifier,
        )
        self.codes: list[int | BaseException] = []
        self.thread = threading.Thread(target=self._run, name="the-main-thread")

    def _reread(self, config: Config) -> Config:
        self.reloads_by.append(threading.current_thread().name)
        if self.refusal is not None:
            raise self.refusal
        return load(config.path)

    def _run(self) -> None:
        try:
            self.codes.append(self.supervisor.run())
        except S3SyncError as error:
            self.codes.append(error)

    def ended(self, timeout: float = 10) -> int | BaseException:
        self.thread.join(timeout)
        assert not self.thread.is_alive()
        return self.codes[0]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    listening = Systemd(tmp_path)
    yield listening
    listening.close()


@pytest.fixture
def start(systemd: Systemd) -> Iterator[Callable[[Config], Running]]:
    """Start daemons of fakes; all are stopped at the end."""
    started: list[Running] = []

    def run(config: Config, *, is_waited: bool = True) -> Running:
        environ = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "200000"}
        running = Running(config, Notifier(environ))
        started.append(running)
        running.thread.start()
        if is_waited:
            until(lambda: is_up(config), what="the daemon answers")
        return running

    yield run
    for running in started:
        for site in running.shop.made:
            site.hung.set()
            site.is_draining_slowly = False
        running.supervisor.stop()
        running.ended()


def is_up(config: Config) -> bool:
    """Whether every site says that it is in sync."""
    try:
        return all(site["in_sync"] for site in ask_status(config.state_dir)["sites"])
    except NoDaemonError:
        return False
