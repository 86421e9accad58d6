"""A clock that leaps makes no file old: while it was not watched, or since it leapt."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from s3syncd.core.entry import Outcome, Result, Settle
from s3syncd.local import files
from s3syncd.local.held import HeldRoot
from s3syncd.transfer import TransferSettings
from s3syncd.transfer.ports import Ports
from tests.transfer.world import MIB, World

LEAPT = Settle(is_closed=False, leapt_seconds_ago=1.0)
BEGUN = Settle(is_closed=False, watched_seconds=1.0)


def carried_out(world: World, settle: Settle, lease: bool | None) -> Outcome:
    """Upload a file that seems an hour old, where the system says this of its writer."""
    world.write("a", b"half of it")
    world.ahead_seconds = 3600.0
    asked: Any = SimpleNamespace(**{name: getattr(files, name) for name in files.__all__})
    asked.try_read_lease = lambda _fd: lease
    settings = TransferSettings(world.policy, multipart_threshold_bytes=MIB)
    world.transfer = world.make(settings, ports=Ports(HeldRoot(world.root), asked))
    return world.carry_out(world.upload("a"), settle=settle)


@pytest.mark.parametrize(
    ("settle", "lease"), [(LEAPT, False), (LEAPT, None), (BEGUN, False)],
    ids=["leapt, has a writer", "leapt, may have one", "begun, has a writer"],
)  # fmt: skip
def test_a_file_in_its_writers_hands_is_no_older_than_the_clock_is_known(
    world: World, settle: Settle, lease: bool | None
) -> None:
    outcome = carried_out(world, settle, lease)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert outcome.due_in_seconds == pytest.approx(4.0)
    assert not world.bucket.requests


@pytest.mark.parametrize(
    ("settle", "lease"),
    [
        (LEAPT, True),
        (BEGUN, True),
        (BEGUN, None),
        (Settle(is_closed=False, watched_seconds=5.0, leapt_seconds_ago=5.0), False),
    ],
    ids=["leapt, has none", "begun, has none", "begun, may have one", "long ago"],
)
def test_else_it_is_sent(world: World, settle: Settle, lease: bool | None) -> None:
    assert carried_out(world, settle, lease).result is Result.DONE
