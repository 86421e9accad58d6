"""A listing alone never says that an object is gone."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


def _unlisted(world: World, path: str) -> None:
    """From now on no listing knows the object of a path."""
    world.store.page_keys = 100
    world.store.order = lambda keys: sorted(key for key in keys if not key.endswith(path))


def test_an_object_that_a_listing_does_not_know_yet_is_deleted(world: World) -> None:
    """Some stores list behind what they hold: the path would be forgotten, its object kept."""
    world.filled(30)
    world.remove("f007")
    _unlisted(world, "f007")
    world.command("sync")
    world.run(0.1)
    assert world.ledger.baseline("f007") is not None
    world.settle()
    assert world.deleted() == ["f007"]
    assert "f007" not in world.objects


def test_a_path_gone_on_both_sides_is_asked_about_once_and_forgotten(world: World) -> None:
    world.filled(30)
    world.store.page_keys = 100
    for path in ("f003", "f004"):
        world.remove(path, hint=path == "f004")
        del world.store.objects[f"p/{path}"]
    world.run(0.3)
    assert world.ledger.count_deletions("waiting") == 1, "f004 was seen gone"
    world.store.requests.clear()
    world.command("sync")
    world.run(0.3)
    assert [told["key"] for name, told in world.store.requests if name == "peek"] == [
        "p/f003",
        "p/f004",
    ]
    assert world.ledger.count_deletions("waiting") == 0
    world.settle()
    assert world.ledger.count()[0] == 28
    assert world.store.effects() == []


def test_a_foreign_version_that_a_listing_does_not_know_is_left_alone(world: World) -> None:
    world.filled(30)
    world.remove("f007")
    world.store.store("p/f007", b"somebody else's")
    _unlisted(world, "f007")
    world.command("sync")
    world.settle()
    assert world.deleted() == []
    assert world.ledger.baseline("f007") is None


def test_a_store_that_does_not_answer_about_a_path_lets_nothing_be_forgotten(world: World) -> None:
    world.filled(30)
    world.remove("f007")
    _unlisted(world, "f007")
    world.store.fail("head", failure(FailureKind.TRANSIENT, "InternalError", 500))
    world.command("sync")
    world.run(0.1)
    assert world.ledger.baseline("f007") is not None
    world.settle()
    assert world.deleted() == ["f007"]


def test_without_retire_deleted_a_path_gone_on_both_sides_costs_no_request(
    make_world: Callable[..., World],
) -> None:
    world = make_world(retire_deleted=False).filled(30)
    world.remove("f003")
    del world.store.objects["p/f003"]
    world.store.requests.clear()
    world.command("sync")
    world.settle()
    assert world.ledger.baseline("f003") is None
    assert world.store.count("head") == 0
