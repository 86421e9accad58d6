"""From the first reconcile on: files come, change and go, and the bucket follows."""

from __future__ import annotations

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
