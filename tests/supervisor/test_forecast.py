"""A plan tells of a mass deletion as the daemon would."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3syncd.core.entry import Action, Kind
from s3syncd.core.reconcile import Tally
from s3syncd.ledger import Ledger
from s3syncd.supervisor.forecast import Forecast
from tests.core.entries import local, row


@pytest.mark.parametrize(("size", "reason"), [(10, None), (11, "mass_delete")])
def test_only_a_file_of_the_same_inode_and_size_is_the_deleted_one_renamed(
    tmp_path: Path, size: int, reason: str | None
) -> None:
    """File systems give the inode of a deleted file to the next one."""
    ledger = Ledger.open(tmp_path / "ledger.sqlite", identity="i")
    forecast = Forecast(ledger, max_delete=0)
    known = row("old", size=10)
    ledger.record(known)
    forecast.note(Action(Kind.DELETE_REMOTE, "old", None, known, None, 13, "retired"))
    there = local("new", size=size)._replace(inode=known.inode)
    forecast.note(Action(Kind.UPLOAD, "new", there, None, None, 2, "new"))
    tally = Tally()
    tally.local_files = 1
    assert forecast.reason(tally, wall=1_000.0) == reason
    ledger.close()
