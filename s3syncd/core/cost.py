"""Estimates what requests cost, and finds what makes a storage class dear. Pure.

Prices are AWS's, per 1,000 requests in US dollars, as its Price List API has them for us-east-1
since July 2026; other regions differ by up to a half. Storage, traffic and retrieval are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.plural import counted

__all__ = [
    "DEAR_DOLLARS", "PRICES", "SMALL_BYTES", "Requests", "StorageClass", "class_hints", "dollars",
    "listing_finding", "lists_per_month", "spelled_dollars", "storage_class_of",
]  # fmt: skip

PRICES: Final = "us-east-1, July 2026"
"""Region and date of the prices, as it is shown beside each estimate."""

LISTED_KEYS: Final = 1000
"""Keys of one page: the most that S3 gives (ListObjectsV2, max-keys)."""

LIST_DOLLARS: Final = 0.005
"""Per 1,000; a listing is no request of a storage class, it costs what STANDARD does."""

MONTH_SECONDS: Final = 30 * 86_400.0

SMALL_BYTES: Final = 128 * 1024
"""What the infrequent-access classes charge an object for at least (S3 pricing)."""

DEAR_DOLLARS: Final = 10.0
"""A month, for looking alone. The defaults stay below it up to 60 million objects."""


class StorageClass(NamedTuple):
    """What is charged for one class.

    Attributes:
        name: as S3 spells it.
        write: dollars for 1,000 PUT, COPY, POST.
        read: dollars for 1,000 GET, HEAD.
        least_bytes: an object is charged for at least so many; 0: for what it has.
        least_days: an object that goes earlier is charged for so many.
        added_bytes: charged for each object, beside its content.
    """

    name: str
    write: float
    read: float
    least_bytes: int = 0
    least_days: int = 0
    added_bytes: int = 0


_CLASSES: Final = {
    each.name: each
    for each in (
        StorageClass("STANDARD", 0.005, 0.0004),
        StorageClass("INTELLIGENT_TIERING", 0.005, 0.0004),
        StorageClass("STANDARD_IA", 0.01, 0.001, SMALL_BYTES, 30),
        StorageClass("ONEZONE_IA", 0.01, 0.001, SMALL_BYTES, 30),
        StorageClass("GLACIER_IR", 0.02, 0.01, SMALL_BYTES, 90),
        StorageClass("GLACIER", 0.03, 0.0004, 0, 90, 40 * 1024),
        StorageClass("DEEP_ARCHIVE", 0.05, 0.0004, 0, 180, 40 * 1024),
    )
}


class Requests(NamedTuple):
    """A number of requests by what is charged for them; deletions are free."""

    lists: int = 0
    writes: int = 0
    reads: int = 0
    deletes: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)

    def plus(self, other: Requests) -> Requests:
        """Add the numbers of both."""
        return Requests(*map(sum, zip(self, other, strict=True)))


def storage_class_of(name: str | None) -> StorageClass | None:
    """Give what is known of a class (None: what S3 takes without one); None: not known."""
    return _CLASSES.get(name or "STANDARD")


def lists_per_month(objects: int, interval_seconds: float) -> int:
    """Count the listing requests of a month's reconciles, at `objects` keys below the prefix."""
    pages = max(1, math.ceil(objects / LISTED_KEYS))
    return math.ceil(MONTH_SECONDS / interval_seconds) * pages


def dollars(requests: Requests, of: StorageClass) -> float:
    """Estimate the price of requests to objects of one class."""
    charged = requests.lists * LIST_DOLLARS + requests.writes * of.write + requests.reads * of.read
    return charged / 1000


def spelled_dollars(amount: float) -> str:
    """Word an amount, coarse as estimates are: `$12`, `$0.40`, `less than $0.01`."""
    if 0 < amount < 0.01:
        return "less than $0.01"
    return f"${amount:.2f}" if amount < 10 else f"${amount:,.0f}"


def listing_finding(objects: int, interval_seconds: float, *, is_aws: bool) -> Finding:
    """Tell what the reconciles of a month take, at the interval chosen.

    Args:
        objects: keys below the prefix.
        interval_seconds: between two reconciles.
        is_aws: whether AWS's prices apply.
    """
    lists = lists_per_month(objects, interval_seconds)
    text = f"about {counted(lists, 'LIST request')} a month for reconciles"
    if not is_aws:
        return Finding(Verdict.OK, "cost", text)
    amount = dollars(Requests(lists), _CLASSES["STANDARD"])
    text += f", {spelled_dollars(amount)} (estimated, prices of {PRICES})"
    if amount < DEAR_DOLLARS:
        return Finding(Verdict.OK, "cost", text)
    daily = dollars(Requests(lists_per_month(objects, 86_400.0)), _CLASSES["STANDARD"])
    remedy = "let objects of other sites go to other prefixes"
    if daily < amount:
        remedy = (
            f"raise reconcile_interval: at 24h it is {spelled_dollars(daily)}; events and the "
            "rescan, which ask the bucket nothing, find changes of files"
        )
    return Finding(Verdict.WARNING, "cost", text, remedy)


def class_hints(
    of: StorageClass | None, *, files: int, small: int, recent: int
) -> Iterator[Finding]:
    """Tell where a class costs more than STANDARD would, for what is put into it.

    Args:
        of: the class that is asked for.
        files: how many there are.
        small: how many of them have less than `SMALL_BYTES`.
        recent: how many were changed within the last day.
    """
    if of is None or not of.least_days:
        return
    if small:
        charged = f"each is charged as {of.least_bytes // 1024} KiB"
        if of.added_bytes:
            charged = f"each is charged for {of.added_bytes // 1024} KiB more than it has"
        yield Finding(
            Verdict.WARNING,
            "small files",
            f"{small} of {counted(files, 'file')} {'has' if small == 1 else 'have'} less than "
            f"{SMALL_BYTES // 1024} KiB; in {of.name} {charged}",
            "give them to a site of their own with storage_class: STANDARD or INTELLIGENT_TIERING",
        )
    # As many a day as would change every file once within the days that are charged anyway.
    if recent * of.least_days > files:
        yield Finding(
            Verdict.WARNING,
            "hot files",
            f"{recent} of {counted(files, 'file')} {'was' if recent == 1 else 'were'} changed "
            f"within a day; in {of.name} an object that is replaced or deleted before "
            f"{of.least_days} days is charged for all of them",
            "exclude what changes often, or give it to a site of its own with storage_class: "
            "STANDARD",
        )
