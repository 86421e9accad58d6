"""Nothing is sent of what is no file of the accepted root, and an error is never an absence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from s3syncd.core.entry import Result
from s3syncd.core.safety import RootIdentity
from s3syncd.local.identity import identity_of
from tests.descriptors import held_below
from tests.transfer.world import World


def test_absent_file_is_superseded(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    (world.root / "a").unlink()
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.local_state) == (Result.SUPERSEDED, "absent")


@pytest.mark.parametrize("place", ["d/a", "d"])
def test_no_link_is_followed(world: World, tmp_path: Path, place: str) -> None:
    world.write("d/a", b"inside")
    action = world.upload("d/a")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(b"secret")
    (world.root / "d" / "a").unlink()
    if place == "d":
        (world.root / "d").rmdir()
        (world.root / "d").symlink_to(outside)
    else:
        (world.root / "d" / "a").symlink_to(outside / "a")
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.local_state) == (Result.SUPERSEDED, "special")
    assert not world.bucket.requests


def test_fifo_in_the_place_of_a_file_hangs_nobody(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    (world.root / "a").unlink()
    os.mkfifo(world.root / "a")
    assert world.carry_out(action).local_state == "special"


def test_missing_root_is_the_roots_trouble(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    world.root.rename(world.root.with_name("away"))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.scope) == (Result.RETRYABLE, "root")
    assert outcome.reason == "root_missing"


def test_root_behind_a_link_is_missing(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    away = world.root.with_name("away")
    world.root.rename(away)
    world.root.symlink_to(away)
    assert world.carry_out(action).reason == "root_missing"


def test_another_directory_in_the_roots_place_sends_nothing(world: World) -> None:
    world.write("a", b"mine")
    fd = os.open(world.root, os.O_RDONLY)
    world.transfer.accept_root(identity_of(fd))
    os.close(fd)
    action = world.upload("a")
    assert world.carry_out(action).effect == "put"
    world.root.rename(world.root.with_name("away"))
    world.root.mkdir()
    world.write("a", b"another disk's")
    outcome = world.carry_out(action)
    assert (outcome.reason, outcome.scope) == ("root_replaced", "root")
    assert world.bucket.objects["p/a"].body == b"mine"


def test_any_root_will_do_again_after_the_check_is_taken_back(world: World) -> None:
    world.write("a", b"x")
    world.transfer.accept_root(RootIdentity(1, 1))
    assert world.carry_out(world.upload("a")).reason == "root_replaced"
    world.transfer.accept_root(None)
    assert world.carry_out(world.upload("a")).effect == "put"


@pytest.mark.parametrize(
    ("number", "result", "reason"),
    [
        (errno.EACCES, Result.REFUSED, "unreadable"),
        (errno.EMFILE, Result.RETRYABLE, "too_many_open_files"),
        (errno.EIO, Result.RETRYABLE, "io_error"),
    ],
)
def test_error_of_the_system_is_never_an_absence(
    world: World, number: int, result: Result, reason: str
) -> None:
    world.write("a", b"x")

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    world.while_reading(fail)
    before = held_below(Path("/"))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.reason, outcome.local_state) == (result, reason, "unknown")
    assert held_below(Path("/")) == before
