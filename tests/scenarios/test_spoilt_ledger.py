"""A ledger that is not what was written: it is begun anew, and costs no object.

LEDGER_SEEDS=100:500 spoils other bytes.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from s3syncd.errors import LedgerError
from tests.scenarios.world import World

_FROM, _TO = (int(each) for each in os.environ.get("LEDGER_SEEDS", "0:6").split(":"))


def _spoil(path: Path, chance: Random) -> None:
    """Turn bits over, or lose a page or a sector, as disks do."""
    content = bytearray(path.read_bytes())
    bits, lost = chance.choice(((1, 0), (8, 0), (0, 4096), (0, 512)))
    for _ in range(bits):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    if lost:
        at = chance.randrange(len(content) // lost) * lost
        content[at : at + lost] = bytes(lost) if lost == 4096 else chance.randbytes(lost)
    path.write_bytes(content)


def _settle(world: World) -> None:
    """As `World.settle`; a damaged ledger is begun anew as a thread would, a root approved."""
    for _ in range(3):
        try:
            world.run(30)
        except LedgerError:
            assert world.ledger.is_damaged
            world.ledger.begin_anew()
            world.restart()
        if world.status["reason"] == "root_replaced":  # the bits were those that tell it
            world.command("approve")
    world.settle()


@pytest.mark.parametrize("seed", range(_FROM, _TO))
def test_whatever_is_spoilt_no_object_is_lost(world: World, seed: int) -> None:
    chance = Random(seed)
    world.fill(12)
    world.settle()
    world.kill()
    with closing(sqlite3.connect(world._ledger_path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _spoil(world._ledger_path, chance)
    world.write("f004", "edited")
    gone = {"f003"} if chance.random() < 0.5 else set()
    for path in gone:
        world.remove(path)
    world.start()
    _settle(world)
    assert set(world.deleted()) <= gone
    objects = world.objects
    for path in gone:
        objects.pop(path, None)  # nobody may know any more whose it was
    assert objects == world.files


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


def test_a_root_that_no_number_tells_is_damage(world: World) -> None:
    world.fill(3)
    world.settle()
    world.ledger.set_meta("root_identity", "10257;47")
    world.ledger.commit()
    world.restart()
    with pytest.raises(LedgerError, match="root_identity"):
        world.run(5)
    assert world.ledger.is_damaged
