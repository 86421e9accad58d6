"""No deletion without two looks, the grace between them, and the object still being ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.entry import Kind
from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


def test_a_deletion_needs_two_looks_with_the_grace_between(
    make_world: Callable[..., World],
) -> None:
    world = make_world(delete_grace_seconds=7).filled(30)
    world.remove("f000", hint=True)
    world.run(6.9)
    assert world.scanner.looks["f000"] == 1
    assert world.deleted() == []
    world.run(2)
    assert world.scanner.looks["f000"] == 2
    assert world.deleted() == ["f000"]


def test_the_last_of_a_slow_removal_has_its_grace_too(make_world: Callable[..., World]) -> None:
    """The 30 s are over a moment after it was seen gone."""
    world = make_world(delete_grace_seconds=2, max_delete=100).filled(120)
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
    world.filled(30)
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
    world.filled(30)
    world.remove("f000", hint=True)
    world.run(1)
    world.write("f000")  # and nobody says so
    world.run(60)
    assert world.deleted() == []
    assert world.objects == world.files
    assert world.status["in_sync"]


def test_an_event_alone_deletes_nothing(world: World) -> None:
    world.filled(30)
    world.hint("f000")
    world.run(60)
    assert world.deleted() == []
    assert world.ledger.count_deletions("waiting") == 0


def test_a_file_that_is_back_while_its_deletion_is_planned_is_kept(world: World) -> None:
    world.filled(30)
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
    world.filled(30)
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
    world.filled(30)
    world.remove("f000", hint=True)
    world.store.store("p/f000", b"theirs")
    world.run(60)
    assert world.objects["f000"] == b"theirs"
    assert world.ledger.baseline("f000") is None
    assert world.status["in_sync"]


def test_a_path_that_became_a_symlink_is_not_absent(world: World) -> None:
    world.filled(30)
    world.remove("f000", hint=True)
    world.run(1)
    (world.root / "f000").symlink_to("f001")
    world.run(60)
    assert world.deleted() == []
    assert Kind.DELETE_REMOTE not in {action.kind for action in world.carried}
    assert world.ledger.count_deletions("waiting") + world.ledger.count_deletions("cleared") == 0


def test_a_deletion_seen_before_a_kill_is_looked_at_twice_again(world: World) -> None:
    world.filled(30)
    world.remove("f000", hint=True)
    world.run(1)
    world.ledger.commit()
    world.restart()
    world.run(1)
    assert world.deleted() == []
    world.run(20)
    assert world.deleted() == ["f000"]


def test_a_directory_in_place_of_the_file_is_absence(world: World) -> None:
    world.filled(30)
    world.remove("f000")
    world.write("f000/inner")
    world.hint("f000")
    world.settle()
    assert world.objects == world.files


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
