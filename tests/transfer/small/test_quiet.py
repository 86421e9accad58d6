"""A file is sent when it is quiet, or when it has not been for too long."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from s3syncd.core.entry import Result, Settle
from s3syncd.local.files import try_read_lease
from tests.transfer.world import CLOSED, World

OPEN = Settle(is_closed=False)
PAST = Settle(is_closed=False, is_past_deadline=True, is_growing=True)


def test_file_younger_than_the_settle_time_waits(world: World) -> None:
    world.write("a", b"x")
    world.ahead_seconds = 0.0
    outcome = world.carry_out(world.upload("a"), settle=Settle(quiet_seconds=30, is_closed=True))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert outcome.due_in_seconds is not None
    assert 25 < outcome.due_in_seconds <= 30
    assert not world.bucket.requests


def test_file_changed_since_it_was_decided_on_is_no_older_than_that(world: World) -> None:
    """The clock leapt ahead while somebody was writing: by its stat it is an hour old."""
    world.write("a", b"x")
    action = world.upload("a")
    world.write("a", b"half of it")
    world.ahead_seconds = 3600.0
    ago = Settle(is_closed=True, decided_seconds_ago=0.03)
    with (world.root / "a").open("ab"):
        outcome = world.carry_out(action, settle=ago)
        assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
        assert not world.bucket.requests
    assert world.carry_out(world.upload("a"), settle=ago).result is Result.DONE


def test_file_that_may_be_open_and_has_a_writer_waits(world: World) -> None:
    world.write("a", b"x")
    world.ahead_seconds = 1.0
    with (world.root / "a").open("ab"):
        outcome = world.carry_out(world.upload("a"), settle=OPEN)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert outcome.due_in_seconds is not None
    assert 3.5 < outcome.due_in_seconds <= 4.0
    assert not world.bucket.requests


def test_closed_file_that_is_begun_anew_waits_for_its_writer(world: World) -> None:
    world.write("a", b"whole")
    with (world.root / "a").open("rb") as file:
        if not try_read_lease(file.fileno()):
            pytest.skip("no leases on this filesystem")
    world.ahead_seconds = 1.0
    with (world.root / "a").open("wb") as writer:  # what was heard is the close of the one before
        outcome = world.carry_out(world.upload("a"), settle=CLOSED)
        assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
        assert outcome.due_in_seconds is not None
        assert 3.5 < outcome.due_in_seconds <= 4.0
        writer.write(b"anew")
    assert world.carry_out(world.upload("a"), settle=CLOSED).effect == "put"
    assert [each.body for each in world.bucket.objects.values()] == [b"anew"]


def test_file_without_a_writer_need_not_wait_the_open_seconds(world: World) -> None:
    world.write("a", b"x")
    with (world.root / "a").open("rb") as file:
        if not try_read_lease(file.fileno()):
            pytest.skip("no leases on this filesystem")
    world.ahead_seconds = 1.0
    assert world.carry_out(world.upload("a"), settle=OPEN).effect == "put"


def test_file_untouched_for_the_open_seconds_is_sent_despite_a_writer(world: World) -> None:
    world.write("a", b"x")
    world.ahead_seconds = 6.0
    with (world.root / "a").open("ab"):
        assert world.carry_out(world.upload("a"), settle=OPEN).effect == "put"


def test_mtime_set_into_the_future_does_not_keep_a_file_from_being_sent(world: World) -> None:
    world.write("a", b"x")
    os.utime(world.root / "a", ns=(0, 4_000_000_000_000_000_000))
    assert world.carry_out(world.upload("a")).effect == "put"


def test_both_times_in_the_future_count_from_the_first_sighting(world: World) -> None:
    entry = world.write("a", b"x")
    world.ahead_seconds = -3600.0
    fresh = world.carry_out(world.upload("a"))
    assert (fresh.result, fresh.reason) == (Result.SUPERSEDED, "not_quiet")
    settle = replace(CLOSED, first_seen_wall_ns=entry.mtime_ns - 3_700_000_000_000)
    assert world.carry_out(world.upload("a"), settle=settle).effect == "put"


def test_growing_file_past_its_deadline_is_sent_up_to_its_first_size(world: World) -> None:
    world.write("log", b"one\n")
    world.ahead_seconds = 0.01
    world.while_reading(lambda: world.rewrite("log", b"one\ntwo\n"))
    settle = replace(PAST, quiet_seconds=60.0)
    with (world.root / "log").open("ab"):
        outcome = world.carry_out(world.upload("log"), settle=settle)
    assert (outcome.result, outcome.effect, outcome.is_stale) == (Result.DONE, "put", True)
    assert world.bucket.objects["p/log"].body == b"one\n"


@pytest.mark.parametrize("ahead_seconds", [0.0, 1.0])
def test_empty_file_with_a_writer_is_not_sent_past_its_deadline(
    world: World, ahead_seconds: float
) -> None:
    """Nothing has grown yet; what is there may be a file that was just begun anew."""
    world.write("log", b"")
    world.ahead_seconds = ahead_seconds
    settle = replace(PAST, quiet_seconds=0.5)
    with (world.root / "log").open("ab"):
        outcome = world.carry_out(world.upload("log"), settle=settle)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert outcome.due_in_seconds
    assert not world.bucket.requests


def test_file_with_a_writer_that_was_not_seen_to_grow_is_unstable_past_its_deadline(
    world: World,
) -> None:
    world.write("renamed", b"half of wh")
    world.ahead_seconds = 1.0
    with (world.root / "renamed").open("r+b"):
        outcome = world.carry_out(
            world.upload("renamed"), settle=replace(PAST, quiet_seconds=0.5, is_growing=False)
        )
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "unstable")
    assert not world.bucket.requests


def test_file_that_was_rewritten_is_not_sent_because_it_grows_while_it_is_read(
    world: World,
) -> None:
    world.write("file", b"one\n")
    world.while_reading(lambda: world.rewrite("file", b"other\n"))
    outcome = world.carry_out(world.upload("file"), settle=replace(PAST, is_growing=False))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "unstable")
    assert not world.bucket.requests


def test_empty_file_that_has_rested_is_sent_though_it_has_a_writer(world: World) -> None:
    """As locks and new logs are."""
    world.write("lock", b"")
    with (world.root / "lock").open("ab"):
        outcome = world.carry_out(world.upload("lock"), settle=PAST)
    assert (outcome.result, outcome.effect) == (Result.DONE, "put")


def test_row_of_a_file_too_young_to_judge_equals_no_later_stat(world: World) -> None:
    world.write("log", b"one\n")
    world.ahead_seconds = 0.0
    outcome = world.carry_out(world.upload("log"), settle=replace(PAST, quiet_seconds=60.0))
    assert outcome.row is not None
    assert outcome.row[:5] != world.entry("log")[:5]
    assert outcome.is_stale


def test_file_past_its_deadline_that_changes_without_growing_is_unstable(world: World) -> None:
    world.write("db", b"aaaa")
    world.ahead_seconds = 0.01
    world.while_reading(lambda: world.rewrite("db", b"bbbb"))
    outcome = world.carry_out(world.upload("db"), settle=PAST)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "unstable")
    assert outcome.hint
    assert not world.bucket.requests


def test_file_past_its_deadline_known_to_be_rewritten_in_place_is_unstable(world: World) -> None:
    world.write("db", b"aaaa")
    world.bucket.store("p/db", b"aaaa")
    row = world.row("db")
    world.rewrite("db", b"bb--")
    world.ahead_seconds = 0.01
    with (world.root / "db").open("r+b"):
        outcome = world.carry_out(world.upload("db", baseline=row, row=9), settle=PAST)
    assert outcome.reason == "unstable"
    assert world.bucket.count("put") == 0
