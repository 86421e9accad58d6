"""A large file that was only touched is not sent again."""

from __future__ import annotations

from s3syncd.core.entry import Action, Result
from tests.transfer.parts.content import CONTENT
from tests.transfer.parts.test_torn import rewrite_last_byte
from tests.transfer.world import World


def put_before(world: World) -> Action:
    """The file was uploaded in parts and then touched; give what a pass decides."""
    row = world.carry_out(world.upload("d/big")).row
    assert row is not None
    world.touch("d/big")
    world.bucket.requests.clear()
    return world.action("d/big", baseline=row)


def test_touch_of_a_large_file_sends_nothing(world: World) -> None:
    action = put_before(world)
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.effect) == (Result.DONE, "unchanged")
    assert outcome.row is not None
    assert outcome.row[:6] == tuple(world.entry("d/big"))
    assert not world.bucket.requests


def test_touched_file_that_was_put_in_parts_gives_turns_to_others(world: World) -> None:
    row = world.carry_out(world.upload("d/big")).row
    world.lane.sizes.clear()
    world.touch("d/big")
    assert world.carry_out(world.action("d/big", baseline=row)).effect == "unchanged"
    assert world.lane.sizes == [0, 0, 0]


def test_change_of_one_byte_at_equal_size_is_sent(world: World) -> None:
    put_before(world)
    row = world.row("d/big", ctime_ns=0)
    rewrite_last_byte(world)
    outcome = world.carry_out(world.action("d/big", baseline=row))
    assert outcome.effect == "put"
    assert world.bucket.objects["p/d/big"].body == CONTENT[:-1] + b"!"


def test_layout_of_others_is_never_assumed(world: World) -> None:
    """Same count of parts in the ETag says nothing where the ETag itself differs."""
    action = put_before(world)
    assert action.baseline is not None
    other = action.baseline._replace(etag="0" * 32 + "-3")
    outcome = world.carry_out(action._replace(baseline=other, remote=None))
    assert outcome.effect == "put"
