"""What is estimated of requests, and what is said of dear classes."""

from __future__ import annotations

import pytest

from s3syncd.core.cost import (
    Requests,
    class_hints,
    dollars,
    listing_finding,
    lists_per_month,
    spelled_dollars,
    storage_class_of,
)
from s3syncd.core.finding import Finding, Verdict

DAY = 86_400.0


@pytest.mark.parametrize(
    ("objects", "interval", "lists"),
    [
        (0, DAY, 30),
        (1, DAY, 30),
        (1000, DAY, 30),
        (1001, DAY, 60),
        (1_000_000, DAY, 30_000),
        (1_000_000, 3600.0, 720_000),
        (1, 31 * DAY, 1),
        (1, 7 * DAY, 5),
    ],
)
def test_a_month_of_reconciles_lists_each_page_once_an_interval(
    objects: int, interval: float, lists: int
) -> None:
    assert lists_per_month(objects, interval) == lists


def test_requests_are_charged_by_what_they_do_and_to_which_class() -> None:
    standard, deep = storage_class_of(None), storage_class_of("DEEP_ARCHIVE")
    assert standard is not None
    assert deep is not None
    wanted = Requests(lists=1000, writes=1000, reads=1000, deletes=1000)
    assert dollars(wanted, standard) == pytest.approx(0.005 + 0.005 + 0.0004)
    assert dollars(wanted, deep) == pytest.approx(0.005 + 0.05 + 0.0004)
    assert dollars(Requests(deletes=10**9), deep) == 0
    assert wanted.total == 4000
    assert wanted.plus(Requests(1, 2, 3, 4)) == Requests(1001, 1002, 1003, 1004)


def test_a_class_of_another_store_has_no_price() -> None:
    assert storage_class_of("COLDLINE") is None
    assert storage_class_of("STANDARD") == storage_class_of(None)


def test_colder_classes_charge_more_for_a_write() -> None:
    names = ("STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
    prices = [known.write for name in names if (known := storage_class_of(name))]
    assert prices == sorted(prices)
    assert len(set(prices)) == len(names)


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0.0, "$0.00"), (0.004, "less than $0.01"), (0.4, "$0.40"), (9.99, "$9.99"),
     (12.4, "$12"), (1234.0, "$1,234")],
)  # fmt: skip
def test_an_amount_is_worded_as_coarse_as_it_is_known(amount: float, words: str) -> None:
    assert spelled_dollars(amount) == words


def test_listing_at_the_default_interval_is_cheap_and_says_whose_prices() -> None:
    found = listing_finding(1_000_000, DAY, is_aws=True)
    assert found == Finding(
        Verdict.OK,
        "cost",
        "about 30 000 LIST requests a month for reconciles, $0.15 "
        "(estimated, prices of us-east-1, July 2026)",
    )


def test_a_store_that_is_not_aws_has_requests_and_no_price() -> None:
    found = listing_finding(1_000_000, 60.0, is_aws=False)
    assert found.text == "about 43 200 000 LIST requests a month for reconciles"
    assert found.verdict is Verdict.OK


def test_listing_too_often_is_a_warning_with_what_a_day_would_cost() -> None:
    found = listing_finding(1_000_000, 60.0, is_aws=True)
    assert found.verdict is Verdict.WARNING
    assert "$216" in found.text
    assert "at 24h it is $0.15" in found.remedy


def test_listing_that_is_dear_at_any_interval_has_another_remedy() -> None:
    found = listing_finding(1_000_000_000, 2 * DAY, is_aws=True)
    assert found.verdict is Verdict.WARNING
    assert "prefixes" in found.remedy


def hints(name: str | None, **changes: int) -> dict[str, Finding]:
    given = {"files": 1000, "small": 0, "recent": 0} | changes
    return {each.probe: each for each in class_hints(storage_class_of(name), **given)}


@pytest.mark.parametrize("name", [None, "STANDARD", "INTELLIGENT_TIERING", "COLDLINE"])
def test_a_class_without_a_minimum_takes_everything(name: str | None) -> None:
    assert hints(name, small=1000, recent=1000) == {}


def test_small_files_in_a_cold_class_are_told_with_what_they_are_charged() -> None:
    assert "charged as 128 KiB" in hints("STANDARD_IA", small=1)["small files"].text
    assert "charged for 40 KiB more" in hints("GLACIER", small=1)["small files"].text
    assert hints("STANDARD_IA") == {}


@pytest.mark.parametrize(
    ("name", "recent", "is_told"),
    [("STANDARD_IA", 33, False), ("STANDARD_IA", 34, True), ("DEEP_ARCHIVE", 6, True)],
)
def test_files_that_change_within_the_days_that_are_charged_are_hot(
    name: str, recent: int, is_told: bool
) -> None:
    assert ("hot files" in hints(name, recent=recent)) is is_told
