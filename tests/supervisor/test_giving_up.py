"""When `sync` says that nothing more will come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.site import Progress
from s3syncd.supervisor.once import Watch, is_all_over


def status(**changes: Any) -> dict[str, Any]:
    return {
        "state": "idle", "in_sync": False, "reason": None, "held_deletions": 0, "problems": [],
        "pending": {"actions": 0, "failed": 0}, "last_reconcile_at": "2026-11-21T06:00:00Z",
    } | changes  # fmt: skip


def progress(done: int = 0, scanned: int = 0) -> Progress:
    return Progress("s", done, 0, 0, 0, scanned, is_scanning=True)


def over_at(told: Callable[[float], dict[str, Any]], until_seconds: float, **made: Any) -> float:
    """Give after how many seconds a watch says that it is over; infinity for never."""
    watch = Watch(0.0)
    for tick in range(int(until_seconds * 10)):
        now = tick / 10
        if watch.is_over(told(now), made.get("progress", lambda _: progress())(now), 0, now):
            return now
    return float("inf")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (status(in_sync=True, state="scanning"), 0.0),
        (status(state="halted"), 0.0),
        (status(state="paused", last_reconcile_at=None), 0.0),
        (status(state="unavailable", reason="root_missing", last_reconcile_at=None), 0.0),
        (status(held_deletions=3), 0.0),
        (status(problems=[{"path": "a", "reason": "drift"}]), 0.0),
        (status(held_deletions=3, pending={"actions": 1, "failed": 0}), 90.0),
        (status(), 5.0),
        (status(pending={"actions": 1, "failed": 0}), 90.0),
        (status(state="scanning", last_reconcile_at=None), 90.0),
        (status(state="syncing", pending={"actions": 1, "failed": 0}), float("inf")),
        (status(pending={"actions": 2, "failed": 2}), 5.0),
        (status(state="syncing", pending={"actions": 2, "failed": 2}), 90.0),
    ],
)
def test_a_site_is_over_when_nothing_more_will_come(told: dict[str, Any], seconds: float) -> None:
    assert over_at(lambda _: told, 300) == seconds


def test_a_scan_that_goes_on_is_waited_for() -> None:
    told = status(state="scanning", last_reconcile_at=None)
    counted = over_at(lambda _: told, 300, progress=lambda now: progress(scanned=int(now)))
    assert counted == float("inf")


def test_a_scan_that_begins_again_and_again_is_not() -> None:
    told = status(state="scanning", last_reconcile_at=None)
    again = over_at(lambda _: told, 300, progress=lambda now: progress(scanned=int(now) % 7))
    assert again < 100


def test_failures_in_a_row_end_the_wait() -> None:
    told = status(state="unavailable", reason="bucket_unavailable", last_reconcile_at=None)
    assert not Watch(0.0).is_over(told, None, 2, 1.0)
    assert Watch(0.0).is_over(told, None, 3, 1.0)


class Lot:
    """Sites as a fleet shows them: one begins late, and stands still."""

    def __init__(self) -> None:
        self.late = True

    def attempts(self) -> dict[str, int]:
        return {"early": 0, "late": 0}

    def waiting(self) -> frozenset[str]:
        return frozenset({"late"} if self.late else ())

    def snapshots(self) -> list[dict[str, Any]]:
        late = status(state="starting", last_reconcile_at=None)
        return [{**status(in_sync=True), "name": "early"}, {**late, "name": "late"}]


def test_a_site_whose_turn_has_not_come_is_not_taken_for_one_that_stands_still() -> None:
    lot, watches = Lot(), dict[str, Watch]()
    for now in range(0, 1000, 10):
        assert not is_all_over(lot, watches, {}, float(now))
    lot.late = False
    for now in range(1000, 1090, 10):
        assert not is_all_over(lot, watches, {}, float(now))
    assert is_all_over(lot, watches, {}, 1091.0)
