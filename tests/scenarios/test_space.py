"""A state directory that is nearly full: said before the ledger meets the end of the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3syncd.core.safety import least_room
from s3syncd.local.room import DiskRoom, room_at
from tests.scenarios.world import World

_MIB = 1024 * 1024
_DISK_BYTES = 10_000 * _MIB


def _free(mebibytes: int) -> DiskRoom:
    return DiskRoom(mebibytes * _MIB, _DISK_BYTES)


@pytest.fixture
def settled(world: World) -> World:
    """Eight files in sync, on a disk with room."""
    world.room = _free(500)
    return world.filled(8)


def test_nothing_is_begun_while_the_state_directory_is_nearly_full(settled: World) -> None:
    settled.room = _free(31)
    settled.run(6)
    settled.write("f001", "newer", hint=True)
    settled.remove("f002", hint=True)
    settled.run(3_600)
    assert settled.store.effects() == []
    assert settled.ledger.intents() == []


def test_what_is_under_way_ends_and_is_recorded(settled: World) -> None:
    settled.lane.is_held = True
    settled.write("f001", "newer", hint=True)
    settled.run(1)
    settled.room = _free(31)
    settled.run(6)
    settled.lane.is_held = False
    settled.run(6)
    assert settled.puts() == ["f001"]
    row = settled.ledger.baseline("f001")
    assert row is not None
    assert row.size_bytes == len("newer")


def test_the_status_names_it_and_the_remedy(settled: World) -> None:
    settled.room = _free(31)
    settled.run(6)
    status = settled.status
    assert (status["state"], status["reason"]) == ("unavailable", "state_dir_full")
    assert "state_dir" in status["hint"]
    assert "31 MiB" in status["hint"]
    assert not status["in_sync"]
    settled.run(600)
    assert len(settled.log.of("state_dir.full")) == 1


def test_it_goes_on_by_itself_when_there_is_room_enough(settled: World) -> None:
    settled.room = _free(31)
    settled.run(6)
    settled.write("f001", "newer", hint=True)
    settled.room = _free(40)
    settled.run(60)
    assert settled.status["reason"] == "state_dir_full", "that would be used up at once"
    settled.room = _free(70)
    settled.run(10)
    assert settled.status["reason"] is None
    settled.settle()
    assert settled.objects == settled.files
    assert len(settled.log.of("state_dir.has_room")) == 1


def test_a_stop_is_heard_all_the_same(settled: World) -> None:
    settled.room = _free(0)
    settled.run(6)
    settled.stop()
    assert settled.site.is_stopped


def test_a_file_system_that_does_not_tell_stops_nothing(settled: World) -> None:
    settled.room = None
    settled.write("f001", "newer", hint=True)
    settled.settle()
    assert settled.puts() == ["f001"]


def test_small_volumes_may_be_fuller() -> None:
    assert least_room(64 * _MIB) < 4 * _MIB
    assert least_room(_DISK_BYTES) == 32 * _MIB


def test_the_room_of_a_real_directory_is_told(tmp_path: Path) -> None:
    seen = room_at(tmp_path)
    assert seen is not None
    assert 0 < seen.free_bytes <= seen.total_bytes
    assert room_at(tmp_path / "missing") is None
