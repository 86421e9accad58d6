"""What runs beside the sites, as the configuration wants it: see `rereading` and `notify`.

Each in a thread of its own, which nothing waits for. Changed by the main thread; the status may be
asked for by any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol

from s3syncd import logs
from s3syncd.config.models import Config
from s3syncd.core.advice import Advice
from s3syncd.core.health import Check
from s3syncd.core.logline import Redaction
from s3syncd.core.notices import Notice, Notices
from s3syncd.supervisor.rereading import FileWatch
from s3syncd.supervisor.rounds import Rounds
from s3syncd.supervisor.view import DaemonView

__all__ = ["Companions"]


# In the place of a site, for what concerns them all.
_DAEMON: Final[Mapping[str, Any]] = {
    "name": "the daemon", "state": "idle", "reason": None, "hint": None, "held_deletions": 0,
    "held_list": None, "problems": (),
}  # fmt: skip


class _Sender(Protocol):
    @property
    def state(self) -> dict[str, Any]:
        """How it is, for the status."""

    def turn(self, now: float) -> float:
        """Do what is due; give after how many seconds to call again."""

    def expire(self, now: float) -> None:
        """Cut what takes too long."""


class _Running(NamedTuple):
    wanted: tuple[object, ...]
    rounds: Rounds
    sender: _Sender | None


class Companions:
    """The threads beside the sites.

    Args:
        view: what the daemon shows: whether it is healthy, and why not.
        on_change: called, in another thread, when the file of the configuration was changed.
        refused: says what is wrong with that file; empty: nothing. Called by other threads.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        view: DaemonView,
        *,
        on_change: Callable[[], None],
        refused: Callable[[], str] = lambda: "",
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._view = view
        self._on_change = on_change
        self._refused = refused
        self._wall = wall
        self._running: dict[str, _Running] = {}

    def apply(self, config: Config) -> None:
        """Start, exchange and stop what the configuration wants otherwise than it is."""
        wanted: dict[str, tuple[object, ...]] = {}
        if config.reload_on_change:
            wanted["config"] = (config.path,)
        if config.heartbeat_url is not None:
            wanted["heartbeat"] = (config.heartbeat_url, config.heartbeat_interval_seconds)
        if config.notify_webhook is not None:
            wanted["notify"] = (
                config.notify_webhook, config.notify_kinds, config.notify_after_seconds,
                config.notify_interval_seconds, config.secret_values(),
            )  # fmt: skip
        running = dict(self._running)
        for name, one in self._running.items():
            if wanted.get(name) != one.wanted:
                one.rounds.stop()
                del running[name]
        for name, how in wanted.items():
            if name not in running:
                sender, turn = self._made(name, config)
                running[name] = _Running(how, Rounds(name, turn), sender)
                running[name].rounds.start()
        self._running = running

    def tick(self, now: float) -> None:
        """Cut requests that take too long; to be called about once a second."""
        for one in self._running.values():
            if one.sender is not None:
                one.sender.expire(now)

    def stop(self, timeout_seconds: float = 0.0) -> None:
        """Let them end; wait no longer than so many seconds for each."""
        for one in self._running.values():
            one.rounds.stop()
        for one in self._running.values():
            one.rounds.join(timeout_seconds)
        self._running = {}

    def told(self) -> dict[str, dict[str, Any]]:
        """Give what the status says of those that send something. Thread-safe."""
        return {
            name: _shown(one.sender.state)
            for name, one in self._running.items()
            if one.sender is not None
        }

    def _made(self, name: str, config: Config) -> tuple[_Sender | None, Callable[[float], float]]:
        if name == "config":
            return None, FileWatch(config.path, self._on_change).turn
        sender = self._heartbeat(config) if name == "heartbeat" else self._webhook(config)
        return sender, sender.turn

    def _heartbeat(self, config: Config) -> _Sender:
        # Only who sends something pays for the modules of HTTP and TLS.
        from s3syncd.notify.heartbeat import Heartbeat  # noqa: PLC0415
        from s3syncd.notify.outlet import Outlet  # noqa: PLC0415

        return Heartbeat(
            Outlet(_plain(config.heartbeat_url)),
            config.heartbeat_interval_seconds,
            is_well=self._is_well,
            log=logs.logger(),
        )

    def _webhook(self, config: Config) -> _Sender:
        from s3syncd.notify.outlet import Outlet  # noqa: PLC0415
        from s3syncd.notify.webhook import Webhook  # noqa: PLC0415

        notices = Notices(
            kinds=config.notify_kinds,
            after_seconds=config.notify_after_seconds,
            interval_seconds=config.notify_interval_seconds,
            advice=Advice.with_file(config.path),
        )

        def look(now: float) -> Iterable[Notice]:
            checked = [*self._view.checked(), *self._checked_file()]
            return notices.look(checked, now=now, wall=self._wall())

        return Webhook(
            Outlet(_plain(config.notify_webhook)),
            look,
            log=logs.logger(),
            redaction=Redaction(config.secret_values()),
        )

    def _checked_file(self) -> Iterable[tuple[Mapping[str, Any], list[Check]]]:
        """Check the file: the next start would fail by it, and nobody may have seen the refusal.

        A good one is given, too: of what is not there nothing could be told to be well again.
        """
        error = self._refused()
        said = f"`s3syncd status` says why, and the next start would fail by it: {error}"
        yield _DAEMON, [Check(_DAEMON["name"], "config_refused", said)] if error else []

    def _is_well(self) -> bool:
        """Whether every site progresses, and every loop turns: the main one must, too."""
        return self._view.live().is_good and self._view.health().is_good


def _plain(secret: Any) -> str:
    return str(secret.get_secret_value())


def _shown(state: dict[str, Any]) -> dict[str, Any]:
    last = state["last_sent_wall"]
    rest = {key: value for key, value in state.items() if key != "last_sent_wall"}
    if last is None:
        return {"last_sent_at": None, **rest}
    text = datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds")
    return {"last_sent_at": text.replace("+00:00", "Z"), **rest}
