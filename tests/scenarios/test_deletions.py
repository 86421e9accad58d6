"""No deletion without two looks, the grace between them, and the object still being ours."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Callable

import pytest

from s3syncd.core.entry import Kind
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


def _settled(world: World, count: int = 30) -> World:
    world.fill(count)
    world.settle()
    world.scanner.looks.clear()
    return world


def test_a_deletion_needs_two_looks_with_the_grace_between(
    make_world: Callable[..., World],
) -> None:
    world = _settled(make_world(delete_grace_seconds=7))
    world.remove("f000", hint=True)
    world.run(6.9)
    assert world.scanner.looks["f000"] == 1
    assert world.deleted() == []
    world.run(2)
    assert world.scanner.looks["f000"] == 2
    assert world.deleted() == ["f000"]


def test_the_last_of_a_slow_removal_has_its_grace_too(make_world: Callable[..., World]) -> None:
    """The 30 s are over a moment after it was seen gone."""
    world = _settled(make_world(delete_grace_seconds=2, max_delete=100), count=120)
    looks: dict[str, list[float]] = {}
    for tenth in range(400):
        if tenth % 10 == 0:
            world.remove(f"f{tenth // 10:03}", hint=True)
        world.run(0.1)
        for path, count in world.scanner.looks.items():
            seen = looks.setdefault(path, [])
            seen += [world.now] * (count - len(seen))
    distances = [seen[1] - seen[0] for seen in looks.values() if len(seen) > 1]
    assert len(distances) >= 28
    assert min(distances) >= 1.9, "2 s, looked at every tenth"


@pytest.mark.parametrize("is_renamed", [False, True])
def test_a_file_removed_while_its_failed_upload_waits_is_deleted(
    world: World, is_renamed: bool
) -> None:
    """Neither may the deletion wait for that upload, nor the upload for the deletion."""
    _settled(world)
    world.store.fail("put", failure(FailureKind.TRANSIENT, "socket closed", is_unknown=True))
    world.write("f001", "edited", hint=True)
    world.run(0.3)
    if is_renamed:
        world.rename("f001", "other", hint=True)
        world.run(0.2)
    world.remove("other" if is_renamed else "f001", hint=True)
    world.run(300)
    assert world.objects == world.files
    assert world.status["in_sync"]


def test_a_file_that_is_back_before_the_second_look_is_kept(world: World) -> None:
    _settled(world)
    world.remove("f000", hint=True)
    world.run(1)
    world.write("f000")  # and nobody says so
    world.run(60)
    assert world.deleted() == []
    assert world.objects == world.files
    assert world.status["in_sync"]


def test_an_event_alone_deletes_nothing(world: World) -> None:
    _settled(world)
    world.hint("f000")
    world.run(60)
    assert world.deleted() == []
    assert world.ledger.count_deletions("waiting") == 0


def test_a_file_that_is_back_while_its_deletion_is_planned_is_kept(world: World) -> None:
    _settled(world)
    world.lane.limit = 0
    world.remove("f000", hint=True)
    world.run(10)
    assert world.site.backlog.deletions == 1
    world.write("f000", "back", hint=True)
    world.run(10)
    world.lane.limit = 64
    world.settle()
    assert world.deleted() == []
    assert world.objects["f000"] == b"back"


def test_a_file_deleted_again_after_it_was_back_is_deleted(world: World) -> None:
    """What was planned and dropped must not stay in the way of the next deletion."""
    _settled(world)
    world.lane.limit = 0
    world.remove("f000", hint=True)
    world.run(10)
    world.write("f000", "back", hint=True)
    world.run(10)
    world.remove("f000", hint=True)
    world.run(10)
    world.lane.limit = 64
    world.settle()
    assert world.objects == world.files
    assert world.ledger.intents() == []


def test_an_object_that_somebody_changed_is_left_alone(world: World) -> None:
    _settled(world)
    world.remove("f000", hint=True)
    world.store.store("p/f000", b"theirs")
    world.run(60)
    assert world.objects["f000"] == b"theirs"
    assert world.ledger.baseline("f000") is None
    assert world.status["in_sync"]


def test_a_path_that_became_a_symlink_is_not_absent(world: World) -> None:
    _settled(world)
    world.remove("f000", hint=True)
    world.run(1)
    (world.root / "f000").symlink_to("f001")
    world.run(60)
    assert world.deleted() == []
    assert Kind.DELETE_REMOTE not in {action.kind for action in world.carried}
    assert world.ledger.count_deletions("waiting") + world.ledger.count_deletions("cleared") == 0


def test_a_deletion_seen_before_a_kill_is_looked_at_twice_again(world: World) -> None:
    _settled(world)
    world.remove("f000", hint=True)
    world.run(1)
    world.ledger.commit()
    world.restart()
    world.run(1)
    assert world.deleted() == []
    world.run(20)
    assert world.deleted() == ["f000"]


def test_a_directory_in_place_of_the_file_is_absence(world: World) -> None:
    _settled(world)
    world.remove("f000")
    world.write("f000/inner")
    world.hint("f000")
    world.settle()
    assert world.objects == world.files


def test_no_deletion_starts_while_a_directory_scan_is_outstanding(world: World) -> None:
    _settled(world)
    world.remove("f000", hint=True)
    world.run(1)
    world.scanner.is_held = True
    world.hints.scan("d/", is_recursive=True)
    world.run(60)
    assert world.deleted() == []
    world.scanner.is_held = False
    world.run(60)
    assert world.deleted() == ["f000"]


def test_no_deletion_starts_while_a_doubt_is_not_answered(world: World) -> None:
    _settled(world)
    world.remove("f000", hint=True)
    world.run(1)
    world.scanner.is_held = True
    world.hints.doubt("overflow")
    world.run(60)
    assert world.deleted() == []


def test_a_deletion_that_fails_is_tried_again_and_later_each_time(world: World) -> None:
    _settled(world)
    world.store.fail("delete", failure(FailureKind.TRANSIENT, "InternalError", 500), times=8)
    world.remove("f000", hint=True)
    moments = []
    for _ in range(4000):
        before = world.store.count("delete")
        world.run(1)
        if world.store.count("delete") > before:
            moments.append(world.now)
    assert "f000" not in world.objects
    distances = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert distances[-1] > 3 * distances[0], distances
    assert world.status["in_sync"]


def test_a_refused_deletion_is_tried_hourly(world: World) -> None:
    _settled(world)
    world.store.fail("delete", failure(FailureKind.REFUSED, "AccessDenied", 403), times=3)
    world.remove("f000", hint=True)
    world.run(3000)
    assert world.store.count("delete") == 1
    world.run(3 * 3700)
    assert "f000" not in world.objects


def test_foreign_objects_are_left_alone(world: World) -> None:
    world.store.store("p/theirs", b"x")
    _settled(world)
    world.run(100)
    assert world.status["foreign_objects"] == 1
    assert world.status["in_sync"]
    assert "theirs" in world.objects


@pytest.fixture
def foreign(make_world: Callable[..., World]) -> World:
    """A site that retires foreign objects, and two of those."""
    world = make_world(retire_foreign=True)
    world.store.store("p/theirs1", b"x")
    world.store.store("p/theirs2", b"y")
    world.fill(30)
    world.run(60)
    return world


def test_retire_foreign_waits_the_first_time(foreign: World) -> None:
    assert foreign.deleted() == []
    assert foreign.status["held_deletions"] == 2
    assert foreign.status["reason"] == "mass_delete"
    assert not foreign.status["in_sync"]
    foreign.command("approve", list=foreign.status["held_list"])
    foreign.settle()
    assert foreign.objects == foreign.files
    foreign.store.store("p/theirs3", b"z")
    foreign.command("sync")
    foreign.run(30)
    assert "theirs3" not in foreign.objects


def test_a_foreign_object_goes_by_the_version_that_was_listed(foreign: World) -> None:
    foreign.command("approve", list=foreign.status["held_list"])
    foreign.store.requests.clear()
    foreign.store.store("p/theirs1", b"changed since")
    foreign.run(4)
    asked = [told for name, told in foreign.store.requests if name == "delete"]
    assert [told["key"] for told in asked] == ["p/theirs2"]
    assert asked[0]["if_match"]
    heads = [told["key"] for name, told in foreign.store.requests if name == "head"]
    assert sorted(heads) == ["p/theirs1", "p/theirs2"]
    foreign.settle()
    assert foreign.store.count("head") <= 4, "one look more for the version that is there now"


def test_a_foreign_hold_keeps_its_words_over_a_restart(foreign: World) -> None:
    held = foreign.status["held_list"]
    foreign.ledger.commit()
    foreign.restart()
    foreign.run(30)
    assert foreign.status["held_list"] == held
    assert "retire_foreign" in foreign.status["hint"]
    foreign.command("approve")
    foreign.settle()
    assert foreign.objects == foreign.files


def test_what_was_approved_takes_two_looks_since_then_also_after_a_restart(world: World) -> None:
    paths = world.fill(60)
    world.settle()
    for path in paths[:30]:
        world.remove(path, hint=True)
    world.run(60)
    assert world.status["held_deletions"] == 30
    world.command("approve", list=world.status["held_list"])
    world.run(2.5)
    assert world.deleted() == []
    world.restart()
    world.run(2.5)
    assert world.deleted() == []
    world.write(paths[0], "back before the second look")
    world.settle()
    assert world.objects == world.files
    assert paths[0] not in world.deleted()


def _unlisted(world: World, path: str) -> None:
    """From now on no listing knows the object of a path."""
    world.store.page_keys = 100
    world.store.order = lambda keys: sorted(key for key in keys if not key.endswith(path))


def test_an_object_that_a_listing_does_not_know_yet_is_deleted(world: World) -> None:
    """Some stores list behind what they hold: the path would be forgotten, its object kept."""
    _settled(world)
    world.remove("f007")
    _unlisted(world, "f007")
    world.command("sync")
    world.run(0.1)
    assert world.ledger.baseline("f007") is not None
    world.settle()
    assert world.deleted() == ["f007"]
    assert "f007" not in world.objects


def test_a_path_gone_on_both_sides_is_asked_about_once_and_forgotten(world: World) -> None:
    _settled(world)
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
    _settled(world)
    world.remove("f007")
    world.store.store("p/f007", b"somebody else's")
    _unlisted(world, "f007")
    world.command("sync")
    world.settle()
    assert world.deleted() == []
    assert world.ledger.baseline("f007") is None


def test_a_store_that_does_not_answer_about_a_path_lets_nothing_be_forgotten(world: World) -> None:
    _settled(world)
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
    world = _settled(make_world(retire_deleted=False))
    world.remove("f003")
    del world.store.objects["p/f003"]
    world.store.requests.clear()
    world.command("sync")
    world.settle()
    assert world.ledger.baseline("f003") is None
    assert world.store.count("head") == 0


def test_deletions_that_wait_are_kept_in_the_ledger_alone(make_world: Callable[..., World]) -> None:
    """As many as a stream of them brings in ten minutes, and no list of them in memory."""
    world = make_world(max_delete=10**6)
    paths = world.fill(600)
    world.settle()

    def held() -> int:
        """Bytes held by what the site itself has made."""
        gc.collect()
        mine = [tracemalloc.Filter(True, f"*/s3syncd/{each}/*") for each in ("site", "core")]
        taken = tracemalloc.take_snapshot().filter_traces(mine)
        return sum(each.size for each in taken.statistics("filename"))

    def remove(some: list[str]) -> None:
        for number, path in enumerate(some):
            world.remove(path, hint=True)
            if number % 20 == 19:
                world.run(1)
                world.waits.clear()

    remove(paths[:200])
    tracemalloc.start()
    try:
        before = held()
        remove(paths[200:])
        assert world.ledger.count_deletions("waiting") == 600
        assert held() - before < 32 * 1024  # a path and its row would be 100 KiB
    finally:
        tracemalloc.stop()
