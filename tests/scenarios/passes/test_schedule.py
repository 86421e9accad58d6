"""When passes come, and what holds them up."""

from __future__ import annotations

from tests.scenarios.world import World


def test_doubts_are_answered_by_rescans_at_growing_distances(settled: World) -> None:
    settled.scanner.scans.clear()
    for _ in range(600):
        settled.hints.doubt("overflow")
        settled.run(0.5)
    assert 5 <= len(settled.scanner.scans) <= 15
    settled.run(200)
    settled.scanner.scans.clear()
    settled.hints.doubt("overflow")
    settled.run(1)
    assert settled.scanner.scans == [""], "after a calm the first doubt is answered at once"


def test_a_doubt_is_no_request(settled: World) -> None:
    settled.store.requests.clear()
    settled.hints.doubt("overflow")
    settled.settle()
    assert settled.store.requests == []


def test_rescans_come_hourly_and_reconciles_daily(settled: World) -> None:
    settled.scanner.scans.clear()
    settled.store.requests.clear()
    settled.run(3 * 3600)
    assert len(settled.scanner.scans) in {2, 3}
    settled.leap(20 * 3600)
    assert settled.store.count("list") == 0
    settled.leap(2 * 3600)
    assert settled.store.count("list") > 0


def test_a_full_backlog_keeps_the_pass_waiting_and_nothing_is_lost(world: World) -> None:
    world.settle()
    world.fill(2_300)
    world.lane.limit = 0
    world.command("rescan")
    world.run(10)
    assert len(world.site.backlog) <= 2_001
    assert world.site.schedule.whole is not None
    assert world.status["state"] == "syncing"
    world.lane.limit = 64
    world.settle()
    assert len(world.objects) == 2_300


def test_rows_below_subdirectories_cost_a_flat_directory_scan_nothing(world: World) -> None:
    for number in range(3):
        world.fill(20, f"d/{number}/")
    world.fill(2, "d/")
    world.settle()
    world.remove("d/f000")
    world.remove("d/1/f000")
    world.hints.scan("d/")
    world.run(30)
    assert world.deleted() == ["d/f000"]
