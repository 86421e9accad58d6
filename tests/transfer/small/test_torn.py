"""A file that changes while it is read is not sent; one that changes later is dirty again."""

from __future__ import annotations

from pathlib import Path

from s3syncd.core.entry import Result
from s3syncd.transfer import TransferSettings
from tests.transfer.world import MIB, World, md5


def test_file_that_grows_while_it_is_read_is_not_sent(world: World) -> None:
    world.write("a", b"half")
    world.while_reading(lambda: world.rewrite("a", b"half and the rest"))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_while_reading")
    assert outcome.due_in_seconds is not None
    assert not world.bucket.requests


def test_rewrite_that_keeps_size_and_mtime_is_noticed_by_its_ctime(world: World) -> None:
    world.write("a", b"aaaa")
    world.while_reading(lambda: world.rewrite("a", b"bbbb", keep_mtime=True))
    assert world.carry_out(world.upload("a")).reason == "changed_while_reading"
    assert not world.bucket.requests


def test_file_replaced_while_it_is_sent_is_stale(world: World) -> None:
    world.write("a", b"old")
    world.write("b", b"new")
    world.bucket.on("put", lambda: (world.root / "b").rename(world.root / "a"))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.effect, outcome.is_stale) == ("put", True)
    assert outcome.row is not None
    assert outcome.row.md5 == md5(b"old")


def test_directory_renamed_while_its_file_is_sent_makes_it_stale(world: World) -> None:
    world.write("d/a", b"x")
    world.bucket.on("put", lambda: (world.root / "d").rename(world.root / "e"))
    outcome = world.carry_out(world.upload("d/a"))
    assert (outcome.result, outcome.is_stale) == (Result.DONE, True)


def test_root_gone_after_the_response_still_records_the_effect(world: World) -> None:
    world.write("a", b"x")
    world.bucket.on("put", lambda: world.root.rename(world.root.with_name("away")))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.effect, outcome.is_stale) == ("put", True)
    assert outcome.row is not None


def test_file_much_larger_than_decided_is_not_read(tmp_path: Path) -> None:
    world = World(tmp_path / "root")
    world.transfer = world.make(TransferSettings(world.policy))
    world.write("a", b"x")
    action = world.upload("a")
    world.write("a", bytes(2 * MIB))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_since_decided")
    assert not world.bucket.requests
