"""A ledger as it was some time ago, put back by whoever restores a backup or a machine's snapshot.

Its rows are of the past, and so are its intents and lists: nothing may be deleted or overwritten
because of them, and both sides become equal.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.scenarios.world import World


@contextmanager
def _put_back(world: World, aside: Path) -> Iterator[None]:
    """Keep the ledger as it is, let the block happen, and start with the ledger that was kept."""
    state = world._ledger_path.parent
    world.kill()
    shutil.copytree(state, aside)
    world.start()
    yield
    world.kill()
    shutil.rmtree(state)
    aside.rename(state)
    world.start()


def test_what_happened_since_is_neither_undone_nor_deleted(world: World, tmp_path: Path) -> None:
    world.fill(8)
    world.settle()
    with _put_back(world, tmp_path / "aside"):
        world.settle()
        world.write("f000", "edited")
        world.write("f001", "content of F001")  # as long as before
        world.remove("f002")
        world.rename("f003", "renamed")
        world.write("new")
        world.command("rescan")
        world.settle()
        assert world.objects == world.files
        world.store.requests.clear()
    world.settle()
    assert world.objects == world.files
    assert world.store.effects() == [], "its content proves each file the same"


def test_an_edited_file_that_is_deleted_after_that_keeps_its_newer_object(
    world: World, tmp_path: Path
) -> None:
    """The row knows an older version: nothing tells that the user deleted this one."""
    world.fill(3)
    world.settle()
    with _put_back(world, tmp_path / "aside"):
        world.write("f000", "edited", hint=True)
        world.settle()
    world.remove("f000")
    world.settle()
    assert world.deleted() == []
    assert world.objects["f000"] == b"edited"
    world.command("rescan", remote=True)
    world.settle()
    assert world.status["foreign_objects"] == 1


@pytest.mark.parametrize("is_approved", [False, True])
def test_an_old_list_deletes_no_file_that_is_back(
    make_world: Callable[..., World], tmp_path: Path, is_approved: bool
) -> None:
    world = make_world(max_delete=1)
    world.fill(4)
    world.settle()
    contents = world.files
    for path in ("f000", "f001"):
        world.remove(path, hint=True)
    while not world.status["held_deletions"]:
        world.run(1)
    if is_approved:
        world.store.is_gone = True  # so that what is approved waits
        world.run(1)
        world.command("approve")
    with _put_back(world, tmp_path / "aside"):
        world.store.is_gone = False
        for path in ("f000", "f001"):
            world.write(path, contents[path].decode())
        world.settle()
        assert world.objects == contents
        world.store.requests.clear()
    world.settle()
    assert world.deleted() == []
    assert world.objects == contents


def test_an_old_intent_is_looked_into_and_takes_nothing_back(world: World, tmp_path: Path) -> None:
    world.fill(3)
    world.settle()
    world.lane.is_held = True
    world.write("f000", "second version", hint=True)
    world.remove("f001", hint=True)
    world.run(30)
    assert {intent.path for intent in world.ledger.intents()} >= {"f000"}
    with _put_back(world, tmp_path / "aside"):
        world.settle()
        world.write("f000", "third version", hint=True)
        world.write("f001", "made again", hint=True)
        world.settle()
        assert world.objects == world.files
        world.store.requests.clear()
    world.settle()
    assert world.objects == world.files
    assert world.deleted() == []
