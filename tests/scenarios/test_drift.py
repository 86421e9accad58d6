"""What somebody else put may have to wait for a person; what we put ourselves never does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.entry import Kind
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.troubles import REFUSED
from tests.scenarios.world import PREFIX, World

MakeWorld = Callable[..., World]


@pytest.fixture
def drifted(make_world: MakeWorld) -> World:
    """A file that waits for a person: somebody else's object stands where it is to go."""
    world = make_world(on_drift="hold")
    world.write("a", "mine")
    world.store.store(PREFIX + "a", b"this")
    world.run(30)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    return world


def test_a_failure_before_drift_was_met_is_not_tried_again_for_ever(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.write("a", "mine")
    world.store.store(PREFIX + "a", b"this")
    world.store.fail("head", failure(FailureKind.TRANSIENT))
    world.run(30)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    looks = world.scanner.looks["a"]
    world.run(600)
    assert world.scanner.looks["a"] <= looks + 1


def test_a_refusal_before_drift_was_met_is_not_tried_again_either(make_world: MakeWorld) -> None:
    """Hour after hour the whole file was sent, to be told that another version stands there."""
    world = make_world(on_drift="hold")
    world.settle()
    world.store.fail("put", REFUSED)
    world.write("a", "mine", hint=True)
    world.run(10)
    assert world.ledger.retries()[0] == 1
    world.store.store(PREFIX + "a", b"this")
    world.leap(3_700)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    before = world.store.count("put")
    world.leap(3_700)
    world.leap(3_700)
    assert world.store.count("put") == before
    assert world.ledger.retries()[0] == 0
    assert world.command("approve")["drift"] == 1
    world.run(60)
    assert world.objects["a"] == b"mine"
    assert world.status["in_sync"]


def test_an_approval_is_not_lost_to_a_repetition_that_is_due(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.settle()
    world.store.fail("put", REFUSED)
    world.write("a", "mine", hint=True)
    world.run(10)
    world.store.store(PREFIX + "a", b"this")
    world.now += 3_500
    while not any(each["reason"] == "drift" for each in world.status["problems"]):
        world.run(0.1 if world.store.count("put") > 1 else 10)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    assert world.command("approve")["drift"] == 1
    world.run(60)
    assert world.objects["a"] == b"mine"
    assert world.status["in_sync"]


def test_a_file_that_waits_is_sent_when_theirs_is_seen_gone(drifted: World) -> None:
    drifted.run(60)
    drifted.write("a", "mine, and more of it", hint=True)
    del drifted.store.objects[PREFIX + "a"]
    drifted.leap(3_700)
    assert [each["reason"] for each in drifted.status["problems"]] == ["drift"]  # no one looked
    drifted.command("rescan", remote=True)
    drifted.run(60)
    assert drifted.objects["a"] == b"mine, and more of it"
    assert drifted.status["in_sync"]


def test_drift_is_over_when_the_known_version_is_there_again(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.write("a", "mine")
    world.settle()
    world.store.store(PREFIX + "a", b"and theirs")
    world.command("rescan", remote=True)
    world.run(30)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    world.store.store(PREFIX + "a", b"mine")
    world.command("rescan", remote=True)
    world.run(30)
    assert world.status["problems"] == []
    assert world.status["in_sync"]


def _held(make_world: MakeWorld) -> World:
    """Give a site with another version of a known file in its bucket."""
    world = make_world(on_drift="hold").filled(6)
    world.store.store(PREFIX + "f003", b"and theirs")
    world.command("rescan", remote=True)
    world.run(30)
    assert world.status["problems_total"] == 1
    return world


def test_drift_is_not_over_because_its_file_was_away_for_a_moment(make_world: MakeWorld) -> None:
    world = _held(make_world)
    (world.root / "f003").rename(world.root.parent / "away")
    world.hint("f003")
    world.run(30)
    (world.root.parent / "away").rename(world.root / "f003")
    world.hint("f003")
    world.run(30)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    assert world.objects["f003"] == b"and theirs"
    assert not world.status["in_sync"]


def test_drift_is_not_over_because_nobody_could_look_at_its_file(make_world: MakeWorld) -> None:
    world = _held(make_world)
    world.scanner.unknown["f003"] = "unreadable"
    world.command("rescan", remote=True)
    world.hint("f003")
    world.run(30)
    assert not world.status["in_sync"]
    world.scanner.unknown.clear()
    world.command("rescan")
    world.hint("f003")
    world.run(30)
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]


def _looked_at_while_listed(make_world: MakeWorld, at_page: int, theirs: bytes | None) -> World:
    """Give a site whose drift met a pass while a look decided about its file.

    The pass is one of twelve pages; `theirs` is what it finds there now.
    """
    world = make_world(on_drift="hold")
    world.fill(12)
    world.settle_and_rest()
    world.store.store(PREFIX + "f003", b"and theirs")
    world.command("rescan", remote=True)
    world.run(30)
    if theirs is None:
        del world.store.objects[PREFIX + "f003"]
    world.store.page_keys = 1
    world.store.requests.clear()

    def meanwhile(number: int) -> None:
        if number == at_page:
            world.hint("f003")
        world.now += 0.2

    world.store.before_page = meanwhile
    world.command("rescan", remote=True)
    world.run(30)
    return world


@pytest.mark.parametrize("at_page", range(1, 7))
def test_drift_that_a_pass_met_while_its_file_was_looked_at_is_not_over(
    make_world: MakeWorld, at_page: int
) -> None:
    world = _looked_at_while_listed(make_world, at_page, b"and theirs")
    assert [each["reason"] for each in world.status["problems"]] == ["drift"]
    assert not world.status["in_sync"]
    assert world.puts() == []


@pytest.mark.parametrize("at_page", range(1, 7))
def test_a_file_that_is_looked_at_while_theirs_is_seen_gone_is_sent(
    make_world: MakeWorld, at_page: int
) -> None:
    world = _looked_at_while_listed(make_world, at_page, None)
    world.settle()
    assert world.objects == world.files


def test_our_own_upload_that_a_crash_left_unrecorded_is_no_drift(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold", retire_deleted=False)
    world.settle()
    world.lane.is_held = True
    world.write("a", "mine", hint=True)
    world.run(1)
    assert world.lane.in_flight
    world.lane.is_held = False
    while PREFIX + "a" not in world.store.objects:
        assert world.lane.step()
    world.restart()
    world.write("a", "mine too, and longer")
    world.settle()
    assert world.objects["a"] == b"mine too, and longer"


def test_an_upload_applied_after_its_file_was_deleted_is_deleted_too(world: World) -> None:
    world.settle()
    world.store.fail("put", failure(FailureKind.TRANSIENT, is_unknown=True))
    world.write("a", hint=True)
    world.run(10)
    late = next(told for name, told in world.store.requests if name == "put")
    assert world.puts() == ["a", "a"]
    world.store.on("delete", lambda: setattr(world.lane, "is_held", True))
    world.remove("a", hint=True)
    world.run(10)
    world.scanner.is_held = True  # a pass of a large tree takes its time
    world.command("rescan")
    world.run(1)
    world.lane.is_held = False
    world.run(1)
    assert not world.objects
    world.store.store(PREFIX + "a", late["body"], metadata=late["metadata"])
    world.run(100)
    world.scanner.is_held = False
    world.settle()
    assert not world.objects


def test_drift_of_the_same_size_is_over_when_it_is_approved(drifted: World) -> None:
    assert drifted.command("approve")["drift"] == 1
    drifted.run(30)
    assert drifted.objects["a"] == b"mine"
    assert drifted.status["in_sync"]


def test_what_is_approved_is_not_in_sync_before_it_is_overwritten(drifted: World) -> None:
    assert not drifted.status["in_sync"]
    drifted.scanner.is_held = True  # a pass of a large tree takes its time
    drifted.command("approve")
    drifted.run(10)
    assert not drifted.status["in_sync"]
    drifted.scanner.is_held = False
    drifted.settle()
    assert drifted.objects["a"] == b"mine"


def test_what_a_listing_tells_of_an_object_outlives_a_chmod_of_its_file(world: World) -> None:
    world.fill(6)
    world.settle()
    world.store.page_keys = 1
    world.store.store("p/f005", b"somebody else's")

    def meanwhile(number: int) -> None:
        if number == 1:
            (world.root / "f005").chmod(0o600)
            world.hint("f005")
        world.now += 0.2

    world.store.before_page = meanwhile
    world.command("rescan", remote=True)
    world.run(2)
    assert world.ledger.baseline("f005").mode & 0o777 == 0o600  # type: ignore[union-attr]
    world.settle()
    assert world.objects == world.files


def test_what_a_listing_tells_of_an_object_outlives_the_hashing_of_its_file(world: World) -> None:
    world.fill(6)
    world.settle()
    (world.root / "f005").chmod(0o600)
    world.hint("f005")
    world.lane.is_held = True
    world.run(1)
    assert "f005" in world.site.backlog.in_flight
    world.store.store("p/f005", b"somebody else's")
    hashing = world.lane._waiting.popleft()
    world.lane.is_held = False
    world.command("rescan", remote=True)
    world.run(2)
    assert "f005" in world.site.backlog.in_flight
    world.lane._waiting.append(hashing)
    world.run(2)
    world.settle()
    assert world.objects == world.files


def test_a_vanished_object_is_put_again(settled: World) -> None:
    del settled.store.objects["p/f003"]
    settled.command("sync")
    settled.settle()
    assert settled.objects == settled.files


def test_drift_is_overwritten_and_logged(settled: World) -> None:
    settled.store.store("p/f000", b"theirs")
    settled.command("sync")
    settled.settle()
    assert settled.objects == settled.files
    assert settled.log.of("object.overwritten") == [{"path": "f000", "reason": "drift"}]
    assert Kind.UPLOAD in {action.kind for action in settled.carried}
