"""A pass that could not see everything deletes nothing and forgets nothing."""

from __future__ import annotations

import random

from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


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
