"""Sites that do what a test says, in real threads, and the shop they come from."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.figures import SiteFigures
from s3syncd.core.tally import RequestTally
from s3syncd.core.turns import InForce
from s3syncd.site import Command
from s3syncd.site.messages import Stop
from s3syncd.supervisor.desk import Desk
from s3syncd.supervisor.life import unstarted

__all__ = ["FakeShop", "FakeSite"]

_TURN_SECONDS = 0.01


class _Board:
    def __init__(self, settings: SiteConfig) -> None:
        self.snapshot = {**unstarted(settings), "state": "idle", "in_sync": True,
                         "watcher": "inotify"}  # fmt: skip
        self.progress = None
        self.figures: SiteFigures | None = None
        self.turned_at = 0.0


class _Access:
    attempts = 0


class FakeSite:
    """Attributes:
    crash: raised at the next turn.
    is_draining_slowly: a stop takes until its deadline, or until this is False.
    hung: while cleared, `handle` does not return.
    is_hanging: `handle` was called and does not return.
    commands: names of the commands heard.
    """

    is_busy = False

    def __init__(self, settings: SiteConfig, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.board = _Board(settings)
        self.access = _Access()
        self.crash: BaseException | None = None
        self.is_draining_slowly = False
        self.hung = Event()
        self.hung.set()
        self.is_hanging = False
        self.is_stopped = False
        self.is_closed = False
        self.commands: list[str] = []
        self.stop_deadline: float | None = None
        self._clock = clock

    def begin(self, now: float) -> None:
        self.board.turned_at = now

    def handle(self, message: object, _now: float) -> None:
        self.is_hanging = not self.hung.is_set()
        self.hung.wait(30)
        self.is_hanging = False
        if isinstance(message, Command):
            self.commands.append(message.name)
            message.reply({"ok": True, "site": self.settings.name})
        elif isinstance(message, Stop):
            self.stop_deadline = message.deadline

    def advance(self, now: float) -> float:
        if self.crash is not None:
            raise self.crash
        self.board.turned_at = now
        if self.stop_deadline is not None:
            is_over = self._clock() >= self.stop_deadline
            self.is_stopped = is_over or not self.is_draining_slowly
        return _TURN_SECONDS

    def close(self) -> None:
        self.is_closed = True


class _Equipment:
    def __init__(self) -> None:
        self.in_flight = 0
        self.are_lanes_closed = False
        self.closed_buckets = 0
        self.hurried = 0

    def hurry(self) -> None:
        self.hurried += 1

    def expire(self, now: float) -> None:
        """Nothing is in flight."""

    def close_lanes(self) -> None:
        self.are_lanes_closed = True

    def close_bucket(self, timeout_seconds: float) -> None:
        self.closed_buckets += 1


class FakeShop:
    """Attributes:
    made: every site built so far, in order.
    build_fails: raised instead of building, by site.
    build_waits: the building waits for this, by site.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.made: list[FakeSite] = []
        self.equipment: list[tuple[str, _Equipment]] = []
        self.build_fails: dict[str, BaseException] = {}
        self.build_waits: dict[str, Event] = {}
        self.is_running = False
        self.limited: list[Config] = []
        self._clock = clock

    def start(self) -> None:
        self.is_running = True

    def stop(self, timeout_seconds: float) -> None:
        self.is_running = False

    def limit(self, config: Config) -> None:
        self.limited.append(config)

    def limits(self, site: str) -> InForce:
        settings = [each for config in self.limited for each in config.sites if each.name == site]
        return InForce(None, settings[-1].requests_per_second if settings else None)

    def tally(self, site: str) -> RequestTally:
        return RequestTally()

    def equip(self, settings: SiteConfig, desk: Desk) -> _Equipment:
        equipment = _Equipment()
        self.equipment.append((settings.name, equipment))
        return equipment

    def build(self, settings: SiteConfig, desk: Desk, equipment: _Equipment) -> Any:
        if settings.name in self.build_waits:
            self.build_waits[settings.name].wait(30)
        if settings.name in self.build_fails:
            raise self.build_fails[settings.name]
        site = FakeSite(settings, self._clock)
        self.made.append(site)
        return site

    def last(self, name: str) -> FakeSite:
        return [site for site in self.made if site.settings.name == name][-1]

    def built(self, name: str) -> int:
        return sum(site.settings.name == name for site in self.made)
