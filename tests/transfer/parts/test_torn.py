"""A file that changes while its parts go is not published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.entry import Result, Settle
from tests.transfer.parts.content import CONTENT, PART
from tests.transfer.world import CLOSED, MIB, World


def rewrite_last_byte(world: World) -> None:
    with (world.root / "d/big").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"!")


def grow(world: World) -> None:
    with (world.root / "d/big").open("ab") as file:
        file.write(b"more")


def shrink(world: World) -> None:
    with (world.root / "d/big").open("r+b") as file:
        file.truncate(3 * MIB)


def move_directory(world: World) -> None:
    """The file itself stays as it is: only the path no longer leads to it."""
    (world.root / "d").rename(world.root / "e")


def replace_directory(world: World) -> None:
    move_directory(world)
    world.write("d/big", CONTENT)


@pytest.mark.parametrize(
    "act", [rewrite_last_byte, grow, shrink, move_directory, replace_directory]
)
def test_file_changed_while_its_parts_go_is_not_published(
    world: World, act: Callable[[World], None]
) -> None:
    good = world.bucket.store("p/d/big", b"good copy")
    world.bucket.on("upload_part", lambda: act(world))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_while_reading")
    assert world.bucket.objects["p/d/big"] is good
    assert world.bucket.count("complete") == 0
    assert not world.bucket.uploads


def test_change_is_noticed_before_all_parts_are_sent(tmp_path: Path) -> None:
    world = World(tmp_path / "root")
    world.write("big", bytes(20 * PART))
    world.bucket.on("upload_part", lambda: world.touch("big"))
    world.carry_out(world.upload("big"))
    assert world.bucket.count("upload_part") < 12


def test_file_with_a_writer_is_not_begun(world: World) -> None:
    world.ahead_seconds = 1.0
    with (world.root / "d/big").open("ab"):
        outcome = world.carry_out(world.upload("d/big"), settle=Settle())
    assert outcome.reason == "not_quiet"
    assert not world.bucket.requests


def test_writer_that_came_while_the_parts_went_prevents_publication(world: World) -> None:
    world.ahead_seconds = 1.0
    opened: list[Any] = []
    world.bucket.on("upload_part", lambda: opened.append((world.root / "d/big").open("ab")))
    outcome = world.carry_out(world.upload("d/big"), settle=Settle())
    for file in opened:
        file.close()
    if outcome.reason == "not_quiet" and not opened:
        pytest.skip("no leases on this filesystem")
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert not world.bucket.uploads
    assert world.bucket.count("complete") == 0


def test_growing_file_past_its_deadline_is_published_up_to_its_first_size(world: World) -> None:
    world.bucket.on("upload_part", lambda: grow(world))
    outcome = world.carry_out(
        world.upload("d/big"), settle=replace(CLOSED, is_past_deadline=True, is_growing=True)
    )
    assert (outcome.effect, outcome.is_stale) == ("put", True)
    assert world.bucket.objects["p/d/big"].body == CONTENT


def test_file_replaced_while_it_is_published_is_stale(world: World) -> None:
    world.bucket.on("complete", lambda: move_directory(world))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.effect, outcome.is_stale) == ("put", True)
