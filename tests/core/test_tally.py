"""Requests are counted once each, by operation, time, class and failure."""

from __future__ import annotations

import marshal
import threading

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.core.tally import BOUNDS_SECONDS, CLASSES, TIMED, Counts, RequestTally


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


def busy() -> RequestTally:
    tally = RequestTally()
    tally.answered("PutObject", 0.25, None)
    tally.answered("PutObject", 64.0, FailureKind.TRANSIENT)
    tally.answered("NewOperation", 0.5, FailureKind.THROTTLED)
    return tally


def test_what_one_tally_counted_is_added_to_another() -> None:
    counting, told = busy(), busy()
    plain = Counts(counting).since()
    assert plain is not None
    told.add(marshal.loads(marshal.dumps(plain)))
    assert told.by_class() == {"write": 6, "list": 0, "read": 0, "delete": 0}
    assert told.timed["PutObject"] == [2 * count for count in counting.timed["PutObject"]]
    assert told.failures == {kind: 2 * count for kind, count in counting.failures.items()}


def test_only_what_is_new_is_told() -> None:
    counting, told = RequestTally(), RequestTally()
    counts = Counts(counting)
    assert counts.since() is None, "nothing was"
    for _ in range(3):
        counting.answered("PutObject", 0.25, None)
        counting.answered("HeadObject", 0.5, FailureKind.MISSING)
        plain = counts.since()
        assert plain is not None
        told.add(plain)
        assert counts.since() is None
    assert told.timed == counting.timed
    assert told.failures == counting.failures
    counting.answered("PutObject", 0.25, None)
    assert counts.since() == (
        (("PutObject", (*(n == 5 for n in range(12)), 0.25)),), (),
    )  # fmt: skip


def test_an_operation_that_the_other_does_not_know_is_told_too() -> None:
    counting, told = RequestTally(), RequestTally()
    counts = Counts(counting)
    for _ in range(2):
        counting.answered("NewOperation", 0.5, None)
        plain = counts.since()
        assert plain is not None
        told.add(plain)
    assert told.timed["NewOperation"] == counting.timed["NewOperation"]


def test_it_is_told_whether_any_was_throttled() -> None:
    counting, told = RequestTally(), RequestTally()
    counts = Counts(counting)
    for failure, is_throttled in [
        (FailureKind.TRANSIENT, False), (FailureKind.THROTTLED, True), (FailureKind.MISSING, False),
    ]:  # fmt: skip
        counting.answered("PutObject", 0.25, failure)
        plain = counts.since()
        assert plain is not None
        assert told.add(plain) is is_throttled


def test_what_is_counted_here_meanwhile_is_not_lost() -> None:
    """An answer is counted in its row although the row was looked up before."""
    told = RequestTally()
    row = told.timed["PutObject"]
    plain = Counts(busy()).since()
    assert plain is not None
    told.add(plain)
    row[0] += 1
    assert told.by_class()["write"] == 4
