"""Passes that could not see everything delete nothing, and a pass is old news."""

from __future__ import annotations

import random

import pytest

from s3syncd.core.entry import Kind
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """40 files in sync."""
    world.fill(40)
    world.settle()
    return world


def test_a_listing_that_fails_at_its_second_page_deletes_nothing(settled: World) -> None:
    settled.remove("f000")
    settled.store.page_fails[2] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    settled.command("sync")
    settled.run(0.1)
    assert settled.ledger.count_deletions("waiting") == 1, "seen gone, in the first page"
    settled.scanner.is_held = True  # no other pass sees it gone
    settled.run(300)
    assert settled.status["reason"] == "listing_incomplete"
    assert settled.ledger.count_deletions("waiting") == 0
    assert settled.deleted() == []
    assert not settled.status["in_sync"]
    settled.scanner.is_held = False
    settled.store.page_fails.clear()
    settled.settle()
    assert settled.objects == settled.files


def test_a_listing_that_goes_on_failing_is_shown_and_costs_ever_less(settled: World) -> None:
    settled.store.page_fails[2] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    settled.command("sync")
    settled.run(120)
    assert settled.status["reason"] == "listing_incomplete"
    settled.run(3600)
    settled.store.requests.clear()
    settled.run(3600)
    assert settled.store.count("list") < 200
    assert settled.status["reason"] == "listing_incomplete"
    settled.store.page_fails.clear()
    settled.run(600)
    assert settled.status["reason"] is None
    assert settled.status["in_sync"]


def test_files_are_found_and_sent_while_no_listing_can_be_had(settled: World) -> None:
    settled.store.page_fails[2] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    settled.write("new")  # and no hint
    settled.command("sync")
    settled.run(300)
    assert "new" in settled.objects


def test_a_store_that_lists_out_of_order_is_sorted_and_converges(world: World) -> None:
    world.fill(40)
    for name in ("theirs", "f000", "f011"):
        world.store.store(f"p/{name}", b"x")

    def disorder(keys: object) -> list[str]:
        shuffled = sorted(keys)  # type: ignore[call-overload]
        random.Random(4).shuffle(shuffled)
        return shuffled

    world.store.order = disorder
    reasons = set()
    for _ in range(30):
        world.run(1)
        reasons.add(world.status["reason"])
    assert "listing_incomplete" in reasons
    assert world.status["in_sync"]
    assert world.status["reason"] is None
    assert world.status["foreign_objects"] == 1
    assert {path: body for path, body in world.objects.items() if path != "theirs"} == world.files
    world.store.requests.clear()
    world.restart()
    world.settle()
    assert world.store.effects() == []
    assert world.status["reason"] is None, "the store is known by now"


def test_out_of_order_pages_delete_nothing(settled: World) -> None:
    settled.remove("f000")
    settled.store.order = lambda keys: sorted(keys, reverse=True)
    settled.command("sync")
    settled.run(1)
    assert settled.deleted() == []
    settled.settle()
    assert settled.objects == settled.files


def test_a_scan_that_breaks_off_deletes_nothing(settled: World) -> None:
    settled.scanner.breaks_after = 1
    settled.command("rescan")
    settled.run(4)
    assert settled.ledger.count_deletions("waiting") == 0
    assert settled.status["held_deletions"] == 0
    assert settled.ledger.count()[0] == 40
    settled.settle()
    assert settled.deleted() == []


def test_a_scan_that_breaks_off_forgets_nothing(settled: World) -> None:
    settled.store.objects.clear()
    settled.scanner.breaks_after = 1
    settled.command("sync")
    settled.run(1)
    assert settled.ledger.count()[0] == 40


def test_nothing_below_an_unreadable_directory_is_deleted(world: World) -> None:
    world.fill(5, "d/")
    world.fill(30)
    world.settle()
    world.remove("d")
    world.write("d/x")
    world.scanner.unknown["d/"] = "unreadable"
    world.command("sync")
    world.run(60)
    assert world.deleted() == []
    assert world.status["reason"] == "subtree_unknown"
    assert not world.status["in_sync"]
    world.scanner.unknown.clear()
    world.hints.scan("d/", is_recursive=True)
    world.settle()
    assert world.objects == world.files
    assert world.status["reason"] is None


def test_a_directory_that_became_a_symlink_keeps_its_objects(world: World) -> None:
    world.fill(5, "d/")
    world.fill(30)
    world.settle()
    world.rename("d", "elsewhere")
    (world.root / "d").symlink_to("elsewhere")
    world.scanner.unknown["d/"] = "symlink"
    world.command("sync")
    world.run(60)
    assert world.deleted() == []
    assert world.status["reason"] == "directory_became_symlink"


