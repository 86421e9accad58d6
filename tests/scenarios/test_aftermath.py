"""A power cut empties files: those that are empty after an unclean boot are reported, and sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3syncd.local.boot import boot_id
from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """Eight files in sync."""
    world.fill(8)
    world.settle()
    return world


def _reboot(world: World) -> None:
    """The machine goes down under the daemon and comes up again."""
    world.boot_id = "second"
    world.restart()


def _empty(world: World, path: str, *, hint: bool = False) -> None:
    (world.root / path).write_bytes(b"")
    if hint:
        world.hint(path)


def _reported(world: World) -> list[str]:
    return [p["path"] for p in world.status["problems"] if p["reason"] == "emptied_at_boot"]


def test_a_file_that_came_back_empty_is_reported_and_sent(settled: World) -> None:
    _empty(settled, "f003")
    settled.write("f004", "edited")
    _reboot(settled)
    settled.settle()
    assert settled.objects["f003"] == b""
    (problem,) = settled.status["problems"]
    assert (problem["path"], problem["reason"]) == ("f003", "emptied_at_boot")
    assert "restore" in problem["hint"]
    (line,) = settled.log.of("path.problem")
    assert line["path"] == "f003"
    assert settled.log.of("site.boot_unclean")


def test_a_daemon_that_was_killed_alone_empties_no_file(settled: World) -> None:
    _empty(settled, "f003")
    settled.restart()
    settled.settle()
    assert _reported(settled) == []


def test_after_an_orderly_shutdown_nothing_is_reported(settled: World) -> None:
    settled.stop()
    _empty(settled, "f003")
    settled.boot_id = "second"
    settled.start()
    settled.settle()
    assert _reported(settled) == []


def test_files_that_were_empty_before_are_not_reported(settled: World) -> None:
    _empty(settled, "f003", hint=True)
    settled.settle()
    _empty(settled, "new")
    _reboot(settled)
    (settled.root / "f003").touch()
    settled.settle()
    assert _reported(settled) == []


def test_a_file_emptied_after_the_site_was_in_sync_is_its_users_doing(settled: World) -> None:
    _reboot(settled)
    settled.settle()
    _empty(settled, "f003", hint=True)
    settled.settle()
    assert _reported(settled) == []


def test_a_restart_before_everything_was_seen_does_not_end_it(settled: World) -> None:
    _empty(settled, "f003")
    _reboot(settled)
    settled.scanner.is_held = True
    settled.run(2)
    settled.restart()
    settled.settle()
    assert _reported(settled) == ["f003"]


def test_the_report_stays_until_the_file_has_content_again(settled: World) -> None:
    _empty(settled, "f003")
    _reboot(settled)
    settled.settle()
    settled.hint("f003")
    settled.command("sync")
    settled.run(5)
    assert _reported(settled) == ["f003"]
    settled.write("f003", "restored", hint=True)
    settled.settle()
    assert _reported(settled) == []


@pytest.mark.parametrize(("content", "told"), [(b"4f-a1\n", "4f-a1"), (b"\xff", ""), (None, "")])
def test_the_boot_is_known_where_the_system_tells(tmp_path: Path, content: Any, told: str) -> None:
    place = tmp_path / "boot_id"
    if content is not None:
        place.write_bytes(content)
    assert boot_id(place) == told
