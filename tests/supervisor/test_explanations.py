"""What a daemon explains to its clients waits for nobody, and is bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from s3syncd.errors import FatalError
from s3syncd.supervisor.explanations import Explanations
from tests.clock import Clock
from tests.waiting import until


class _Rig:
    def __init__(self) -> None:
        self.clock = Clock(1_000.0)
        self.may_end = threading.Event()
        self.explanations = Explanations(self._make, clock=self.clock)

    def _make(self, site: str, path: str) -> dict[str, Any]:
        assert self.may_end.wait(10)
        if path == "outside":
            raise FatalError("outside is no path", hint="write another")
        return {"site": site, "path": path}

    def ask(self, **arguments: str) -> dict[str, Any]:
        return self.explanations.command(arguments)

    def begun(self, path: str = "p") -> str:
        return str(self.ask(site="a", path=path)["id"])


@pytest.fixture
def rig() -> Iterator[_Rig]:
    rig = _Rig()
    yield rig
    rig.may_end.set()


def _end_of(rig: _Rig, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def is_over() -> bool:
        found.update(rig.ask(id=run_id))
        return found.get("is_over", True)

    until(is_over)
    return found


def test_an_explanation_is_fetched_once_when_it_is_there(rig: _Rig) -> None:
    run_id = rig.begun()
    assert rig.ask(id=run_id) == {"ok": True, "is_over": False}
    rig.may_end.set()
    assert _end_of(rig, run_id)["explanation"] == {"site": "a", "path": "p"}
    assert rig.ask(id=run_id)["ok"] is False


def test_what_cannot_be_explained_is_told(rig: _Rig) -> None:
    rig.may_end.set()
    answer = _end_of(rig, rig.begun("outside"))
    assert (answer["ok"], answer["error"]) == (False, "outside is no path")
    assert rig.ask(site="a")["ok"] is False
    assert rig.ask(path="p")["ok"] is False


def test_so_many_at_a_time_until_nobody_asks_any_more(rig: _Rig) -> None:
    first = rig.begun()
    for _ in range(3):
        rig.begun()
    assert rig.ask(site="a", path="p")["ok"] is False
    rig.clock.now += 61
    assert rig.ask(site="a", path="p")["ok"] is True
    assert rig.ask(id=first)["ok"] is False
