"""A listing in any order comes back by path, each object once, without being held in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from s3syncd.core.entry import RemoteEntry
from s3syncd.ledger import ListingSorter


@pytest.fixture
def sorter() -> Iterator[ListingSorter]:
    """A sorter that is closed when the test is over."""
    made = ListingSorter()
    yield made
    made.close()


def test_entries_come_back_in_the_order_of_their_bytes(sorter: ListingSorter) -> None:
    names = ["a", "a/b", "a-b", "ü", "\U0001f600", "z", "\ufffd", "A"]
    entries = [RemoteEntry(name, 1, "e", "STANDARD") for name in names]
    random.Random(1).shuffle(entries)
    for entry in entries:
        sorter.add([entry])
    paths = [entry.path for page in sorter.pages() for entry in page]
    assert paths == sorted(names, key=str.encode)


def test_more_than_a_page_comes_back_whole(sorter: ListingSorter) -> None:
    names = [f"{number:05}" for number in range(2_500)]
    random.Random(2).shuffle(names)
    for start in range(0, 2_500, 1_000):
        sorter.add([RemoteEntry(n, 7, "e", "GLACIER") for n in names[start : start + 1_000]])
    pages = list(sorter.pages())
    assert [len(page) for page in pages] == [1_000, 1_000, 500]
    assert [entry.path for page in pages for entry in page] == sorted(names)
    assert pages[0][0] == RemoteEntry("00000", 7, "e", "GLACIER")


def test_an_object_listed_twice_is_given_once(sorter: ListingSorter) -> None:
    sorter.add([RemoteEntry("a", 1, "old", "STANDARD")])
    sorter.add([RemoteEntry("a", 2, "new", "STANDARD")])
    assert list(sorter.pages()) == [[RemoteEntry("a", 2, "new", "STANDARD")]]


def test_an_empty_listing_is_empty(sorter: ListingSorter) -> None:
    sorter.add([])
    assert list(sorter.pages()) == []