def test_a_symlink_is_shown_and_no_obstacle_and_goes_with_the_next_pass(settled: World) -> None:
    (settled.root / "link").symlink_to("f000")
    settled.command("rescan")
    settled.settle()
    assert [p["reason"] for p in settled.status["problems"]] == ["symlink"]
    settled.remove("link")
    settled.command("rescan")
    settled.settle()
    assert settled.status["problems"] == []


def test_any_number_of_symlinks_are_no_obstacle(settled: World) -> None:
    for number in range(1_100):
        (settled.root / f"link{number}").symlink_to("f000")
    settled.command("rescan")
    settled.settle()
    assert settled.status["problems_total"] == 1_100
    assert len(settled.status["problems"]) == 100


def test_a_vanished_object_is_put_again(settled: World) -> None:
    del settled.store.objects["p/f003"]
    settled.command("sync")
    settled.settle()
    assert settled.objects == settled.files


# --- old news -------------------------------------------------------------------------------------


def _pass_with_news(world: World) -> None:
    """Let a reconcile scan everything and stop short of its end."""
    world.store.page_fails[1] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    world.jitter = 0.99
    world.command("sync")
    world.run(0.1)
    assert world.site.schedule.whole is not None


def test_a_path_recorded_while_a_pass_runs_is_not_decided_by_it(settled: World) -> None:
    settled.scanner.is_held = True
    settled.command("sync")
    settled.run(0.1)
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    assert settled.puts().count("f000") == 2
    settled.carried.clear()
    settled.scanner.is_held = False
    settled.run(1)
    assert settled.carried == []
    assert settled.objects == settled.files


def test_a_path_forgotten_while_a_pass_runs_is_not_decided_by_it(settled: World) -> None:
    _pass_with_news(settled)
    settled.remove("f000", hint=True)
    settled.run(0.3)
    settled.ledger.forget("f000")
    settled.site.retirement.unwant("f000")
    settled.write("f000", "back", hint=True)
    settled.store.page_fails.clear()
    settled.settle()
    assert settled.deleted() == []
    assert settled.objects == settled.files


def test_a_path_with_an_open_intent_is_not_decided_by_a_pass(settled: World) -> None:
    settled.store.fail(
        "put", failure(FailureKind.TRANSIENT, "timeout", is_unknown=True), is_applied=True
    )
    settled.store.fail("head", failure(FailureKind.TRANSIENT, "timeout"), times=100)
    settled.write("f000", "newer", hint=True)
    settled.run(1)
    settled.carried.clear()
    settled.command("sync")
    settled.run(30)
    assert settled.carried == []
    assert not settled.status["in_sync"]


def test_a_path_whose_lost_answer_waits_for_its_second_look_is_not_decided(
    settled: World,
) -> None:
    settled.store.fail("put", failure(FailureKind.TRANSIENT, "timeout", is_unknown=True))
    settled.write("f000", "older", hint=True)
    settled.run(1)
    late = settled.store.last("put")
    settled.write("f000", "newest", hint=True)
    settled.run(10)
    settled.store.store("p/f000", late["body"], metadata=late["metadata"])
    settled.carried.clear()
    settled.command("sync")
    settled.run(10)
    assert "drift" not in [action.reason for action in settled.carried]
    assert settled.objects == settled.files, "it was looked at because of the listing"
    settled.run(60)
    assert settled.objects == settled.files


def test_a_dirty_path_is_not_decided_by_a_pass(settled: World) -> None:
    settled.remove("f000")
    settled.hint("f000", is_closed=False)
    settled.command("rescan")
    settled.run(1)
    assert settled.ledger.count_deletions("waiting") == 0
    settled.settle()
    assert settled.objects == settled.files


def test_a_held_path_is_not_decided_by_a_pass(world: World) -> None:
    paths = world.fill(60)
    world.settle()
    for path in paths[:25]:
        world.remove(path, hint=True)
    world.run(40)
    before = world.status["held_list"]
    world.store.store("p/f000", b"theirs")
    world.command("sync")
    world.run(60)
    assert world.status["held_list"] == before
    world.command("approve")
    world.settle()
    assert world.objects["f000"] == b"theirs"


# --- when --------------------------------------------------------------------------------------


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


def test_drift_is_overwritten_and_logged(settled: World) -> None:
    settled.store.store("p/f000", b"theirs")
    settled.command("sync")
    settled.settle()
    assert settled.objects == settled.files
    assert settled.log.of("object.overwritten") == [{"path": "f000", "reason": "drift"}]
    assert Kind.UPLOAD in {action.kind for action in settled.carried}
