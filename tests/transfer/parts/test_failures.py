"""What becomes of an upload in parts whose requests fail or lose their condition."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3syncd.core.entry import Kind, Result
from s3syncd.core.retry import FailureKind
from s3syncd.transfer import TransferSettings
from tests.fakes_bucket import failure
from tests.transfer.parts.content import CONTENT, etag_of, sent
from tests.transfer.parts.test_torn import grow
from tests.transfer.world import MIB, World


def test_part_is_sent_again_after_a_passing_trouble(world: World) -> None:
    world.bucket.fail("upload_part", failure(FailureKind.TRANSIENT, "InternalError", 500), times=2)
    assert world.carry_out(world.upload("d/big")).effect == "put"
    assert world.bucket.count("upload_part") == 5


def test_part_that_changed_before_it_is_sent_again_is_not_sent(world: World) -> None:
    world.bucket.on("upload_part", lambda: world.rewrite("d/big", b"other"))
    world.bucket.fail("upload_part", failure(FailureKind.TRANSIENT, "InternalError", 500))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_while_reading")
    assert sent(world) == [1, 2, 3]
    assert not world.bucket.uploads


def test_lasting_trouble_keeps_the_upload_to_be_taken_up(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "InternalError", 500, is_unknown=True)
    world.bucket.fail("upload_part", told, times=10**6)
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, False)
    assert len(world.bucket.uploads) == 1


@pytest.mark.parametrize("retries", [0, 2])
def test_part_is_repeated_as_often_as_configured_with_a_growing_pause(
    world: World, retries: int
) -> None:
    world.transfer = world.make(TransferSettings(world.policy, MIB, ops_retries=retries))
    told = failure(FailureKind.TRANSIENT, "InternalError", 500)
    world.bucket.fail("upload_part", told, times=10**6)
    assert world.carry_out(world.upload("d/big")).result is Result.RETRYABLE
    numbers = sent(world)
    assert {numbers.count(number) for number in numbers} == {1 + retries}
    pauses = [args["attempt"] for name, args in world.bucket.requests if name == "back_off"]
    assert sorted(pauses[:retries]) == list(range(1, retries + 1))


def test_complete_is_repeated_only_after_a_look(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "InternalError", 500, is_unknown=True)
    world.bucket.fail("complete", told, times=2)
    assert world.carry_out(world.upload("d/big")).effect == "put"
    steps = [name for name, _ in world.bucket.requests if name in {"complete", "head", "back_off"}]
    assert steps[:5] == ["complete", "head", "back_off", "complete", "head"]
    assert world.bucket.count("complete") == 3


def test_complete_that_was_carried_out_in_spite_of_its_answer_is_not_repeated(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "InternalError", 500, is_unknown=True)
    world.bucket.fail("complete", told, is_applied=True)
    assert world.carry_out(world.upload("d/big")).effect == "put"
    assert world.bucket.count("complete") == 1


def test_throttling_is_not_answered_with_more(world: World) -> None:
    world.bucket.fail("upload_part", failure(FailureKind.THROTTLED, "SlowDown", 503))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.reason, outcome.scope) == ("throttled", "bucket")
    assert sent(world).count(1) == 1


def test_forbidden_part_leaves_no_upload_behind(world: World) -> None:
    world.bucket.fail("upload_part", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.reason) == (Result.REFUSED, "access_denied")
    assert not world.bucket.uploads


def test_upload_that_cannot_be_aborted_keeps_its_intent(world: World) -> None:
    world.bucket.on("upload_part", lambda: grow(world))
    world.bucket.fail("abort", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("d/big"))
    assert outcome.result is Result.RETRYABLE
    assert len(world.bucket.uploads) == 1


def test_failing_create_begins_nothing(world: World) -> None:
    world.bucket.fail("create", failure(FailureKind.THROTTLED, "SlowDown", 503))
    assert world.carry_out(world.upload("d/big")).reason == "throttled"
    assert sent(world) == []


def test_complete_without_an_answer_that_was_applied_is_a_success(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "ReadTimeoutError", is_unknown=True)
    world.bucket.fail("complete", told, is_applied=True)
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.effect) == (Result.DONE, "put")
    assert outcome.row is not None
    assert outcome.row.etag == etag_of(CONTENT)


def test_complete_without_an_answer_and_without_an_object_stays_unknown(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "ReadTimeoutError", is_unknown=True)
    world.bucket.fail("complete", told)
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)
    assert len(world.bucket.uploads) == 1


def test_complete_and_look_without_an_answer_stay_unknown(world: World) -> None:
    told = failure(FailureKind.TRANSIENT, "ReadTimeoutError", is_unknown=True)
    world.bucket.fail("complete", told, is_applied=True)
    world.bucket.fail("head", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("d/big"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)


def test_lost_condition_publishes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("d/big", CONTENT)
    world.bucket.on("complete", lambda: world.bucket.store("p/d/big", b"theirs"))
    outcome = world.carry_out(world.action("d/big"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.CONFLICT
    assert world.bucket.objects["p/d/big"].body == b"theirs"
    assert not world.bucket.uploads


def test_an_object_that_vanished_before_its_condition_was_asked_is_put_anew(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("d/big", CONTENT)
    row = world.carry_out(world.action("d/big")).row
    world.rewrite("d/big", CONTENT[::-1])
    del world.bucket.objects["p/d/big"]
    outcome = world.carry_out(world.action("d/big", baseline=row, is_listed=False))
    assert outcome.result is Result.SUPERSEDED
    assert outcome.follow_up is not None
    assert (outcome.follow_up.kind, outcome.follow_up.reason) == (Kind.UPLOAD, "vanished")
    assert not world.bucket.uploads


def test_a_complete_that_misses_what_shall_not_be_there_is_not_repeated_at_once(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("d/big", CONTENT)
    world.bucket.fail("complete", failure(FailureKind.MISSING, "HTTP404", 404))
    outcome = world.carry_out(world.action("d/big"))
    assert (outcome.result, outcome.reason) == (Result.RETRYABLE, "vanished")
