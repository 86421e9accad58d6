"""A ledger whose rows lost their order: the pass that meets it says so, and it is begun anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from s3syncd.errors import LedgerError
from tests.scenarios.world import World


def test_rows_out_of_order_are_damage_and_not_a_void_pass_for_ever(world: World) -> None:
    world.fill(12)
    world.settle()
    world.kill()
    path = world._ledger_path
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    assert b"f008" in content
    path.write_bytes(content.replace(b"f008", b"F008"))  # what a quick check does not see
    world.start()
    assert world.ledger.count()[0] == 12
    with pytest.raises(LedgerError, match="order"):
        world.run(30)
    assert world.ledger.is_damaged
    world.ledger.begin_anew()
    world.command("rescan", remote=True)
    world.settle()
    assert world.objects == world.files
    assert world.deleted() == []


def test_a_stream_out_of_order_is_no_damage_where_the_ledger_is_sound(world: World) -> None:
    world.fill(3)
    world.settle()
    world.ledger.check()
    assert not world.ledger.is_damaged
    assert world.ledger.count()[0] == 3
