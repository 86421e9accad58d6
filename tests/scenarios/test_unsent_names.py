"""A file renamed to where it can have no object: the one of its old name is the only one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.standing import is_left_to_person
from s3syncd.local.messages import NamesSkipped
from tests.scenarios.world import World

LONG = "/".join(letter * 250 for letter in "abcde")


@pytest.mark.parametrize("is_heard", [True, False], ids=["heard of", "found"])
def test_the_object_of_the_old_name_stays_until_the_file_has_another_one(
    world: World, is_heard: bool
) -> None:
    world.filled(5)
    content = world.objects["f000"]
    world.rename("f000", LONG, hint=is_heard)
    if not is_heard:
        world.hint("f000")
        world.hints.scan(f"{LONG.split('/')[0]}/", is_recursive=True)
    world.run(120)
    assert world.objects["f000"] == content
    assert [problem["reason"] for problem in world.status["problems"]] == ["key_too_long"]
    assert not world.status["in_sync"]
    assert is_left_to_person(world.status)
    assert world.status["pending"]["actions"] == 0
    assert world.command("explain", path="f000")["facts"]["kept_for"] == LONG
    world.rename(LONG, "again", hint=True)
    world.run(120)
    assert world.objects == world.files
    assert world.status["in_sync"]


def test_a_file_that_is_deleted_there_takes_the_object_of_its_old_name_along(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.filled(5)
    world.rename("f000", LONG, hint=True)
    world.run(60)
    world.remove(LONG, hint=True)
    world.run(60)
    assert world.objects == world.files
    assert world.status["in_sync"]


def _renamed_to_no_text(world: World) -> bytes:
    """Rename a file, as a scan tells it that meets a name which is not UTF-8."""
    world.filled(5)
    content, inode = world.objects["f000"], world.entry("f000").inode
    (world.root / "f000").rename(world.root.parent / "out of sight")
    world.scanner.skipped = NamesSkipped(1, 1, (r"bad\xff",), frozenset({inode}))
    world.hint("f000")
    world.hints.doubt("undecodable_name")
    world.run(120)
    return content


def test_a_file_renamed_to_what_is_no_text_keeps_the_object_of_its_old_name(world: World) -> None:
    content = _renamed_to_no_text(world)
    assert world.objects["f000"] == content
    assert [problem["reason"] for problem in world.status["problems"]] == ["undecodable_name"]
    assert not world.status["in_sync"]
    assert is_left_to_person(world.status)
    assert world.status["pending"]["actions"] == 0
    kept_for = world.command("explain", path="f000")["facts"]["kept_for"]
    assert kept_for == "a file whose name is not UTF-8"
    (world.root.parent / "out of sight").rename(world.root / "again")
    world.scanner.skipped = NamesSkipped(1, 0, ())
    world.hint("again")
    world.hints.doubt("undecodable_name")
    world.run(120)
    assert world.objects == world.files
    assert world.status["in_sync"]


def test_so_it_is_after_a_restart(world: World) -> None:
    content = _renamed_to_no_text(world)
    skipped = world.scanner.skipped
    world.kill()
    world.start()
    world.scanner.skipped = skipped
    world.run(120)
    assert world.objects["f000"] == content


def test_a_file_that_is_deleted_under_such_a_name_takes_its_object_along(world: World) -> None:
    _renamed_to_no_text(world)
    world.scanner.skipped = NamesSkipped(1, 0, ())
    world.hints.doubt("undecodable_name")
    world.run(120)
    assert world.objects == world.files
    assert world.status["in_sync"]


def test_what_was_renamed_so_is_no_mass_deletion(make_world: Callable[..., World]) -> None:
    world = make_world(max_delete=0)
    _renamed_to_no_text(world)
    assert world.status["held_deletions"] == 0


def test_what_was_moved_unheard_into_a_directory_without_a_name_keeps_its_object(
    world: World,
) -> None:
    world.filled(5)
    world.scanner.skipped = NamesSkipped(1, 1, (r"\xfe",), has_directory=True)
    world.command("rescan")
    world.run(30)
    content, inode = world.objects["f000"], world.entry("f000").inode
    (world.root / "f000").rename(world.root.parent / "out of sight")
    world.scanner.skipped = NamesSkipped(1, 1, (r"\xfe",), frozenset({inode}), has_directory=True)
    world.hint("f000")  # and of where it went nobody hears
    world.run(120)
    assert world.objects["f000"] == content
    (world.root / "f001").unlink()
    world.hint("f001")
    world.run(120)
    assert "f001" not in world.objects
    assert world.objects["f000"] == content


def test_where_more_have_no_name_than_are_remembered_nothing_is_deleted(world: World) -> None:
    world.filled(5)
    world.scanner.skipped = NamesSkipped(1, 10**6, (), is_full=True)
    world.command("rescan")
    world.remove("f000", hint=True)
    world.run(120)
    assert "f000" in world.objects
    assert world.status["pending"]["actions"] == 0
    kept_for = world.command("explain", path="f000")["facts"]["kept_for"]
    assert kept_for == "a file whose name is not UTF-8"


def test_a_kept_object_hides_no_deletion_that_is_pending(world: World) -> None:
    _renamed_to_no_text(world)
    inode = world.entry("f001").inode
    world.remove("f001")
    world.hint("f001")
    world.scanner.are_looks_held = True
    world.run(30)
    assert world.status["pending"]["actions"] == 1
    world.scanner.are_looks_held = False
    world.site.looks.underway.dirty.set("on its way", inode)
    world.run(30)
    assert "f001" in world.objects
    assert world.status["pending"]["actions"] == 1, "it waits for what is under way"
    world.site.looks.underway.dirty.set("on its way", None)
    world.run(30)
    assert "f001" not in world.objects
    assert world.status["pending"]["actions"] == 0


def test_what_is_kept_is_pending_again_as_soon_as_its_file_is_on_its_way(world: World) -> None:
    _renamed_to_no_text(world)
    inode = world.ledger.baseline("f000").inode
    assert (world.site.retirement.waiting, world.site.retirement.kept) == (1, 1)
    world.site.looks.underway.dirty.set("on its way", inode)
    assert world.site.retirement.kept == 0
    assert world.command("explain", path="f000")["facts"]["kept_for"] is None


def test_a_kept_object_whose_deletion_is_held_is_counted_once(
    make_world: Callable[..., World],
) -> None:
    world = make_world(max_delete=1)
    _renamed_to_no_text(world)
    assert world.site.retirement.kept == 1
    for name in ("f001", "f002"):
        world.remove(name, hint=True)
    world.run(60)
    assert world.status["held_deletions"] == 3
    assert world.status["pending"]["actions"] == 0
