"""A deletion takes away the version we know, while its file is provably gone, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from s3syncd.core.entry import Action, Kind, Result
from s3syncd.core.retry import FailureKind
from s3syncd.core.safety import RootIdentity
from tests.fakes_bucket import failure
from tests.transfer.world import World


def gone(world: World, path: str = "d/a") -> Action:
    """A file that was in both places and was deleted here."""
    world.write(path, b"content")
    world.bucket.store(world.key(path), b"content")
    row = world.row(path)
    (world.root / path).unlink()
    action = world.action(path, baseline=row)
    assert action.kind is Kind.DELETE_REMOTE
    return action


def test_known_version_of_a_file_that_is_gone_is_deleted(world: World) -> None:
    action = gone(world)
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.effect) == (Result.DONE, "deleted")
    assert "p/d/a" not in world.bucket.objects
    assert action.baseline is not None
    assert world.bucket.last("delete")["if_match"] == action.baseline.etag


def test_object_gone_already_is_told(world: World) -> None:
    action = gone(world)
    del world.bucket.objects["p/d/a"]
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.effect) == (Result.DONE, "gone")
    assert world.bucket.count("delete") == 0


def test_directory_in_the_place_of_the_file_is_gone_too(world: World) -> None:
    action = gone(world, "d")
    world.write("d/inside", b"x")
    assert world.carry_out(action).effect == "deleted"


def test_missing_directory_above_is_gone_too(world: World) -> None:
    action = gone(world)
    (world.root / "d").rmdir()
    assert world.carry_out(action).effect == "deleted"


def bring_back(world: World) -> None:
    world.write("d/a", b"content")


def put_a_link(world: World) -> None:
    (world.root / "d/a").symlink_to("/nowhere")


def put_a_fifo(world: World) -> None:
    os.mkfifo(world.root / "d/a")


def link_the_directory(world: World) -> None:
    (world.root / "d").rmdir()
    (world.root / "d").symlink_to(world.root)


@pytest.mark.parametrize("act", [bring_back, put_a_link, put_a_fifo, link_the_directory])
@pytest.mark.parametrize("is_late", [False, True], ids=["before", "after the look at the object"])
def test_file_back_or_unknown_keeps_the_object(
    world: World, act: Callable[[World], None], is_late: bool
) -> None:
    action = gone(world)
    if is_late:
        world.bucket.on("head", lambda: act(world))
    else:
        act(world)
    outcome = world.carry_out(action)
    assert outcome.result is Result.SUPERSEDED
    assert outcome.local_state == ("file" if act is bring_back else "unknown")
    assert world.bucket.objects["p/d/a"].body == b"content"
    assert world.bucket.count("delete") == 0
    assert is_late or not world.bucket.requests


@pytest.mark.parametrize("honours", [True, False], ids=["store obeys If-Match", "ignores it"])
def test_other_version_than_the_known_is_left_alone(world: World, honours: bool) -> None:
    world.bucket.honours_conditions = honours
    action = gone(world)
    world.bucket.store("p/d/a", b"foreign")
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.FORGET
    assert world.bucket.objects["p/d/a"].body == b"foreign"


def test_equal_etag_of_another_size_is_another_version(world: World) -> None:
    action = gone(world)
    etag = world.bucket.objects["p/d/a"].etag
    world.bucket.store("p/d/a", b"of another size", etag=etag)
    assert world.carry_out(action).reason == "foreign_change"
    assert "p/d/a" in world.bucket.objects


def test_version_put_after_the_look_is_saved_by_the_condition(world: World) -> None:
    action = gone(world)
    world.bucket.on("delete", lambda: world.bucket.store("p/d/a", b"foreign"))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert world.bucket.objects["p/d/a"].body == b"foreign"


def test_object_gone_after_the_look_is_told(world: World) -> None:
    action = gone(world)
    world.bucket.on("delete", lambda: world.bucket.objects.pop("p/d/a"))
    assert world.carry_out(action).effect == "gone"


def test_busy_key_is_tried_again(world: World) -> None:
    action = gone(world)
    world.bucket.fail("delete", failure(FailureKind.CONFLICT, "OperationAborted", 409))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.RETRYABLE, "concurrent_change")
    assert "p/d/a" in world.bucket.objects


def test_failing_look_deletes_nothing(world: World) -> None:
    action = gone(world)
    world.bucket.fail("head", failure(FailureKind.TRANSIENT, "InternalError", 500))
    assert world.carry_out(action).result is Result.RETRYABLE
    assert world.bucket.count("delete") == 0


def test_missing_answer_stays_unknown(world: World) -> None:
    action = gone(world)
    told = failure(FailureKind.TRANSIENT, "AWS_ERROR_HTTP_CONNECTION_CLOSED", is_unknown=True)
    world.bucket.fail("delete", told, is_applied=True)
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)


def test_lost_condition_and_failing_look_decide_nothing(world: World) -> None:
    action = gone(world)
    told = failure(FailureKind.PRECONDITION, "PreconditionFailed", 412)
    world.bucket.fail("delete", told)
    told = failure(FailureKind.REFUSED, "AccessDenied", 403)
    world.bucket.on("delete", lambda: world.bucket.fail("head", told))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.effect) == (Result.REFUSED, "none")


def test_missing_root_deletes_nothing(world: World) -> None:
    action = gone(world)
    world.root.rename(world.root.with_name("away"))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.scope) == (Result.RETRYABLE, "root")
    assert not world.bucket.requests


def test_empty_directory_in_the_roots_place_deletes_nothing(world: World) -> None:
    action = gone(world)
    world.transfer.accept_root(RootIdentity(1, 1))
    outcome = world.carry_out(action)
    assert (outcome.reason, outcome.scope) == ("root_replaced", "root")
    assert not world.bucket.requests


def test_foreign_object_is_deleted_only_at_the_version_listed(tmp_path: Path) -> None:
    world = World(tmp_path / "root", retire_foreign=True)
    world.bucket.store("p/f", b"foreign")
    action = world.action("f")
    assert (action.kind, action.reason) == (Kind.DELETE_REMOTE, "foreign")
    world.bucket.store("p/f", b"changed")
    assert world.carry_out(action).reason == "foreign_change"
    assert world.carry_out(world.action("f")).effect == "deleted"


# --- a bucket that is not there -------------------------------------------------------------------


def forgotten(world: World, path: str = "d/a") -> Action:
    """A file that a listing and the disk do not know any more."""
    action = gone(world, path)
    del world.bucket.objects[world.key(path)]
    action = world.action(path, baseline=action.baseline)
    assert action.kind is Kind.FORGET
    return action


@pytest.mark.parametrize("decided", [gone, forgotten], ids=["deletion", "forgetting"])
def test_missing_bucket_does_not_pass_for_a_missing_object(
    world: World, decided: Callable[[World], Action]
) -> None:
    action = decided(world)
    world.bucket.is_gone = True
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.effect, outcome.scope) == (Result.RETRYABLE, "none", "bucket")


def test_bucket_that_goes_after_the_look_does_not_pass_for_a_missing_object(world: World) -> None:
    action = gone(world)

    def go() -> None:
        world.bucket.is_gone = True

    world.bucket.fail("delete", failure(FailureKind.MISSING, "HTTP404", 404))
    world.bucket.on("delete", lambda: world.bucket.on("head", go))
    assert (world.carry_out(action).result, world.bucket.count("peek")) == (Result.RETRYABLE, 1)


def test_bucket_that_comes_back_between_two_answers_decides_nothing(world: World) -> None:
    action = gone(world)
    world.bucket.fail("head", failure(FailureKind.MISSING, "HTTP404", 404))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.RETRYABLE, "concurrent_change")
    assert "p/d/a" in world.bucket.objects


def test_file_that_is_back_when_its_object_is_known_to_be_gone_is_to_be_looked_at(
    world: World,
) -> None:
    action = forgotten(world)
    assert not world.carry_out(action).is_stale
    world.bucket.on("peek", lambda: world.write("d/a", b"content"))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.effect, outcome.is_stale) == (Result.DONE, "gone", True)


def test_object_that_a_listing_did_not_know_is_decided_about_anew(world: World) -> None:
    action = forgotten(world)
    world.bucket.store("p/d/a", b"content")
    outcome = world.carry_out(action)
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.DELETE_REMOTE


def test_empty_object_is_one(world: World) -> None:
    action = forgotten(world)
    world.bucket.store("p/d/a", b"")
    world.bucket.fail("peek", failure(FailureKind.PRECONDITION, "InvalidRange", 416))
    assert world.carry_out(action).follow_up is not None


def test_forgetting_costs_one_request_and_deleting_two(world: World) -> None:
    world.carry_out(forgotten(world))
    assert [name for name, _ in world.bucket.requests] == ["peek"]
    world.bucket.requests.clear()
    world.carry_out(gone(world))
    assert [name for name, _ in world.bucket.requests] == ["head", "delete"]


@pytest.mark.parametrize("is_listed", [True, False])
def test_where_a_store_does_not_say_what_is_missing_the_bucket_must_answer(
    world: World, is_listed: bool
) -> None:
    action = forgotten(world)
    world.bucket.fail("peek", failure(FailureKind.MISSING, "HTTP404", 404))
    if not is_listed:
        world.bucket.fail("list", failure(FailureKind.BUCKET, "NoSuchBucket", 404))
    outcome = world.carry_out(action)
    assert (outcome.effect == "gone") is is_listed
    assert outcome.scope == ("path" if is_listed else "bucket")


def test_refused_word_about_the_object_decides_nothing(world: World) -> None:
    action = forgotten(world)
    world.bucket.fail("peek", failure(FailureKind.REFUSED, "AccessDenied", 403))
    assert world.carry_out(action).result is Result.REFUSED
