"""Starts, restarts, reloads and stops sites; takes the signals. One thread: the main one.

Other threads and signals only leave wishes; so a stop is heard while a reload drains a site.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from s3syncd import __version__, cores, logs
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.core.plural import counted
from s3syncd.core.standing import code_of
from s3syncd.errors import ConfigError, S3SyncError
from s3syncd.failpoints import reach
from s3syncd.notify import Notifier
from s3syncd.supervisor.companions import Companions
from s3syncd.supervisor.explaining import explain_within
from s3syncd.supervisor.explanations import Explanations
from s3syncd.supervisor.fleet import Fleet
from s3syncd.supervisor.signals import told_signals
from s3syncd.supervisor.state import configure_log, held_state, introduce
from s3syncd.supervisor.status_line import StatusLine
from s3syncd.supervisor.verifications import Verifications
from s3syncd.supervisor.view import DaemonView
from s3syncd.web.address import socket_path
from s3syncd.web.control import ControlServer
from s3syncd.web.http import HttpSide

__all__ = ["Supervisor", "status_document"]

_TICK_SECONDS = 1.0  # restarts, expired requests and signs of life are looked after this often
_DRAIN_LOOK_SECONDS = 0.05  # a drain is over within milliseconds of its last request
_LIVE_SECONDS = 30.0  # a main loop that did not turn for this long is stuck
_RELOAD_ANSWER_SECONDS = 10.0  # reading a file; below the 15 s that a client waits
_GRACE_SECONDS = 5.0  # after the deadline: a scan thread and a watcher get 2 s each to end
_AT_ONCE_SECONDS = 1.0  # the same after a second signal
_STATE_LOST = "state_dir was removed or replaced: another daemon could begin there; start again"
_STOP, _RELOAD, _CHANGED = "stop", "reload", "changed"  # the last: the file was
_SIGNALS = {signal.SIGTERM: _STOP, signal.SIGINT: _STOP, signal.SIGHUP: _RELOAD}


@dataclass(frozen=True, slots=True)
class _Wish:
    name: str
    reply: Callable[[dict[str, Any]], None] = lambda _answer: None


class Supervisor:
    """The daemon.

    Args:
        config: the configuration that was loaded.
        reread: loads it again for a reload; raises S3SyncError when it cannot be used.
        fleet: the sites; by default those of `config`.
        notifier: tells systemd.
    """

    def __init__(
        self,
        config: Config,
        *,
        reread: Callable[[Config], Config] = lambda config: load(config.path),
        fleet: Fleet | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self._config = config
        self._reread = reread
        self._wishes: SimpleQueue[_Wish] = SimpleQueue()
        self._notifier = notifier or Notifier()
        self._started_at = time.time()
        self._turned_at = time.monotonic()
        self._reload_error: dict[str, str] | None = None
        self._needs_restart: list[str] = []
        self._has_lost_state: Callable[[], bool] = bool
        self.fleet = fleet or Fleet(config)
        self._verifications = Verifications(self.fleet.verification)
        self._explanations = Explanations(partial(explain_within, self.fleet, config.state_dir))
        self._view = DaemonView(self.fleet, status=self.status, live=self.live)
        self._http = self._http_side(config)
        self._companions = Companions(
            self._view,
            on_change=lambda: self._wishes.put(_Wish(_CHANGED)),
            refused=lambda: (self._reload_error or {}).get("error", ""),
        )
        self._status_line = StatusLine(self._notifier, self._view)

    def run(self) -> int:
        """Run until told to stop; return the exit code: after a stop how the sites stand then.

        Raises:
            FatalError: another daemon has the state directory, or it cannot be used.
        """
        with held_state(self._config) as lock, told_signals(_SIGNALS, self._signalled):
            self._has_lost_state = lock.is_lost
            control = ControlServer(
                socket_path(self._config.state_dir),
                status=self.status,
                command=self.command,
                live=self.live,
                on_failure=lambda error: logs.logger().error("control.failed", error=repr(error)),
            )
            control.start()
            try:
                return self._run_sites()
            finally:
                control.stop()

    def stop(self) -> None:
        """Ask for a stop; a second call stops at once. Thread-safe."""
        self._wishes.put(_Wish(_STOP))

    def status(self) -> dict[str, Any]:
        """Give the status document. Thread-safe: reads published snapshots."""
        document = status_document(self.fleet, self._started_at)
        document["config"] = str(self._config.path)
        if self._reload_error is not None:
            document["reload_error"] = self._reload_error
        if self._http is not None:
            document["http"] = self._http.state
        document |= self._companions.told()
        if self._needs_restart:
            document["needs_restart"] = self._needs_restart
        return document

    def live(self) -> dict[str, Any]:
        """Tell whether every loop turned lately. Thread-safe; nothing remote counts."""
        stuck = self.fleet.stuck()
        if time.monotonic() - self._turned_at > _LIVE_SECONDS:
            stuck.append("the supervisor")
        if not stuck:
            return {"ok": True}
        return {"ok": False, "error": f"no turn for 30 s: {', '.join(stuck)}", "hint": "restart"}

    def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a command; answers when it was accepted. Thread-safe."""
        if name == "verify":
            return self.fleet.refusal(arguments) or self._verifications.command(arguments)
        if name == "explain":
            return self.fleet.refusal(arguments) or self._explanations.command(arguments)
        if name != _RELOAD:
            return self.fleet.command(name, arguments)
        answers: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._wishes.put(_Wish(_RELOAD, answers.put))
        try:
            return answers.get(timeout=_RELOAD_ANSWER_SECONDS)
        except Empty:
            return {"ok": False, "error": "the daemon is busy", "hint": "it reloads when it can"}

    def _http_side(self, config: Config) -> HttpSide | None:
        if config.http_listen is None:
            return None
        token = config.http_token
        return HttpSide(
            config.http_listen,
            self._view,
            token=token.get_secret_value() if token is not None else None,
            is_exposed=config.http_needs_token,
            log=logs.logger(),
        )

    def _run_sites(self) -> int:
        introduce(self._config)
        code, is_asked = 1, False  # unless it ends as it should
        try:
            self.fleet.start()
            self._notifier.send("READY=1", f"STATUS={counted(len(self._config.sites), 'site')}")
            if self._http is not None:
                self._http.start()
            self._companions.apply(self._config)
            is_asked = self._serve()
        finally:
            self._notifier.send("STOPPING=1")
            self._drain()
            # What is left is in the ledgers for the next start; whoever stopped it may want it now.
            code = code_of(self.fleet.snapshots()) if is_asked else code
            if self._http is not None:
                self._http.stop()
            logs.logger().info("daemon.stopped", exit_code=code)
        return code

    def _serve(self) -> bool:
        """Serve until told to stop; return False when it gave up by itself."""
        while True:
            wish = self._next_wish(self._notifier.beat_seconds(_TICK_SECONDS))
            if wish is not None and wish.name == _STOP:
                return True
            if wish is not None:
                wish.reply(self._reload(is_asked=wish.name == _RELOAD))
            if self.fleet.tick():
                logs.logger().fatal("daemon.gave_up", max_failures=self._config.max_failures)
                return False
            if self._has_lost_state():
                logs.logger().fatal("daemon.state_lost", hint=_STATE_LOST)
                return False
            self._turned_at = time.monotonic()
            cores.look(self._turned_at)
            self._companions.tick(self._turned_at)
            logs.tick()
            if not self.fleet.stuck():
                self._notifier.send("WATCHDOG=1")
            self._status_line.tell(self._turned_at)

    def _drain(self) -> None:
        """Let the sites finish what is in flight; a second wish to stop ends that at once."""
        deadline = time.monotonic() + self._config.shutdown_timeout_seconds
        grace_seconds = _GRACE_SECONDS
        self._companions.stop()
        self._verifications.stop(_AT_ONCE_SECONDS)
        logs.logger().info("daemon.drains", at_most_seconds=self._config.shutdown_timeout_seconds)
        self.fleet.begin_stop(deadline)
        while not self.fleet.has_stopped() and time.monotonic() < deadline:
            wish = self._next_wish(_DRAIN_LOOK_SECONDS)
            self.fleet.tick()
            self._turned_at = time.monotonic()
            if wish is not None and wish.name == _STOP:
                logs.logger().warning("daemon.stops_at_once")
                grace_seconds = _AT_ONCE_SECONDS
                break
            self._refuse(wish)
        self.fleet.end_stop(grace_seconds)
        while (wish := self._next_wish(0.0)) is not None:
            self._refuse(wish)

    def _next_wish(self, timeout_seconds: float) -> _Wish | None:
        try:
            return self._wishes.get(timeout=timeout_seconds)
        except Empty:
            return None

    def _signalled(self, number: signal.Signals) -> None:
        self._wishes.put(_Wish(_SIGNALS[number]))  # SimpleQueue.put is reentrant

    @staticmethod
    def _refuse(wish: _Wish | None) -> None:
        if wish is not None:
            wish.reply({"ok": False, "error": "the daemon is stopping", "hint": "start it again"})

    def _reload(self, *, is_asked: bool = True) -> dict[str, Any]:
        """Read the configuration again; whatever is wrong with it, the old one stays in force.

        Args:
            is_asked: somebody wants it; else the file has changed, perhaps in nothing that counts.
        """
        self._notifier.send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            config = self._reread(self._config)
            if not is_asked and config == self._config and self._reload_error is None:
                return {"ok": True}
            if config.state_dir != self._config.state_dir:
                raise ConfigError(
                    ["state_dir cannot change while the daemon runs"], hint="restart the daemon"
                )
            configure_log(config)
        except S3SyncError as error:
            self._reload_error = {"error": error.message, "hint": error.hint}
            logs.logger().error("config.refused", error=error.message, hint=error.hint)
            reason = "configuration" if isinstance(error, ConfigError) else None
            return {"ok": False, "reason": reason, **self._reload_error}
        finally:
            self._notifier.send("READY=1")
        reach("reload.before_apply")
        changed = self.fleet.reload(config)
        reach("reload.after_apply")
        self._config = config
        self._companions.apply(config)
        self._reload_error = None
        self._needs_restart = changed["needs_restart"]
        logs.logger().info("config.reloaded", **changed)
        if self._needs_restart:
            logs.logger().warning(
                "config.needs_restart",
                keys=self._needs_restart,
                hint="these changes take effect when the daemon is restarted",
            )
        return {"ok": True, **changed}


def status_document(fleet: Fleet, started_at: float) -> dict[str, Any]:
    """Give what `status --json` shows; `started_at` is seconds since the epoch."""
    started = datetime.fromtimestamp(started_at, UTC).isoformat(timespec="seconds")
    return {
        "version": __version__,
        "started_at": started.replace("+00:00", "Z"),
        "sites": fleet.snapshots(),
    }
