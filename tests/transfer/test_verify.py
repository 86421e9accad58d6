"""A verification says of each path what is proved, and changes nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from s3syncd.core.entry import Action, Kind
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.transfer.world import CLOSED, MIB, World, drive

KMS = {"x-amz-server-side-encryption": "aws:kms"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "root")


def word(world: World, path: str = "a", **changes: object) -> str:
    """Verify a path as scan and listing found it, with these differences."""
    is_there = (world.root / path).is_file()
    local = world.entry(path) if is_there else None
    action = Action(Kind.ADOPT, path, local, None, world.remote(path), 4, "first_contact")
    call = world.transfer.verify_for(action._replace(**changes), settle=CLOSED)  # type: ignore[arg-type]
    told: str = drive(call)
    assert {name for name, _ in world.bucket.requests} <= {"head"}
    return told


def test_equal_content_costs_no_request(world: World) -> None:
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    assert word(world) == ""
    assert not world.bucket.requests


def test_other_content_of_the_same_size_is_found(world: World) -> None:
    world.write("a", b"content")
    world.bucket.store("p/a", b"CONTENT")
    assert word(world) == "other_content"


def test_another_size_needs_no_reading(world: World) -> None:
    world.write("a", b"content")
    world.bucket.store("p/a", b"more content")
    assert word(world) == "other_content"


def test_a_file_without_an_object_is_missing(world: World) -> None:
    world.write("a", b"content")
    assert word(world) == "missing_in_bucket"


def test_an_object_without_a_file_is_foreign(world: World) -> None:
    world.bucket.store("p/a", b"content")
    assert word(world) == "foreign_object"
    assert not world.bucket.requests


def test_what_was_put_since_the_listing_is_no_difference(world: World) -> None:
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    assert word(world, remote=None) == ""
    stale = world.remote("a")
    assert stale is not None
    assert word(world, remote=stale._replace(etag="0" * 32)) == ""


def test_what_was_removed_on_both_sides_since_is_no_difference(world: World) -> None:
    local = world.write("a", b"content")
    (world.root / "a").unlink()
    assert word(world, local=local) == ""


def test_an_object_that_only_a_key_can_tell_of_is_not_proved(world: World) -> None:
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    held = world.bucket.objects["p/a"]
    held.etag, held.headers = "0" * 32, dict(KMS)
    assert word(world) == "unproved"
    held.metadata["s3syncd-md5"] = hashlib.md5(b"content").hexdigest()
    assert word(world) == ""


def test_parts_are_hashed_as_they_were_sent(world: World) -> None:
    content = b"x" * (2 * MIB)
    world.write("a", content)
    world.bucket.store("p/a", content, part_sizes=[MIB, MIB])
    assert word(world) == ""


def test_a_link_in_the_place_of_a_file_is_not_followed(world: World) -> None:
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    local = world.entry("a")
    (world.root / "a").unlink()
    (world.root / "a").symlink_to("elsewhere")
    assert word(world, local=local) == "changing"


def test_a_file_with_a_writer_is_not_judged(world: World) -> None:
    world.write("a", b"content")
    world.bucket.store("p/a", b"content")
    world.while_reading(lambda: world.rewrite("a", b"CONTENT"))
    assert word(world) == "changing"


def test_a_store_that_does_not_answer_proves_nothing(world: World) -> None:
    world.write("a", b"content")
    world.bucket.fail("head", failure(FailureKind.CREDENTIALS, "ExpiredToken", 403))
    assert word(world) == "not_compared"
