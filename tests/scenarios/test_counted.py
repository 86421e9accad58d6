"""What looked like a rename, or was under way, counts when it is known to be a deletion."""

from __future__ import annotations

import pytest

from tests.scenarios.troubles import BROKEN, NO_ANSWER
from tests.scenarios.world import World


@pytest.fixture
def tree(world: World) -> World:
    """A site of 60 files, half of them in a directory; 20 may go in a day."""
    world.fill(30, "d/")
    return world.filled(30)


def _remove(world: World, first: int, last: int, directory: str = "d/") -> None:
    for number in range(first, last):
        world.remove(f"{directory}f{number:03}", hint=True)


def _keys(first: int, last: int) -> list[str]:
    return [f"p/d/f{number:03}" for number in range(first, last)]


def test_a_tree_that_is_moved_and_then_deleted_is_held(tree: World) -> None:
    """A trash can within the site that is emptied before its files are in the bucket."""
    tree.lane.limit = 0
    tree.rename("d", "trash", hint=True)
    tree.run(60)
    assert tree.status["held_deletions"] == 0
    _remove(tree, 0, 30, "trash/")
    tree.lane.limit = 64
    tree.run(100)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] == 30


def test_files_that_were_given_the_inodes_of_others_are_no_renames(tree: World) -> None:
    """File systems do so at once; that it is so shows when they are recorded."""
    tree.lane.limit = 0
    tree.rename("d", "e", hint=True)
    for number in range(30):
        tree.write(f"e/f{number:03}", "another file, of another size")
    tree.run(60)
    assert tree.status["held_deletions"] == 0
    tree.lane.limit = 64
    tree.run(100)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] == 30
    assert len(tree.objects) == 90


def test_what_was_moved_and_deleted_while_its_old_names_were_written_anew_is_held(
    tree: World,
) -> None:
    """Until the old names are sent the ledger knows the deleted files by those names, too."""
    tree.rename("d", "e", hint=True)
    while tree.ledger.count()[0] < 90:
        tree.run(0.1)
    tree.lane.limit = 0
    for number in range(30):
        tree.write(f"d/f{number:03}", f"d/f{number:03} anew", hint=True)
    tree.run(2)
    _remove(tree, 0, 30, "e/")
    tree.run(60)
    assert tree.deleted() == []
    tree.lane.limit = 64
    tree.run(100)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] == 30
    assert len(tree.objects) == 90


def test_names_that_were_moved_and_replaced_before_the_old_ones_went_are_no_renames(
    tree: World,
) -> None:
    tree.rename("d", "e", hint=True)
    while tree.ledger.count_deletions("cleared") < 30:
        tree.run(0.01)
    tree.lane.limit = 0
    for number in range(30):  # all of them first: else one is given the inode of the last
        tree.write(f"new{number}", f"e/f{number:03} anew")
    for number in range(30):
        tree.rename(f"new{number}", f"e/f{number:03}", hint=True)
    tree.run(60)
    tree.lane.limit = 64
    tree.run(100)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] == 30


def test_what_went_while_its_old_name_was_written_anew_is_in_the_log_of_deletions(
    tree: World,
) -> None:
    tree.rename("d", "e", hint=True)
    while tree.ledger.count()[0] < 90:
        tree.run(0.1)
    tree.store.fail("put", BROKEN, times=10**4)
    for number in range(30):
        tree.write(f"d/f{number:03}", f"d/f{number:03} anew", hint=True)
    tree.run(2)
    _remove(tree, 0, 15, "e/")
    tree.run(60)
    assert len(tree.deleted()) == 15
    assert tree.ledger.deletions_logged_since(0) == 15


def _given_their_inodes(tree: World, count: int) -> None:
    """Delete files; the next ones are given their inodes, as ext4 does, and have their size."""
    for number in range(count):
        old, new = f"d/f{number:03}", f"new{number:03}"
        inode = tree.entry(old).inode
        (tree.root / old).rename(tree.root / new)
        (tree.root / new).write_text(f"CONTENT OF {old}")
        assert tree.entry(new).inode == inode
        tree.hint(new)
    while tree.ledger.count()[0] < 60 + count:
        tree.run(0.1)
    for number in range(count):
        tree.hint(f"d/f{number:03}")


