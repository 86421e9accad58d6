"""From the first reconcile on: files come, change, move and go, and the bucket follows."""

from __future__ import annotations

from collections.abc import Callable

from s3syncd.core.entry import Kind
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


def test_the_first_reconcile_uploads_all_and_the_second_sends_nothing(world: World) -> None:
    world.fill(40)
    world.write("d/e/deep")
    world.settle()
    assert world.objects == world.files
    world.store.requests.clear()
    world.command("sync")
    world.settle()
    assert world.store.effects() == []
    assert {name for name, _ in world.store.requests} == {"list"}


def test_objects_that_are_there_already_are_adopted_and_not_sent(world: World) -> None:
    for path in world.fill(5):
        world.store.store(f"p/{path}", world.files[path])
    world.write("f002", "another content")
    world.settle()
    assert world.puts() == ["f002"]
    assert world.ledger.count()[0] == 5


def test_a_restart_sends_nothing_again(world: World) -> None:
    world.fill(20)
    world.settle()
    world.store.requests.clear()
    world.restart()
    world.settle()
    assert world.store.effects() == []


def test_a_new_a_changed_and_a_deleted_file_follow_their_hints(world: World) -> None:
    world.fill(3)
    world.settle()
    world.write("new", hint=True)
    world.write("f000", "other", hint=True)
    world.remove("f001", hint=True)
    world.run(10)
    assert world.objects == world.files
    assert world.status["in_sync"]
    assert world.deleted() == ["f001"]


def test_a_touch_sends_nothing(world: World) -> None:
    world.write("a", "same")
    world.settle()
    world.write("a", "same", hint=True)
    world.run(10)
    assert world.puts() == ["a"]
    assert world.ledger.baseline("a").ctime_ns == world.entry("a").ctime_ns  # type: ignore[union-attr]


def test_the_new_name_is_recorded_before_the_old_one_is_deleted(world: World) -> None:
    world.write("old", "content")
    world.settle()
    world.rename("old", "new", hint=True)
    world.lane.is_held = True
    world.run(30)
    assert world.deleted() == []
    world.lane.is_held = False
    world.run(30)
    assert world.store.effects()[-2:] == [("put", "p/new"), ("delete", "p/old")]
    assert world.objects == world.files


def test_an_old_name_waits_for_a_new_one_that_is_still_open(world: World) -> None:
    """Its inode is not known before it is looked at, and that takes as long as it may be open."""
    world.fill(9)
    world.write("old", "content")
    world.settle()
    world.rename("old", "new", hint=True, is_closed=False)
    world.run(4)
    assert world.deleted() == []
    assert "old" in world.objects
    world.run(30)
    assert world.store.effects()[-2:] == [("put", "p/new"), ("delete", "p/old")]


def test_an_old_name_waits_while_the_upload_of_the_new_one_fails(world: World) -> None:
    world.write("old", "content")
    world.settle()
    world.store.fail("put", failure(FailureKind.REFUSED, "AccessDenied", 403))
    world.rename("old", "new", hint=True)
    world.run(600)
    assert world.deleted() == []
    world.run(3700)
    assert world.store.effects()[-2:] == [("put", "p/new"), ("delete", "p/old")]


def test_a_directory_that_moves_is_copied_before_its_old_keys_go(world: World) -> None:
    world.fill(30, "d/")
    world.write("stays")
    world.settle()
    world.store.requests.clear()
    world.rename("d", "e", hint=True)
    world.settle()
    assert world.objects == world.files
    kinds = [name for name, _ in world.store.effects()]
    assert kinds == ["put"] * 30 + ["delete"] * 30
    assert world.log.of("deletions.held") == []


def test_a_moved_tree_does_not_use_up_what_may_be_deleted(world: World) -> None:
    """Renames are not counted, neither while they wait nor for the 24 hours after."""
    world.fill(40, "d/")
    world.fill(10)
    world.settle()
    world.rename("d", "e", hint=True)
    world.settle()
    world.remove("f000", hint=True)
    world.run(30)
    assert world.deleted()[-1] == "f000"
    assert world.status["held_deletions"] == 0


def test_a_reclass_follows_a_changed_storage_class(world: World) -> None:
    world.fill(3)
    world.settle()
    world.restart(storage_class="STANDARD_IA")
    world.settle()
    kinds = [action.kind for action in world.carried[-3:]]
    assert kinds == [Kind.RECLASS] * 3
    assert {found.storage_class for found in world.store.objects.values()} == {"STANDARD_IA"}
    world.store.requests.clear()
    world.command("sync")
    world.settle()
    assert world.store.effects() == []


def test_without_retire_deleted_nothing_is_ever_deleted(make_world: Callable[..., World]) -> None:
    world = make_world(retire_deleted=False)
    world.fill(3)
    world.settle()
    world.remove("f000", hint=True)
    world.run(100)
    world.command("sync")
    world.settle()
    assert "f000" in world.objects
    assert world.deleted() == []


def test_every_fourth_admission_is_the_reconciles(world: World) -> None:
    world.run(1)
    world.lane.limit = 0
    world.fill(20, "r/")
    world.command("rescan")
    world.run(1)
    for path in world.fill(20, "live/"):
        world.hint(path)
    world.run(3)
    assert len(world.site.backlog) == 40
    world.carried.clear()
    world.lane.limit = 1
    world.run(1)
    order = [action.path.startswith("r/") for action in world.carried]
    assert len(order) == 40
    for start in range(0, 24, 4):
        assert sum(order[start : start + 4]) == 1, order


def test_a_path_in_flight_is_not_sent_twice_at_once(world: World) -> None:
    world.settle()
    world.write("a", "first", hint=True)
    world.lane.is_held = True
    world.run(5)
    assert world.lane.in_flight == 1
    world.write("a", "second", hint=True)
    world.run(20)
    assert world.lane.in_flight == 1
    world.lane.is_held = False
    world.run(20)
    assert world.objects == {"a": b"second"}
    assert world.status["in_sync"]


def test_each_transfer_is_named_at_debug(world: World) -> None:
    world.write("a", "four")
    world.settle()
    named = [facts for event, facts in world.log.lines if event == "transfer.done"]
    assert named == [{"path": "a", "effect": "put", "sent_bytes": 4}]
