"""A bucket that fails, changes or comes back: nothing is forgotten, and nothing asked in a loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.errors import SiteUnavailable
from tests.fakes_bucket import failure
from tests.scenarios.troubles import REFUSED
from tests.scenarios.world import PREFIX, World

UNKNOWN = failure(FailureKind.TRANSIENT, "InternalError", 500, is_unknown=True)
OTHER_SIZE, EQUAL_SIZE = b"other", b"content of f00!"


@pytest.fixture
def settled(world: World) -> World:
    """Three files, in the bucket."""
    world.fill(3)
    world.settle()
    return world


def _count(world: World, operation: str) -> int:
    return sum(name == operation for name, _ in world.store.requests)


def _tamper(world: World, foreign: bytes | None) -> None:
    """Replace or remove an object behind the site's back."""
    del world.store.objects[f"{PREFIX}f001"]
    if foreign is not None:
        world.store.store(f"{PREFIX}f001", foreign)


def test_a_put_without_an_answer_is_repeated_with_growing_pauses(settled: World) -> None:
    settled.store.fail("put", UNKNOWN, times=10_000)
    settled.write("new", hint=True)
    before = _count(settled, "put")
    settled.run(60)
    assert 4 <= _count(settled, "put") - before <= 10
    assert not settled.status["in_sync"]


def test_a_put_over_a_foreign_object_is_repeated_with_growing_pauses_too(settled: World) -> None:
    settled.store.store(f"{PREFIX}new", b"somebody else's")
    settled.store.fail("put", UNKNOWN, times=10_000)
    settled.write("new", "ours", hint=True)
    before = _count(settled, "put")
    settled.run(60)
    assert 4 <= _count(settled, "put") - before <= 10
    assert settled.status["pending"]["failed"] == 1
    settled.store.heal()
    settled.run(120)
    assert settled.objects["new"] == b"ours"
    assert settled.status["in_sync"]


def test_an_edit_is_sent_though_the_version_before_it_waits_long(settled: World) -> None:
    settled.store.fail("put", UNKNOWN, times=6)
    settled.write("new", hint=True)
    settled.run(30)
    settled.write("new", "edited", hint=True)
    settled.run(5)
    assert settled.objects["new"] == b"edited"


@pytest.mark.parametrize("told", [UNKNOWN, REFUSED], ids=["no answer", "refused"])
@pytest.mark.parametrize("foreign", [None, OTHER_SIZE, EQUAL_SIZE])
def test_a_repair_that_failed_is_not_forgotten(
    settled: World, told: Failure, foreign: bytes | None
) -> None:
    _tamper(settled, foreign)
    settled.store.fail("put", told)
    settled.command("rescan", remote=True)
    settled.run(5_000)
    assert settled.objects == settled.files
    assert settled.status["in_sync"]


@pytest.mark.parametrize("foreign", [None, OTHER_SIZE, EQUAL_SIZE])
def test_a_touch_does_not_hide_that_the_object_is_another(
    settled: World, foreign: bytes | None
) -> None:
    _tamper(settled, foreign)
    (settled.root / "f001").touch()
    settled.hint("f001")
    settled.command("rescan", remote=True)
    settled.settle()
    settled.run(5)
    assert settled.objects == settled.files


def test_a_change_of_class_that_got_no_answer_is_repeated(settled: World) -> None:
    settled.store.fail("copy", UNKNOWN, times=3)
    settled.restart(storage_class="GLACIER_IR")
    settled.run(200)
    assert {one.storage_class for one in settled.store.objects.values()} == {"GLACIER_IR"}
    assert _count(settled, "copy") == 6
    assert settled.status["in_sync"]


def test_a_bucket_that_was_gone_is_listed_when_it_is_back(settled: World) -> None:
    settled.store.objects.clear()
    settled.store.outage = SiteUnavailable("s", "The bucket does not exist.")
    settled.store.fail("put", failure(FailureKind.BUCKET, "NoSuchBucket", 404))
    settled.write("new", hint=True)
    settled.run(10)
    assert settled.status["state"] == "unavailable"
    settled.store.outage = None
    settled.settle()
    assert settled.objects == settled.files


@pytest.mark.parametrize("retire_deleted", [True, False])
def test_an_old_version_applied_late_is_replaced_again(
    make_world: Callable[..., World], retire_deleted: bool
) -> None:
    world = make_world(retire_deleted=retire_deleted)
    world.fill(3)
    world.settle()
    world.store.fail("put", UNKNOWN)
    world.write("f001", "first edit", hint=True)
    world.run(0.5)
    late: dict[str, Any] = next(t for n, t in reversed(world.store.requests) if n == "put")
    world.write("f001", "second edit", hint=True)
    world.settle()
    assert world.objects["f001"] == b"second edit"
    world.store.store(late["key"], b"first edit", metadata=late.get("metadata", {}))
    world.run(90)
    assert world.objects["f001"] == b"second edit"


def test_a_slow_removal_of_most_of_a_tree_is_held_as_a_whole(world: World) -> None:
    paths = world.fill(1_000)
    world.settle()
    for number, path in enumerate(paths[:600]):  # a quarter of the tree takes longer than 30 s
        world.remove(path, hint=True)
        if number % 6 == 5:
            world.run(1)
    world.run(60)
    assert world.deleted() == []
    assert world.status["held_deletions"] == 600
