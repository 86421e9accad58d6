"""A change of class copies the known version onto itself and loses nothing of its description."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.entry import Action, Kind, Outcome, Result
from s3syncd.core.reconcile import decide
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.transfer.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "root", storage_class="GLACIER_IR")


def standing(world: World, **fields: Any) -> Action:
    """A file in both places whose object has the class of an older configuration."""
    world.write("a.txt", b"content")
    world.bucket.store("p/a.txt", b"content", content_type="text/x-own", **fields)
    action = world.action("a.txt", baseline=world.row("a.txt"))
    assert action.kind is Kind.RECLASS
    return action


def carry_out(world: World, action: Action) -> Outcome:
    return world.carry_out(action, intent=world.intent("a.txt", Kind.RECLASS, op_id="op-5"))


def test_class_changes_and_everything_else_stays(world: World) -> None:
    action = standing(world, metadata={"mtime": "1.000000000", "owner": "x"})
    outcome = carry_out(world, action)
    found = world.bucket.objects["p/a.txt"]
    assert (outcome.result, outcome.effect) == (Result.DONE, "reclassed")
    assert (found.storage_class, found.content_type) == ("GLACIER_IR", "text/x-own")
    assert found.metadata == {"mtime": "1.000000000", "owner": "x", "s3syncd-op": "op-5"}
    assert action.baseline is not None
    assert outcome.row == action.baseline._replace(storage_class="GLACIER_IR")


def test_version_of_the_copy_is_recorded(world: World) -> None:
    action = standing(world)
    world.bucket.etag_of = lambda _body: "new-version"
    row = carry_out(world, action).row
    assert row is not None
    assert row.etag == "new-version"


def test_store_that_tells_no_etag_is_asked_for_it(world: World) -> None:
    action = standing(world)
    world.bucket.tells_copy_etag = False
    world.bucket.etag_of = lambda _body: "new-version"
    row = carry_out(world, action).row
    assert row is not None
    assert row.etag == "new-version"


def test_version_of_another_writer_is_not_taken_for_the_copy(world: World) -> None:
    action = standing(world)
    world.bucket.tells_copy_etag = False

    def overwrite_after_the_copy() -> None:
        world.bucket.on("head", lambda: world.bucket.store("p/a.txt", b"foreign"))

    world.bucket.on("copy", overwrite_after_the_copy)
    outcome = carry_out(world, action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert outcome.row is None


def test_look_that_fails_after_the_copy_leaves_it_unknown(world: World) -> None:
    action = standing(world)
    world.bucket.tells_copy_etag = False
    told = failure(FailureKind.THROTTLED, "SlowDown", 503)
    world.bucket.on("copy", lambda: world.bucket.fail("head", told))
    outcome = carry_out(world, action)
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)


def test_other_version_than_the_known_is_not_copied(world: World) -> None:
    action = standing(world)
    world.bucket.store("p/a.txt", b"foreign")
    assert carry_out(world, action).reason == "foreign_change"
    assert world.bucket.count("copy") == 0


def test_version_put_after_the_look_is_not_copied(world: World) -> None:
    action = standing(world)
    world.bucket.on("copy", lambda: world.bucket.store("p/a.txt", b"foreign"))
    outcome = carry_out(world, action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert world.bucket.objects["p/a.txt"].body == b"foreign"


def test_description_that_a_copy_would_lose_is_worth_more_than_the_class(world: World) -> None:
    action = standing(world, headers={"cache-control": "no-store"})
    outcome = carry_out(world, action)
    assert (outcome.result, outcome.effect) == (Result.DONE, "unchanged")
    assert "cache-control" in outcome.hint
    assert world.bucket.count("copy") == 0
    assert outcome.row is not None
    remote = world.remote("a.txt")
    again = decide("a.txt", world.entry("a.txt"), outcome.row, remote, world.policy)
    assert again is None, "asked for again at every reconcile"


def test_object_too_large_for_a_copy_is_uploaded_anew(world: World) -> None:
    action = standing(world)
    assert action.baseline is not None
    size_bytes = 5 * 1024**3 + 1
    world.bucket.objects["p/a.txt"].headers["content-length"] = str(size_bytes)
    large = action.baseline._replace(size_bytes=size_bytes)
    outcome = carry_out(world, action._replace(baseline=large))
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.UPLOAD
    assert world.bucket.count("copy") == 0


def test_missing_answer_stays_unknown(world: World) -> None:
    action = standing(world)
    told = failure(FailureKind.TRANSIENT, "AWS_IO_SOCKET_CLOSED", is_unknown=True)
    world.bucket.fail("copy", told, is_applied=True)
    outcome = carry_out(world, action)
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)
