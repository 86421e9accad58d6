"""Whose version may be overwritten, and what a lost condition means."""

from __future__ import annotations

from pathlib import Path

from s3syncd.core.entry import Kind, Result
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.transfer.world import World


def test_put_is_unconditional_where_the_local_side_is_the_authority(world: World) -> None:
    world.write("a", b"mine")
    world.bucket.store("p/a", b"theirs, longer")
    assert world.carry_out(world.action("a")).effect == "put"
    told = world.bucket.last("put")
    assert (told["if_match"], told["if_none_match"]) == (None, False)


def test_put_is_conditional_on_what_was_seen_where_drift_is_held(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"one")
    row = world.carry_out(world.action("a")).row
    assert world.bucket.last("put")["if_none_match"] is True
    assert row is not None
    world.rewrite("a", b"two, longer")
    world.carry_out(world.action("a", baseline=row, is_listed=False))
    assert world.bucket.last("put")["if_match"] == row.etag


def test_lost_condition_overwrites_nothing_and_holds_the_drift(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    action = world.action("a")
    world.bucket.store("p/a", b"theirs, longer")
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.CONFLICT
    assert world.bucket.objects["p/a"].body == b"theirs, longer"


def test_condition_lost_to_ourselves_is_a_success(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    told = failure(FailureKind.PRECONDITION, "PreconditionFailed", 412)
    world.bucket.fail("put", told, is_applied=True)
    outcome = world.carry_out(world.action("a"))
    assert (outcome.result, outcome.effect) == (Result.DONE, "put")
    assert world.bucket.count("put") == 1


def test_an_answer_that_misses_what_shall_not_be_there_is_not_asked_for_again_at_once(
    tmp_path: Path,
) -> None:
    """A proxy on the way, or a key the server cannot read, says 404 without a word of S3."""
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    world.bucket.fail("put", failure(FailureKind.MISSING, "HTTP404", 404))
    outcome = world.carry_out(world.action("a"))
    assert (outcome.result, outcome.reason) == (Result.RETRYABLE, "vanished")
    assert outcome.hint.startswith("It is not there"), "it tells what to do"
    assert not world.bucket.count("head")


def test_look_that_fails_after_a_lost_condition_leaves_the_effect_unknown(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    told = failure(FailureKind.PRECONDITION, "PreconditionFailed", 412)
    world.bucket.fail("put", told, is_applied=True)
    world.bucket.fail("head", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.action("a"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)
