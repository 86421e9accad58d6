"""What stands around the parts of a site: they take everything, and do nothing."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from s3syncd.core.entry import Action, Settle
from s3syncd.ledger import Intent
from tests.model.image import timed
from tests.model.values import PATH, Job

__all__ = ["Jobs", "Lane", "Log", "Scanner", "Schedule"]


class Log:
    def debug(self, _event: str, **_facts: object) -> None:
        """Nobody reads it."""

    info = warning = error = debug


class Lane:
    """Takes every call; what is to be done is told by the transfer's place-holder."""

    in_flight = 0

    def __init__(self) -> None:
        self.offered: list[Job] = []

    def offer(self, make_call: Any, *, size_bytes: int, done: Any) -> bool:
        self.offered.append(make_call())
        return size_bytes >= 0


class Jobs:
    """Stands for the transfer: tells the job instead of doing it."""

    def call_for(self, action: Action, *, settle: Settle, intent: Intent | None = None) -> Job:
        return Job(action, intent)

    def recover_for(self, intent: Intent, *, baseline: Any, older: Sequence[Intent]) -> Job:
        return Job(None, timed(intent), baseline, tuple(timed(each) for each in older))

    def bytes_for(self, _action: Action) -> int:
        return 0


class Scanner:
    def __init__(self) -> None:
        self.looks = 0

    def look(self, paths: list[str]) -> None:
        assert paths == [PATH]
        self.looks += 1


class Schedule:
    """Of a site whose next pass comes when the model says so."""

    timetable = SimpleNamespace(doubt=lambda now: None, want=lambda whole: None)

    def is_scanning(self, _now: float) -> bool:
        return False
