"""Requests are counted once each, by operation, time, class and failure."""

from __future__ import annotations

import threading

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import BOUNDS_SECONDS, CLASSES, TIMED, RequestTally


def test_every_count_is_there_from_the_start() -> None:
    tally = RequestTally()
    assert tally.by_class() == dict.fromkeys(CLASSES, 0)
    assert set(tally.timed) == set(TIMED)
    assert tally.failures == dict.fromkeys(FailureKind, 0)


@pytest.mark.parametrize(
    ("seconds", "place"),
    [(0.0, 0), (BOUNDS_SECONDS[0], 0), (0.0051, 1), (BOUNDS_SECONDS[-1], 10), (31.0, 11)],
)
def test_a_time_is_counted_up_to_its_bound(seconds: float, place: int) -> None:
    tally = RequestTally()
    tally.answered("PutObject", seconds, None)
    row = tally.timed["PutObject"]
    assert row[place] == 1
    assert sum(row[:-1]) == 1
    assert row[-1] == seconds


def test_requests_are_classed_as_a_bill_does_it() -> None:
    tally = RequestTally()
    for operation in ("PutObject", "UploadPart", "CopyObject", "ListObjectsV2", "NewOperation"):
        tally.answered(operation, 0.1, None)
    for operation in ("CreateMultipartUpload", "CompleteMultipartUpload", "AbortMultipartUpload"):
        tally.note(operation)
    tally.answered("HeadObject", 0.1, FailureKind.MISSING)
    tally.answered("DeleteObject", 0.1, None)
    tally.gather()
    assert tally.by_class() == {"write": 6, "list": 1, "read": 1, "delete": 2}
    assert tally.failures[FailureKind.MISSING] == 1
    tally.answered("UploadPart", 0.1, FailureKind.TRANSIENT)
    assert tally.parts == 1, "taken"


def test_notes_of_many_threads_are_all_counted() -> None:
    tally = RequestTally()

    def note() -> None:
        for _ in range(2_000):
            tally.note("ListParts")

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        tally.gather()
    tally.gather()
    assert tally.control == {"ListParts": 8_000}
