"""Starts, restarts, reloads and stops sites; takes the signals. Runs in the main thread."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

from s3syncd import __version__, logs
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.errors import ConfigError, S3SyncError
from s3syncd.notify import Notifier
from s3syncd.supervisor.fleet import Fleet
from s3syncd.supervisor.lock import StateLock
from s3syncd.web.address import socket_path
from s3syncd.web.control import ControlServer

__all__ = ["Supervisor"]

_TICK_SECONDS = 1.0  # restarts, expired requests and signs of life are looked after this often
_SIGNALS: dict[int, str] = {signal.SIGTERM: "stop", signal.SIGINT: "stop", signal.SIGHUP: "reload"}


class Supervisor:
    """The daemon.

    Args:
        config: the configuration that was loaded.
        reread: loads it again for a reload.
    """

    def __init__(
        self,
        config: Config,
        *,
        reread: Callable[[Config], Config] = lambda config: load(config.path),
        is_one_shot: bool = False,
    ) -> None:
        self._config = config
        self._reread = reread
        self._wishes: SimpleQueue[str] = SimpleQueue()
        self._notifier = Notifier()
        self._started_at = datetime.fromtimestamp(time.time(), UTC)
        self._reload_error: dict[str, str] | None = None
        self.fleet = Fleet(config, is_one_shot=is_one_shot)

    def run(self) -> int:
        """Run until told to stop; return the exit code.

        Raises:
            FatalError: another daemon has the state directory, or it cannot be used.
        """
        with self.opened() as control, self._signals():
            control.start()
            logs.logger().info(
                "daemon.started", version=__version__, sites=[s.name for s in self._config.sites]
            )
            self.fleet.start()
            self._notifier.send("READY=1", f"STATUS={len(self._config.sites)} sites")
            code = self._serve()
            self._notifier.send("STOPPING=1")
            code = self._stop(code)
            control.stop()
            logs.logger().info("daemon.stopped", exit_code=code)
        return code

    @contextmanager
    def opened(self) -> Iterator[ControlServer]:
        """Hold the state directory and the log; yield the control server, not started."""
        config = self._config
        lock = StateLock(config.state_dir)
        _configure_log(config)
        try:
            yield ControlServer(
                socket_path(config.state_dir),
                status=self.status,
                command=self.command,
                live=self.live,
                on_failure=lambda error: logs.logger().error("control.failed", error=repr(error)),
            )
        finally:
            lock.release()
            logs.flush()

    def status(self) -> dict[str, Any]:
        """Give the status document. Thread-safe: reads published snapshots."""
        document: dict[str, Any] = {
            "version": __version__,
            "started_at": self._started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "sites": self.fleet.snapshots(),
        }
        if self._reload_error is not None:
            document["reload_error"] = self._reload_error
        return document

    def live(self) -> dict[str, Any]:
        """Tell whether every site loop turned lately. Thread-safe; nothing remote counts."""
        stuck = self.fleet.stuck()
        if not stuck:
            return {"ok": True}
        return {"ok": False, "error": f"no turn for 30 s: {', '.join(stuck)}", "hint": "restart"}

    def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a command. Thread-safe; answers when the sites have accepted."""
        if name == "reload":
            return self._reload()
        return self.fleet.command(name, arguments)

    def _serve(self) -> int:
        while True:
            try:
                wish = self._wishes.get(timeout=_TICK_SECONDS)
            except Empty:
                wish = ""
            if wish == "stop":
                return 0
            if wish == "reload":
                self._reload()
            if self.fleet.tick():
                logs.logger().fatal("daemon.gave_up", max_failures=self._config.max_failures)
                return 1
            if not self.fleet.stuck():
                self._notifier.send("WATCHDOG=1")

    def _stop(self, code: int) -> int:
        """Drain; a second signal stops at once."""
        timeout = self._config.shutdown_timeout_seconds
        deadline = time.monotonic() + timeout
        self.fleet.begin_stop(deadline)
        while not self.fleet.has_stopped() and time.monotonic() < deadline:
            try:
                if self._wishes.get(timeout=0.05) == "stop":
                    logs.logger().warning("daemon.stops_at_once")
                    deadline = time.monotonic()
            except Empty:
                continue
        self.fleet.end_stop()
        return code

    def _reload(self) -> dict[str, Any]:
        self._notifier.send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            config = self._reread(self._config)
            if config.state_dir != self._config.state_dir:
                raise ConfigError(["state_dir cannot change while running"], hint="restart")
            changed = self.fleet.reload(config)
        except S3SyncError as error:
            self._reload_error = {"error": error.message, "hint": error.hint}
            logs.logger().error("config.refused", error=error.message, hint=error.hint)
            return {"ok": False, "error": error.message, "hint": error.hint}
        finally:
            self._notifier.send("READY=1")
        self._config = config
        self._reload_error = None
        _configure_log(config)
        logs.logger().info("config.reloaded", **changed)
        return {"ok": True, **changed}

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn signals into wishes; the handlers do nothing else (SimpleQueue is reentrant)."""
        old = {
            number: signal.signal(number, lambda n, _frame: self._wishes.put(_SIGNALS[n]))
            for number in _SIGNALS
        }
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)


def _configure_log(config: Config) -> None:
    logs.configure(
        level=config.log_level,
        style=config.log_format,
        file=config.log_file,
        secrets=config.secret_values(),
    )
    for warning in config.warnings:
        logs.logger().warning("config.doubtful", warning=warning)
