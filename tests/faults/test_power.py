"""Two power cuts, and two that must be noticed; `python -m tests.faults.power` makes hundreds."""

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


def test_a_power_cut_loses_no_commit_and_leaves_no_baseline_ahead() -> None:
    with nursery() as born:
        lost, _ = run_cuts(born, 2, 7)
    assert lost == 0


@pytest.mark.skipif(shutil.which("eatmydata") is None, reason="eatmydata is not installed")
def test_without_fsync_a_power_cut_is_noticed() -> None:
    with nursery(wrapper=CONTROL) as born:
        lost, _ = run_cuts(born, 4, 7, is_control=True)
    assert lost
