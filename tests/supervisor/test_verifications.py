"""What a daemon verifies for its clients is bounded, and ends when nobody asks any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s3syncd.core.difference import Difference
from s3syncd.errors import UnknownSiteError
from s3syncd.supervisor.verifications import Verifications
from s3syncd.supervisor.verifying import StoppedError
from tests.clock import Clock
from tests.waiting import until


class _Work:
    """A verification that finds as many differences as it is told to."""

    files = bytes = objects = 7
    reason = hint = None

    def __init__(self, count: int, is_given_up: Callable[[], bool]) -> None:
        self.found = 0
        self._count = count
        self._is_given_up = is_given_up

    def differences(self) -> Iterator[Difference]:
        for number in range(self._count):
            if self._is_given_up():
                raise StoppedError
            self.found += 1
            yield Difference(f"f{number}", "missing_in_bucket")


class _Rig:
    def __init__(self, count: int = 2_000) -> None:
        self.clock = Clock(1_000.0)
        self.made: list[_Work] = []
        self.count = count
        self.verifications = Verifications(self._make, clock=self.clock)  # type: ignore[arg-type]

    def _make(self, site: str, is_given_up: Callable[[], bool]) -> _Work:
        if site == "gone":
            raise UnknownSiteError.of(site, ["a"])
        self.made.append(_Work(self.count, is_given_up))
        return self.made[-1]

    def ask(self, **arguments: str) -> dict[str, Any]:
        return self.verifications.command(arguments)


@pytest.fixture
def rig() -> Iterator[_Rig]:
    rig = _Rig()
    yield rig
    rig.verifications.stop(5.0)


def _all(rig: _Rig, run_id: str) -> list[str]:
    paths: list[str] = []

    def is_over() -> bool:
        answer = rig.ask(id=run_id)
        paths.extend(each["path"] for each in answer["differences"])
        return bool(answer["is_over"])

    until(is_over)
    return paths


def test_everything_found_is_fetched_once_in_order(rig: _Rig) -> None:
    begun = rig.ask(site="a")
    assert _all(rig, begun["id"]) == [f"f{number}" for number in range(2_000)]
    assert rig.ask(id=begun["id"])["ok"] is False


def test_what_nobody_fetches_is_not_heaped_up(rig: _Rig) -> None:
    begun = rig.ask(site="a")
    until(lambda: rig.made and rig.made[0].found > 512)
    assert rig.made[0].found == 513
    assert len(rig.ask(id=begun["id"])["differences"]) >= 512


def test_one_that_nobody_asks_about_is_given_up(rig: _Rig) -> None:
    first = rig.ask(site="a")
    until(lambda: rig.made and rig.made[0].found > 512)
    assert rig.ask(site="a")["ok"] is False, "it is being verified"
    rig.clock.now += 61
    assert rig.ask(site="a")["ok"] is True
    assert rig.ask(id=first["id"])["ok"] is False


def test_so_many_at_a_time(rig: _Rig) -> None:
    for name in "abcd":
        assert rig.ask(site=name)["ok"] is True
    assert rig.ask(site="e")["ok"] is False


def test_what_went_wrong_is_told(rig: _Rig) -> None:
    begun = rig.ask(site="gone")
    answer: dict[str, Any] = {}

    def is_told() -> bool:
        answer.update(rig.ask(id=begun["id"]))
        return answer["ok"] is False

    until(is_told)
    assert "gone" in answer["error"]