def test_files_that_were_given_the_inodes_of_deleted_ones_of_their_size_are_no_renames(
    tree: World,
) -> None:
    _given_their_inodes(tree, 30)
    tree.run(60)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] == 30


def test_files_that_were_given_the_inodes_of_deleted_ones_are_in_the_log_of_deletions(
    tree: World,
) -> None:
    _given_their_inodes(tree, 15)
    tree.settle()
    assert len(tree.deleted()) == 15
    assert tree.ledger.deletions_logged_since(0) == 15


def test_a_few_that_turn_out_to_be_no_renames_go_unasked(tree: World) -> None:
    tree.lane.limit = 0
    tree.rename("d", "e", hint=True)
    tree.run(60)
    _remove(tree, 10, 30, "e/")
    tree.lane.limit = 64
    tree.settle()
    assert tree.objects == tree.files
    assert tree.status["held_deletions"] == 0
    assert tree.ledger.deletions_logged_since(0) == 20


def test_deletions_without_an_answer_count_before_it_is_known(tree: World) -> None:
    """They have failed so often by then that it is long until they are wanted again."""
    tree.store.fail("delete", BROKEN, times=7 * 15)
    tree.store.fail("delete", NO_ANSWER, times=15, is_applied=True)
    for _ in range(8 * 15 - 1):
        tree.store.on("delete", lambda: None)
    tree.store.on("delete", lambda: tree.store.silent.update(_keys(0, 15)))
    _remove(tree, 0, 15)
    while "d/f014" in tree.objects:
        tree.run(1)
    assert tree.ledger.deletions_logged_since(0) == 0
    tree.store.requests.clear()
    _remove(tree, 15, 30)
    tree.run(30)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] == 15
    tree.store.silent.clear()
    tree.run(100)
    assert tree.ledger.deletions_logged_since(0) == 15


def test_deletions_that_a_kill_left_unrecorded_count_before_that_is_known(tree: World) -> None:
    tree.lane.is_held = True
    _remove(tree, 0, 15)
    tree.run(6)
    assert tree.lane.in_flight == 15
    for key in _keys(0, 15):
        del tree.store.objects[key]  # carried out, and nobody heard of it
    tree.store.silent.update(_keys(0, 15))
    tree.restart()
    _remove(tree, 15, 30)
    tree.run(60)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] >= 15
    tree.store.silent.clear()
    tree.run(100)
    assert tree.deleted() == []
    assert tree.status["held_deletions"] == 15


def test_a_deletion_asked_for_twice_counts_once(tree: World) -> None:
    """The store neither answered nor deleted; the files are still gone."""
    tree.store.fail("delete", NO_ANSWER, times=15)
    _remove(tree, 0, 15)
    tree.run(6)
    _remove(tree, 15, 20)
    tree.settle()
    assert tree.objects == tree.files
    assert tree.status["held_deletions"] == 0


def test_no_more_go_unasked_than_were_counted(tree: World) -> None:
    """One is on its way and one more was counted with it: nobody else may take their places."""
    tree.lane.is_held = True
    tree.remove("f000", hint=True)
    tree.run(6)
    tree.rename("d", "trash", hint=True)
    tree.remove("f001", hint=True)
    tree.run(60)
    assert tree.ledger.count_deletions("cleared") == 32
    _remove(tree, 0, 30, "trash/")
    tree.run(1)
    tree.lane.is_held = False
    tree.run(100)
    assert set(tree.deleted()) <= {"f000", "f001"}
    assert tree.status["held_deletions"] >= 30


def test_what_was_called_back_takes_nobodys_place(tree: World) -> None:
    tree.lane.limit = 0
    tree.remove("f029", hint=True)
    tree.run(6)
    assert tree.site.backlog.deletions == 1
    _remove(tree, 0, 30)
    tree.run(60)
    tree.lane.limit = 64
    assert tree.status["held_deletions"] == 31
    tree.fill(30, "d/")
    tree.command("rescan")
    tree.run(10)
    assert tree.status["held_deletions"] == 1
    tree.remove("f001", hint=True)
    tree.run(60)
    assert tree.deleted() == ["f001"]
