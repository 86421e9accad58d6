"""A root that is missing, replaced or doubted is believed in nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """30 files in sync."""
    return world.filled(30)


def _swap(world: World, *, copied: int = 0) -> Path:
    """Put another directory in the root's place, with copies of the first files of the old one."""
    old = world.root.with_name("old")
    world.root.rename(old)
    world.root.mkdir()
    for path in sorted(old.iterdir())[:copied]:
        before = path.stat()
        (world.root / path.name).write_bytes(path.read_bytes())
        os.utime(world.root / path.name, ns=(before.st_atime_ns, before.st_mtime_ns))
    return old


def test_a_missing_root_stops_everything_and_ends_by_itself(settled: World) -> None:
    away = settled.root.with_name("away")
    settled.root.rename(away)
    settled.hints.lose_root("moved")
    settled.run(30)
    assert (settled.status["state"], settled.status["reason"]) == ("unavailable", "root_missing")
    assert not settled.status["in_sync"]
    assert settled.store.effects() == []
    away.rename(settled.root)
    settled.write("new")
    settled.settle()
    assert settled.objects == settled.files
    assert settled.deleted() == []


def test_a_missing_root_is_noticed_without_a_word_and_looked_for_every_5_s(settled: World) -> None:
    away = settled.root.with_name("away")
    settled.root.rename(away)
    settled.run(6)
    assert settled.status["reason"] == "root_missing"
    away.rename(settled.root)
    settled.run(6)
    assert settled.status["reason"] is None


def test_deletions_seen_just_before_the_root_went_are_not_believed(
    make_world: Callable[..., World],
) -> None:
    world = make_world(delete_grace_seconds=20)
    world.fill(30)
    world.settle()
    world.remove("f000", hint=True)
    world.run(1)
    away = world.root.with_name("away")
    world.root.rename(away)
    world.run(60)
    away.rename(world.root)
    while world.status["reason"] is not None:
        world.run(0.1)
    world.run(15)
    assert world.deleted() == [], "two looks of this root, a grace apart"
    world.run(20)
    assert world.deleted() == ["f000"]


def test_looks_that_find_no_root_leave_the_paths_dirty(settled: World) -> None:
    settled.remove("f000", hint=True)
    settled.scanner.are_looks_held = True
    settled.run(1)
    away = settled.root.with_name("away")
    settled.root.rename(away)
    settled.scanner.are_looks_held = False
    settled.run(0.5)
    away.rename(settled.root)
    settled.settle()
    assert settled.objects == settled.files


def test_a_replaced_root_halts_the_site(settled: World) -> None:
    _swap(settled, copied=20)
    settled.write("alien")
    settled.run(60)
    assert (settled.status["state"], settled.status["reason"]) == ("halted", "root_replaced")
    assert settled.store.effects() == []
    assert not settled.status["in_sync"]


def test_the_old_root_ends_the_halt(settled: World) -> None:
    old = _swap(settled)
    settled.run(60)
    assert settled.status["state"] == "halted"
    settled.root.rmdir()
    old.rename(settled.root)
    settled.settle()
    assert settled.store.effects() == []


def test_a_replaced_root_can_be_approved_and_its_deletions_are_held_apart(settled: World) -> None:
    _swap(settled, copied=3)
    settled.run(60)
    answer = settled.command("approve")
    assert answer["root"]
    settled.run(60)
    assert settled.deleted() == []
    assert settled.status["reason"] == "mass_delete"
    settled.command("approve")
    settled.settle()
    assert settled.objects == settled.files


def test_nine_of_ten_files_make_a_root_the_same(settled: World) -> None:
    _swap(settled, copied=27)
    settled.run(10)
    settled.settle()
    assert settled.objects == settled.files
    assert len(settled.objects) == 27


def test_fewer_than_nine_of_ten_do_not(settled: World) -> None:
    _swap(settled, copied=26)
    settled.run(60)
    assert settled.status["state"] == "halted"


def test_a_root_replaced_while_the_daemon_was_down_is_noticed(settled: World) -> None:
    settled.kill()
    _swap(settled)
    settled.start()
    settled.run(60)
    assert settled.status["state"] == "halted"
    assert settled.deleted() == []


def test_with_root_check_off_any_directory_will_do(make_world: Callable[..., World]) -> None:
    world = make_world(root_check="off")
    world.fill(30)
    world.settle()
    _swap(world, copied=20)
    world.run(10)
    world.settle()
    assert world.objects == world.files


def test_a_file_system_that_hangs_costs_no_cpu(settled: World) -> None:
    settled.scanner.is_hung = True
    settled.waits.clear()
    settled.run(60)
    assert len(settled.waits) < 60
    settled.scanner.is_hung = False
    settled.settle()


def test_another_root_is_not_taken_where_all_that_is_known_is_under_way(world: World) -> None:
    world.settle()
    world.lane.is_held = True
    world.write("a", "the only file there ever was", hint=True)
    world.run(1)
    world.lane.is_held = False
    while not world.store.count("put"):
        assert world.lane.step()
    world.kill()  # what was put is not recorded
    _swap(world)
    world.start()
    world.run(60)
    assert (world.status["state"], world.status["reason"]) == ("halted", "root_replaced")
    assert world.objects == {"a": b"the only file there ever was"}
    assert world.deleted() == []


def test_another_root_is_not_taken_while_the_first_comparison_is_under_way(world: World) -> None:
    """It tells of the root that there was: what it adopts would be missing in the other one."""
    world.store.store("p/a", b"content")
    world.write("a", "content")
    world.checksum_lane.is_held = True
    world.run(3)
    old = _swap(world)
    world.run(10)
    assert (world.status["state"], world.status["reason"]) == ("halted", "root_replaced")
    world.root.rmdir()
    old.rename(world.root)
    world.checksum_lane.is_held = False
    world.settle()
    assert world.store.effects() == []
