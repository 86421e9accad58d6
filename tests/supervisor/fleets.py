"""What tests do to a fleet of fakes: look at a site, crash it, hang it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s3syncd.config.models import Config
from s3syncd.supervisor.fleet import Fleet
from tests.clock import Clock
from tests.supervisor.fakes import FakeShop
from tests.waiting import until

__all__ = ["NewFleet", "crash", "hang", "let_stick", "status"]

NewFleet = Callable[[Config], Fleet]


def status(fleet: Fleet, name: str) -> dict[str, Any]:
    return next(each for each in fleet.snapshots() if each["name"] == name)


def crash(fleet: Fleet, shop: FakeShop, name: str, error: BaseException | None = None) -> None:
    """End the site's thread by an exception, and wait for it."""
    shop.last(name).crash = error or RuntimeError("crashed")
    until(lambda: status(fleet, name)["state"] == "unavailable")
    until(lambda: shop.last(name).is_closed)
    until(lambda: not fleet._lives[name].is_alive)


def hang(fleet: Fleet, shop: FakeShop, name: str) -> None:
    """Let the site not come back from its next message, and wait until it has it.

    Before, its thread may be about to say that it has turned.
    """
    site = shop.last(name)
    site.hung.clear()
    fleet._lives[name]._desk.inbox.put(object())
    until(lambda: site.is_hanging)


def let_stick(fleet: Fleet, shop: FakeShop, clock: Clock, name: str) -> None:
    """Let the site hang for so long that it counts as stuck, alone."""
    hang(fleet, shop, name)
    clock.now += 31
    until(lambda: fleet.stuck() == [name])
