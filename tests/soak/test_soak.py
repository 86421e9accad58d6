"""Half a minute of the soak; an hour: `make soak`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak.run import came_late, soak
from tests.strict.faults import Kind
from tests.strict.history import Event, History
from tests.strict.state import Change

_SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
_SEED = int(os.environ.get("SOAK_SEED", "1"))


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_daemons_people_and_a_nemesis_end_equal_and_nothing_is_lost(tmp_path: Path) -> None:
    report = soak(tmp_path, seconds=_SECONDS, seed=_SEED, tell=print)
    assert report.changes > 50
    assert report.deletions
    assert report.holds
    assert report.lost_ledgers


def test_only_what_came_late_a_moment_ago_may_be_unknown() -> None:
    change = (Change(event=1, key="p/a", before=None, after=None),)

    def event(key: str, at: float, fault: str) -> Event:
        return Event(1, at, "", "PutObject", "b", key, changes=change, fault=fault)

    history = History([
        event("p/late", 100.0, Kind.LATE), event("p/old", 30.0, Kind.LATE),
        event("p/sane", 99.0, ""),
        event("p/nothing", 99.0, Kind.LATE)._replace(changes=()),
    ])  # fmt: skip
    assert came_late(history, prefix="p/", now=101.0) == {"late"}
