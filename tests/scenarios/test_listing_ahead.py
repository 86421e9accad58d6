"""A listing in ranges, several at a time: as true as one from the first key to the last."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from s3syncd.core.entry import RemoteEntry
from s3syncd.core.retry import FailureKind
from s3syncd.site.listing import RANGES_AHEAD
from s3syncd.site.messages import Listed
from s3syncd.site.ranges import Range
from tests.fakes_bucket import failure
from tests.scenarios.world import PREFIX, World

FILES = 64
ROWS = 8  # of a range: as many as a page of the store has keys


@pytest.fixture
def split(world: World) -> World:
    """64 files in sync, listed in ranges of one page each."""
    world.fill(FILES)
    world.settle()
    world.range_rows = ROWS
    world.restart()
    world.settle()
    world.store.requests.clear()
    world.carried.clear()
    return world


def _list(world: World) -> None:
    world.command("rescan", remote=True)
    world.settle()


def _starts(world: World) -> list[str | None]:
    return [told["start_after"] for name, told in world.store.requests if name == "list"]


def _key(number: int) -> str:
    return f"{PREFIX}f{number:03}"


def test_ranges_are_asked_for_together_and_cost_no_request_more(split: World) -> None:
    split.command("rescan", remote=True)
    split.turn()
    assert len(_starts(split)) == RANGES_AHEAD
    split.settle()
    assert _starts(split) == [None, *(_key(number) for number in range(ROWS - 1, FILES - 1, ROWS))]
    assert split.carried == []


def test_a_first_listing_is_one_range(world: World) -> None:
    world.range_rows = ROWS
    world.restart()
    for number in range(FILES):
        world.store.store(_key(number), b"theirs")
    world.settle()
    assert set(_starts(world)) == {None}
    assert world.status["foreign_objects"] == FILES


def test_at_most_eight_ranges_of_five_pages_are_held(split: World) -> None:
    split.range_rows, split.store.page_keys = 4, 1
    split.restart()
    split.scanner.is_held = True
    held = []
    for _ in range(200):
        split.turn()
        if (listing := split.site.schedule.listing) is not None:
            held.append((len(listing.ranges), max(len(one.pages) for one in listing.ranges)))
    assert max(ranges for ranges, _pages in held) == RANGES_AHEAD
    assert max(pages for _ranges, pages in held) <= 5
    split.scanner.is_held = False
    split.settle()
    assert split.carried == []


def test_a_store_that_does_not_begin_where_asked_is_noticed_and_listed_whole(split: World) -> None:
    split.store.honours_start_after = False
    _list(split)
    split.store.requests.clear()
    _list(split)
    assert set(_starts(split)) == {None}
    assert split.carried == []
    assert split.status["reason"] is None


def test_a_store_that_refuses_to_begin_in_the_middle_is_listed_whole(split: World) -> None:
    split.store.start_after_fails = failure(FailureKind.REFUSED, "InvalidArgument", 400)
    split.command("rescan", remote=True)
    split.run(60)
    split.store.requests.clear()
    _list(split)
    assert set(_starts(split)) == {None}
    assert split.carried == []
    assert split.status["reason"] is None


def test_keys_out_of_order_inside_a_later_range_are_noticed(split: World) -> None:
    def swapped(keys: object) -> list[str]:
        found = sorted(keys)  # type: ignore[call-overload]
        found[43], found[44] = found[44], found[43]
        return found

    split.store.order = swapped
    split.remove("f001")
    _list(split)
    assert split.log.of("listing.unsorted") != []
    split.carried.clear()
    _list(split)
    assert split.carried == []
    assert split.status["in_sync"]


@pytest.mark.parametrize("seed", range(4))
def test_a_store_without_any_order_converges_and_deletes_nothing(split: World, seed: int) -> None:
    def shuffled(keys: object) -> list[str]:
        found = sorted(keys)  # type: ignore[call-overload]
        random.Random(seed).shuffle(found)
        return found

    split.store.order = shuffled
    split.command("rescan", remote=True)
    split.run(120)
    assert split.status["in_sync"]
    assert split.deleted() == []
    split.carried.clear()
    _list(split)
    assert split.carried == []


def test_a_range_that_fails_for_good_ends_the_pass_and_deletes_nothing(split: World) -> None:
    split.store.page_fails[5] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    split.remove("f001")
    split.command("rescan", remote=True)
    split.scanner.is_held = True  # no other pass sees it gone
    split.run(60)
    split.scanner.is_held = False
    split.run(1)
    assert split.status["reason"] == "listing_incomplete"
    assert split.puts() == []
    split.store.page_fails.clear()
    split.settle()
    assert split.objects == split.files


def test_a_page_that_failed_once_is_asked_for_again_and_only_it(split: World) -> None:
    split.store.page_fails[5] = failure(FailureKind.TRANSIENT, "InternalError", 500)
    split.command("rescan", remote=True)
    split.run(0.1)
    split.store.page_fails.clear()
    split.settle()
    starts = _starts(split)
    assert starts.count(_key(4 * ROWS - 1)) == 2
    assert len(starts) == len(set(starts)) + 1
    assert split.status["reason"] is None


def test_keys_that_appear_meanwhile_are_nobodys_loss(split: World) -> None:
    def appear(_page: int) -> None:
        for at in (0, 15, 16, 40, FILES - 1):
            split.store.objects.setdefault(f"{_key(at)}x{len(split.store.requests)}", theirs)

    theirs = split.store.store(f"{PREFIX}zzz", b"theirs")
    split.store.before_page = appear
    _list(split)
    assert split.carried == []
    split.store.before_page = lambda _page: None
    _list(split)
    assert split.carried == []
    assert split.status["foreign_objects"] == len(split.objects) - FILES


@pytest.mark.parametrize("gone", [range(16, 40), range(40, FILES), range(FILES)])
def test_rows_without_objects_are_sent_again(split: World, gone: range) -> None:
    for number in gone:
        del split.store.objects[_key(number)]
    _list(split)
    assert split.puts() == [f"f{number:03}" for number in gone]
    assert len(_starts(split)) <= 2 * FILES // ROWS
    assert split.objects == split.files


def test_many_foreign_keys_in_a_range_are_counted_and_held_back(split: World) -> None:
    for number in range(400):
        split.store.store(f"{_key(11)}-{number:03}", b"theirs")
    split.scanner.is_held = True
    split.command("rescan", remote=True)
    split.run(10)
    listing = split.site.schedule.listing
    assert listing is not None
    assert max(len(one.pages) for one in listing.ranges) == 5
    split.scanner.is_held = False
    split.settle()
    assert split.status["foreign_objects"] == 400
    assert split.carried == []
    assert len(_starts(split)) <= (FILES + 400) // ROWS + 2 * FILES // ROWS


def test_a_range_begun_for_a_pass_that_is_void_asks_for_nothing_more(split: World) -> None:
    split.command("rescan", remote=True)
    split.lane.is_held = True
    split.turn()
    split.site.schedule.abort()
    split.lane.is_held = False
    before = len(_starts(split))
    split.turn()
    assert len(_starts(split)) - before <= RANGES_AHEAD
    split.settle()
    assert split.carried == []


def _page(first: int, last: int, *, is_end: bool = False) -> Listed:
    entries = [RemoteEntry(f"{number:06}", 1, "e", "STANDARD") for number in range(first, last + 1)]
    return Listed(1, 0, entries, None if is_end else "t", f"{first:06}", f"{last:06}")


def test_what_lies_behind_the_end_is_fetched_by_a_short_page_once() -> None:
    one = Range(0, "", ("002001", "002001"), rows=2_000)
    asked = []
    for first in (1, 1_001, 2_001):
        asked.append(one.max_keys)
        one.take(_page(first, first + one.max_keys - 1))
    assert asked == [1_000, 1_000, 100]
    assert one.is_fetched
    assert one.pages[-1][-1].path == "002001"


def test_a_range_with_more_keys_than_rows_goes_on_with_full_pages() -> None:
    one = Range(0, "", ("900000", "900000"), rows=2_000)
    asked = []
    for first in (1, 1_001, 2_001, 2_101):
        asked.append(one.max_keys)
        one.take(_page(first, first + one.max_keys - 1))
    assert asked == [1_000, 1_000, 100, 1_000]


@pytest.mark.parametrize("change", [lambda page: page, lambda page: page._replace(entries=[])])
def test_an_open_range_ends_with_the_listing(change: Callable[[Listed], Listed]) -> None:
    one = Range(0, "", None, rows=2_000)
    one.take(_page(1, 1_000))
    assert not one.is_fetched
    one.take(change(_page(1_001, 1_010, is_end=True)))
    assert one.is_fetched
