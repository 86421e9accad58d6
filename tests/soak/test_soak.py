"""Half a minute of the soak; an hour: `make soak`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak.run import soak

pytestmark = pytest.mark.e2e

_SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
_SEED = int(os.environ.get("SOAK_SEED", "1"))


@pytest.mark.timeout(600)
def test_daemons_people_and_a_nemesis_end_equal_and_nothing_is_lost(tmp_path: Path) -> None:
    report = soak(tmp_path, seconds=_SECONDS, seed=_SEED, tell=print)
    assert report.changes > 50
    assert report.deletions
    assert report.holds
    assert report.lost_ledgers
