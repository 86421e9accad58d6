"""What stands in for parts of a site that a scenario does not need real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3syncd.core.entry import Action, Outcome, Settle
from s3syncd.pool import Call
from s3syncd.transfer import Transfer

if TYPE_CHECKING:
    from tests.scenarios.world import World

__all__ = ["Lines", "OpenGate", "QuietWatcher", "Scripted"]


class Lines:
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, **facts: object) -> None:
        self.lines.append((event, facts))

    info = warning = error = debug

    def of(self, event: str) -> list[dict[str, object]]:
        return [facts for name, facts in self.lines if name == event]


class QuietWatcher:
    """Hears nothing: tests give hints themselves."""

    kind = "inotify"

    def __init__(self) -> None:
        self.is_started = False
        self.unwatched_sample: tuple[str, ...] = ()
        self.overflows = 0
        self.unwatched = 0
        self.proved_at: float | None = None

    def start(self) -> None:
        self.is_started = True

    def stop(self, _timeout: float) -> bool:
        return True

    def beat(self, _now: float) -> bool:
        return True

    def status(self) -> QuietWatcher:
        return self


class OpenGate:
    """Lets passes in, unless a test shuts it."""

    def __init__(self) -> None:
        self.is_open = True

    def try_enter(self, _name: str) -> bool:
        return self.is_open

    def leave(self, _name: str) -> None:
        """Nobody else waits."""


class Scripted:
    """The real transfer, but for the paths whose outcomes the test has written down."""

    def __init__(self, real: Transfer, world: World) -> None:
        self._real = real
        self._world = world
        self.accept_root = real.accept_root
        self.trust_conditions = real.trust_conditions
        self.probe_for = real.probe_for
        self.bytes_for = real.bytes_for
        self.recover_for = real.recover_for
        self.confirm_for = real.confirm_for
        self.rest = real.rest
        self.scrub_for = real.scrub_for
        self.reading_of = real.reading_of

    def call_for(self, action: Action, *, settle: Settle, intent: Any = None) -> Call:
        self._world.settles.append((action.path, settle))
        self._world.carried.append(action)
        script = self._world.scripts.get(action.path)
        if script:
            return _answer(script.pop(0)(action))
        return self._real.call_for(action, settle=settle, intent=intent)


def _answer(outcome: Outcome) -> Call:
    yield from ()
    return outcome
