"""Every file is read again now and then: what no stat tells is found, and held."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.standing import waits_for_person
from tests.scenarios.world import MULTIPART_BYTES, World

DAY = 86_400.0
WEEK = 7 * DAY


@pytest.fixture
def settled(world: World) -> World:
    """Six small files and one in parts, in sync."""
    return _settle(world)


def _settle(world: World) -> World:
    world.fill(6)
    world.write("large", "0123456789" * (MULTIPART_BYTES // 4))
    world.settle_and_rest()
    world.store.requests.clear()
    return world


def _rot(world: World, path: str) -> None:
    """Change a byte, and let the baseline say what the stat says now: as a rotten disk does."""
    target = world.root / path
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(content)
    row = world.ledger.baseline(path)
    assert row is not None
    world.ledger.record(row._replace(**world.entry(path)._asdict()))


def _silent(world: World) -> list[str]:
    return sorted(p["path"] for p in world.status["problems"] if p["reason"] == "silent_change")


def _passes(world: World) -> list[dict[str, object]]:
    return world.log.of("scrub.done")


def _wait_for_pass(world: World, *, count: int = 1) -> None:
    for _ in range(400):
        if len(_passes(world)) >= count:
            return
        world.leap(DAY / 24)
    raise AssertionError("no pass came to its end")


@pytest.mark.parametrize("path", ["f003", "large"])
def test_what_changed_in_silence_is_found_and_its_object_kept(settled: World, path: str) -> None:
    before = settled.objects[path]
    _rot(settled, path)
    _wait_for_pass(settled)
    assert _silent(settled) == [path]
    assert settled.objects[path] == before
    assert settled.store.effects() == []
    assert not settled.status["in_sync"]
    assert waits_for_person(settled.status)
    assert _passes(settled)[0]["silent_changes"] == 1


def test_sound_files_cost_no_request_and_are_all_read(make_world: Callable[..., World]) -> None:
    world = _settle(make_world(reconcile_interval_seconds=300 * DAY))
    world.run(120)
    world.store.requests.clear()
    _wait_for_pass(world)
    assert _passes(world)[0]["files"] == 7
    assert world.store.requests == []
    assert world.status["in_sync"]


def test_one_pass_a_week(settled: World) -> None:
    _wait_for_pass(settled)
    began = settled.now
    _wait_for_pass(settled, count=2)
    assert WEEK <= settled.now - began < WEEK + DAY


def test_a_person_lets_it_be_sent(settled: World) -> None:
    _rot(settled, "f003")
    _wait_for_pass(settled)
    answer = settled.command("approve")
    assert answer["silent_changes"] == 1
    settled.settle()
    assert settled.puts() == ["f003"]
    assert settled.objects == settled.files
    assert _silent(settled) == []


def test_a_person_lets_it_alone_be_sent(settled: World) -> None:
    _rot(settled, "f003")
    _wait_for_pass(settled)
    answer = settled.command("approve", only="drift")
    assert (answer["silent_changes"], answer["waits"]) == (0, {"silent_change": 1})
    settled.run(60)
    assert _silent(settled) == ["f003"]
    answer = settled.command("approve", only="silent_change")
    assert (answer["silent_changes"], answer["waits"]) == (1, {})
    settled.settle()
    assert settled.puts() == ["f003"]


def test_a_file_that_was_put_right_is_no_problem_any_more(settled: World) -> None:
    _rot(settled, "f003")
    _wait_for_pass(settled)
    settled.write("f003", "content of f003", hint=True)
    settled.settle()
    assert _silent(settled) == []
    assert settled.store.effects() == [], "the object held it already"


def test_other_permissions_do_not_send_what_is_held(settled: World) -> None:
    _rot(settled, "f003")
    _wait_for_pass(settled)
    (settled.root / "f003").chmod(0o600)
    settled.hint("f003")
    settled.run(60)
    settled.command("sync")
    settled.run(60)
    assert settled.store.effects() == []
    assert _silent(settled) == ["f003"]


def test_what_is_held_survives_a_restart(settled: World) -> None:
    _rot(settled, "f003")
    _wait_for_pass(settled)
    settled.stop()
    settled.start()
    settled.run(30)
    assert _silent(settled) == ["f003"]
    settled.command("approve")
    settled.settle()
    assert settled.puts() == ["f003"]


def test_a_restart_goes_on_where_it_was(make_world: Callable[..., World]) -> None:
    world = make_world(scrub_rate=64 * 1024)
    world.fill(150)
    world.settle()
    world.leap(WEEK)
    while world.ledger.meta("scrub_position") in {None, ""}:
        world.run(1)
    position = world.ledger.meta("scrub_position")
    world.stop()
    world.start()
    assert world.ledger.meta("scrub_position") == position
    _wait_for_pass(world)
    assert _passes(world)[0]["files"] == 150 - 64


def test_it_is_read_no_faster_than_allowed(make_world: Callable[..., World]) -> None:
    world = make_world(scrub_rate=64 * 1024)
    world.write("large", "0123456789" * 32 * 1024)
    world.settle()
    world.now += WEEK
    began = world.now
    while not _passes(world):
        world.run(1)
        assert world.now < began + 3_600
    assert 3 <= world.now - began <= 30, "320 KiB at 64 KiB a second"


def test_it_waits_while_there_is_anything_else_to_do(settled: World) -> None:
    settled.lane.is_held = True
    settled.write("f001", "newer", hint=True)
    settled.run(1)
    settled.leap(WEEK)
    settled.run(600)
    assert _passes(settled) == []
    settled.lane.is_held = False
    settled.settle()
    _wait_for_pass(settled)


def test_it_can_be_turned_off(make_world: Callable[..., World]) -> None:
    world = _settle(make_world(scrub_interval_seconds=0))
    for _ in range(30):
        world.leap(DAY)
    assert _passes(world) == []
    assert world.checksum_lane.admitted == 0


def test_a_file_that_changed_as_files_do_is_left_to_looks(make_world: Callable[..., World]) -> None:
    far = 300 * DAY
    world = _settle(make_world(rescan_interval_seconds=far, reconcile_interval_seconds=far))
    world.write("f003", "content of f00X")  # the same size, and nobody says so
    _wait_for_pass(world)
    assert _passes(world)[0]["skipped"] == 1
    assert _silent(world) == []
    world.command("sync")
    world.settle()
    assert world.objects == world.files


def test_what_fails_for_no_reason_of_a_file_fails_once_a_minute(world: World) -> None:
    def broken(*_readings: object, limit_bytes: int) -> None:
        raise RuntimeError(f"broken after {limit_bytes}")

    world.fill(150)  # more than are looked up at once
    world.settle()
    world.site.parts.transfer.scrub_for = broken  # type: ignore[assignment,method-assign]
    world.now += WEEK
    while not world.log.of("scrub.failed"):
        world.run(1)
    world.run(30)
    assert len(world.log.of("scrub.failed")) == 1
    world.run(60)
    assert len(world.log.of("scrub.failed")) == 2


def test_the_status_tells_how_far_it_is_and_when_it_ended(make_world: Callable[..., World]) -> None:
    world = make_world(scrub_rate=64 * 1024)
    world.fill(150)
    world.settle()
    assert (world.status["last_scrub_at"], world.status["scrubbed_files"]) == (None, None)
    for _ in range(400):
        if (world.status["scrubbed_files"] or 0) >= 64:  # a page of the ledger
            break
        world.leap(DAY / 24)
    seen = world.status["scrubbed_files"]
    assert 64 <= seen < 150
    assert world.site.board.figures is not None
    world.restart()  # it goes on where it was
    world.run(1)
    assert world.status["scrubbed_files"] >= 64
    _wait_for_pass(world)
    world.run(1)
    assert world.status["scrubbed_files"] is None
    ended = world.status["last_scrub_at"]
    assert ended is not None
    world.restart()
    world.run(1)
    assert world.status["last_scrub_at"] == ended
    assert world.site.board.figures is not None
    assert world.site.board.figures.last_scrub_wall > 0


def test_a_scrub_that_never_ran_has_no_end(settled: World) -> None:
    settled.run(120)
    settled.restart()
    settled.run(1)
    assert settled.status["last_scrub_at"] is None
