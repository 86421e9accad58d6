"""Some power cuts, and one that must be noticed; tests/faults/power.py makes hundreds."""

from __future__ import annotations

import shutil

import pytest

from tests.faults.disk import why_no_disk
from tests.faults.nursery import nursery
from tests.faults.power import CONTROL, run_cuts

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(bool(why_no_disk()), reason=why_no_disk() or "-"),
]


def test_power_cuts_lose_no_commit() -> None:
    with nursery() as born:
        lost, _ = run_cuts(born, 3, 7)
    assert lost == 0


@pytest.mark.skipif(shutil.which("eatmydata") is None, reason="eatmydata is not installed")
def test_without_fsync_a_power_cut_is_noticed() -> None:
    with nursery(wrapper=CONTROL) as born:
        lost, _ = run_cuts(born, 15, 7, is_control=True, is_enough=True)
    assert lost
