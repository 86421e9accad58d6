"""Intents, retries and deletions survive restarts and are found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.ledger import Deletion, Intent, Ledger, Part, Retry
from tests.ledger.rows import open_ledger, row

DAY = 86_400.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def restart(tmp_path: Path) -> Iterator[Callable[[Ledger], Ledger]]:
    opened: list[Ledger] = []

    def again(ledger: Ledger) -> Ledger:
        ledger.close()
        opened.append(open_ledger(tmp_path))
        return opened[-1]

    yield again
    for ledger in opened:
        ledger.close()


def test_intents_that_others_took_the_place_of_are_kept_until_they_are_dropped(
    ledger: Ledger, restart: Callable[[Ledger], Ledger]
) -> None:
    first = Intent("p", "0a", "Upload", 7, 2**63 + 5, -1, 2**64 - 2, created_wall=1.0)
    second = Intent("p", "0b", "DeleteRemote", etag_before="e", created_wall=2.0)
    other = Intent("a", "", "Upload", created_wall=3.0)
    for intent in (second, first, other, first):
        ledger.keep_late(intent)
    ledger.put_intent(Intent("p", "0c", "Upload"))
    ledger = restart(ledger)
    assert ledger.lates() == [other, first, second]
    ledger.drop_lates("p")
    ledger.drop_lates("nobody's")
    assert ledger.lates() == [other]
    assert ledger.intent("p") is not None
    ledger.drop_lates("a")
    ledger.commit()
    ledger.drop_lates("a")
    assert ledger.pending_writes == 0


def test_an_intent_with_its_parts_survives_a_restart(
    ledger: Ledger, restart: Callable[[Ledger], Ledger]
) -> None:
    intent = Intent(
        path="big",
        op_id="0f",
        kind="Upload",
        size_bytes=2**40,
        mtime_ns=2**63 + 5,
        ctime_ns=-1,
        inode=2**64 - 2,
        md5="a" * 32,
        etag_before="b",
        upload_id="id",
        part_size_bytes=8 << 20,
        created_wall=12.5,
        state="sent",
    )
    ledger.put_intent(intent)
    ledger.record_part("big", 2, "e2")
    ledger.record_part("big", 1, "old")
    ledger.record_part("big", 1, "e1")
    ledger = restart(ledger)
    assert ledger.intent("big") == intent
    assert ledger.intents() == [intent]
    assert ledger.parts("big") == [Part(1, "e1"), Part(2, "e2")]


def test_a_path_has_one_intent_and_dropping_it_drops_its_parts(ledger: Ledger) -> None:
    ledger.put_intent(Intent("p", "op1", "Upload"))
    ledger.put_intent(Intent("p", "op2", "Upload", upload_id="u"))
    ledger.put_intent(Intent("other", "op3", "DeleteRemote"))
    ledger.record_part("p", 1, "e")
    assert [intent.op_id for intent in ledger.intents()] == ["op3", "op2"]
    ledger.drop_intent("p")
    assert ledger.intent("p") is None
    assert ledger.parts("p") == []
    assert ledger.intent("other") is not None


def test_retries_come_when_due_the_longest_overdue_first(ledger: Ledger) -> None:
    for path, moment in [("late", 30.0), ("first", 10.0), ("second", 20.0)]:
        ledger.put_retry(path, attempts=1, next_at_wall=moment, reason="throttled", since=5.0)
    assert [retry.path for retry in ledger.retries_due(20.0, 10)] == ["first", "second"]
    assert [retry.path for retry in ledger.retries_due(20.0, 1)] == ["first"]
    assert ledger.retries_due(9.9, 10) == []
    assert ledger.next_retry_at() == 10.0
    ledger.drop_retry("first")
    assert ledger.next_retry_at() == 20.0


def test_a_retry_is_replaced_and_survives_a_restart(
    ledger: Ledger, restart: Callable[[Ledger], Ledger]
) -> None:
    ledger.put_retry("p", attempts=1, next_at_wall=1.0, reason="a", since=0.5)
    ledger.put_retry("p", attempts=2, next_at_wall=9.0, reason="b", hint="wait", since=0.5)
    ledger = restart(ledger)
    assert ledger.retry("p") == Retry("p", 2, 9.0, "b", "wait", 0.5)
    assert ledger.retries() == (1, [Retry("p", 2, 9.0, "b", "wait", 0.5)])
    ledger.drop_retry("p")
    assert ledger.next_retry_at() is None
    assert ledger.retries() == (0, [])


def test_only_the_hundred_oldest_retries_are_shown_and_all_are_counted(ledger: Ledger) -> None:
    for number in range(130):
        ledger.put_retry(
            f"{number:03}", attempts=1, next_at_wall=0.0, reason="r", since=1000.0 - number
        )
    total, shown = ledger.retries()
    assert total == 130
    assert [retry.path for retry in shown] == [f"{number:03}" for number in range(129, 29, -1)]


def test_a_candidate_keeps_its_first_sighting_and_its_state(ledger: Ledger) -> None:
    ledger.want_deletion("p", "DeleteRemote", 10.0)
    ledger.set_deletion_state("held", of="waiting")
    ledger.want_deletion("p", "DeleteRemote", 99.0)
    assert ledger.deletion("p") == Deletion("p", "DeleteRemote", 10.0, "held")
    assert ledger.count_deletions("held") == 1
    assert ledger.count_deletions("waiting") == 0


def test_holds_and_approvals_survive_a_restart(
    ledger: Ledger, restart: Callable[[Ledger], Ledger]
) -> None:
    for path in ["a", "b", "c", "d"]:
        ledger.want_deletion(path, "DeleteRemote", 1.0)
    ledger.set_deletion_state("held", of="waiting")
    ledger.set_deletion_state("approved", paths=["b", "d", "never wanted"])
    ledger = restart(ledger)
    assert [found.path for found in ledger.deletions("held")] == ["a", "c"]
    assert [found.path for found in ledger.deletions("approved")] == ["b", "d"]
    assert ledger.count_deletions("held") == 2
    assert ledger.count_deletions("approved") == 2


def test_an_approval_moves_only_what_was_held_at_that_moment(ledger: Ledger) -> None:
    ledger.want_deletion("held", "DeleteRemote", 1.0)
    ledger.set_deletion_state("held", of="waiting")
    ledger.want_deletion("later", "DeleteRemote", 2.0)
    ledger.set_deletion_state("approved", of="held")
    assert [found.path for found in ledger.deletions("approved")] == ["held"]
    assert [found.path for found in ledger.deletions("waiting")] == ["later"]
    ledger.set_deletion_state("approved", of="held", paths=["later"])
    assert ledger.count_deletions("waiting") == 1, "it was not held"


def test_nobody_approves_everything_by_mistake(ledger: Ledger) -> None:
    ledger.want_deletion("p", "DeleteRemote", 1.0)
    with pytest.raises(ValueError, match="state or paths"):
        ledger.set_deletion_state("approved")
    assert ledger.count_deletions("approved") == 0


def test_candidates_are_read_in_pages_and_dropped(ledger: Ledger) -> None:
    for number in range(5):
        ledger.want_deletion(f"p{number}", "DeleteRemote", 1.0)
    first = ledger.deletions("waiting", limit=3)
    rest = ledger.deletions("waiting", after=first[-1].path, limit=3)
    assert [found.path for found in first + rest] == ["p0", "p1", "p2", "p3", "p4"]
    ledger.drop_deletion("p3")
    ledger.drop_deletion("p3")
    assert ledger.count_deletions("waiting") == 4
    assert ledger.deletion("p3") is None


def test_a_candidate_without_a_row_remembers_which_object_was_seen(
    ledger: Ledger, restart: Callable[[Ledger], Ledger]
) -> None:
    ledger.want_deletion("f", "DeleteRemote", 1.0, state="held", foreign=("etag", 7))
    ledger = restart(ledger)
    assert ledger.deletion("f") == Deletion("f", "DeleteRemote", 1.0, "held", "etag", 7)
    assert ledger.count_deletions("held") == 1
    assert ledger.count_deletions("waiting") == 0


def test_when_the_root_is_lost_only_what_nobody_judged_is_dropped(ledger: Ledger) -> None:
    for path in ["a", "b", "c"]:
        ledger.want_deletion(path, "DeleteRemote", 1.0)
    ledger.set_deletion_state("held", paths=["b"])
    ledger.drop_deletions("waiting")
    assert ledger.count_deletions("waiting") == 0
    assert ledger.deletions("waiting") == []
    assert [found.path for found in ledger.deletions("held")] == ["b"]


def test_only_unapproved_deletions_count_for_the_guard(
    ledger: Ledger, restart: Callable[[Ledger], Ledger]
) -> None:
    ledger.log_deletion("a", 100.0, is_approved=False)
    ledger.log_deletion("b", 200.0, is_approved=False)
    ledger.log_deletion("b", 300.0, is_approved=False)  # put back and deleted again
    ledger.log_deletion("c", 300.0, is_approved=True)
    ledger = restart(ledger)
    assert ledger.deletions_logged_since(0.0) == 3
    assert ledger.deletions_logged_since(200.0) == 2
    assert ledger.deletions_logged_since(300.1) == 0


def test_the_size_of_the_baseline_a_day_ago_is_remembered(
    ledger: Ledger, restart: Callable[[Ledger], Ledger]
) -> None:
    assert ledger.baseline_count_at(0.0) == 0
    ledger.record(row("a"))
    ledger.record(row("b"))
    assert ledger.baseline_count_at(0.0) == 2, "no note yet: the present count"
    ledger.sample_count(1000.0)
    ledger.forget("a")
    ledger.sample_count(1000.0 + DAY)
    ledger = restart(ledger)
    assert ledger.baseline_count_at(1000.0) == 2
    assert ledger.baseline_count_at(1000.0 + DAY - 1) == 2
    assert ledger.baseline_count_at(1000.0 + DAY) == 1
    assert ledger.baseline_count_at(1.0) == 2, "before the first note: the first"


def test_a_trickle_of_deletions_is_judged_by_the_count_before_the_first(ledger: Ledger) -> None:
    for number in range(10):
        ledger.record(row(f"{number}"))
    for number in range(10):
        ledger.want_deletion(f"{number}", "DeleteRemote", 1000.0 + number)
        ledger.forget(f"{number}")
    assert ledger.baseline_count_at(1009.0 - DAY) == 10


def test_notes_older_than_the_window_are_dropped_but_one(ledger: Ledger) -> None:
    for hour in range(24 * 10):
        ledger.sample_count(hour * 3600.0)
        ledger.log_deletion(f"{hour}", hour * 3600.0, is_approved=False)
    assert 48 <= len(ledger._rows("SELECT wall FROM count_sample")) <= 50
    assert 48 <= ledger.deletions_logged_since(0.0) <= 50
    ledger.record(row("a"))
    ledger.sample_count(100 * DAY)
    assert ledger.baseline_count_at(99 * DAY) == 0
    assert len(ledger._rows("SELECT wall FROM count_sample")) == 2
