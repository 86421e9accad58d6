"""SIGKILL at some system calls; `python -m tests.faults.syscalls` tries them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.nursery import nursery
from tests.faults.syscalls import SCENARIOS, Point, count_calls, die_at, why_not
from tests.faults.ward import opened_ward

pytestmark = pytest.mark.e2e

# Where a ledger is opened, where its WAL is written and synced, where a request is on its way.
_KINDS = ("pwrite64", "fdatasync", "sendto")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("scenario", ["small", "delete", "recovery"])
def test_a_death_at_any_system_call_is_made_good_by_the_next_run(
    tmp_path: Path, scenario: str
) -> None:
    if reason := why_not():
        pytest.skip(reason)
    assert scenario in SCENARIOS
    with nursery() as born, opened_ward(born, tmp_path, upload_workers=1) as ward:
        ward.author.write("stays", 5000)
        assert ward.daemon.launch(["sync"]).wait() == 0
        most = count_calls(ward, scenario)
        died = [die_at(ward, scenario, Point(kind, (most[kind] + 1) // 2)) for kind in _KINDS]
        assert any(died)
        ward.restart()
        ward.end()
