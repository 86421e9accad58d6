"""What is done to directories while the daemon runs: renamed, moved in and out, made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.changes.place import Place
from tests.e2e.site import write

pytestmark = pytest.mark.e2e


def test_files_of_new_nested_directories_arrive_at_once(place: Place) -> None:
    place.write("a/b/c/d/e/file")
    place.write("a/b/c2/file")
    place.settle()


def test_a_file_in_the_second_directory_arrives_though_the_first_vanished(place: Place) -> None:
    (place.root / "d1").mkdir()
    (place.root / "d2").mkdir()
    shutil.rmtree(place.root / "d1")
    place.write("d2/file")
    place.settle()


@pytest.mark.parametrize("is_arrived", [True, False], ids=["later", "at once"])
def test_a_renamed_directory_moves_all_its_keys(place: Place, is_arrived: bool) -> None:
    for number in range(5):
        place.write(f"old/sub/{number}", str(number))
    if is_arrived:
        place.arrived()
    (place.root / "old").rename(place.root / "new")
    place.settle()


@pytest.mark.parametrize("is_arrived", [True, False], ids=["later", "at once"])
def test_a_directory_renamed_twice_leaves_only_the_last_name(
    place: Place, is_arrived: bool
) -> None:
    place.write("a/b/c/file", "content")
    if is_arrived:
        place.arrived()
    (place.root / "a/b").rename(place.root / "a/b2")
    (place.root / "a").rename(place.root / "a2")
    place.settle()
    assert place.objects() == {"a2/b2/c/file": b"content"}


@pytest.mark.parametrize("is_arrived", [True, False], ids=["later", "at once"])
def test_a_file_made_in_a_renamed_directory_has_the_new_name(
    place: Place, is_arrived: bool
) -> None:
    place.write("old/file")
    if is_arrived:
        place.arrived()
    (place.root / "old").rename(place.root / "new")
    place.write("new/made later")
    place.settle()


@pytest.mark.parametrize("is_arrived", [True, False], ids=["later", "at once"])
def test_a_file_is_there_after_its_directory_was_deleted_and_made_again(
    place: Place, is_arrived: bool
) -> None:
    place.write("d/file", "old")
    if is_arrived:
        place.arrived()
    shutil.rmtree(place.root / "d")
    place.write("d/file", "new")
    place.settle()
    assert place.objects() == {"d/file": b"new"}


def test_a_file_becomes_a_directory_and_a_file_again(place: Place) -> None:
    path = place.write("thing", "file")
    place.arrived()
    path.unlink()
    place.write("thing/inside", "inside")
    place.settle()
    assert place.objects() == {"thing/inside": b"inside"}
    shutil.rmtree(path)
    place.write("thing", "file again")
    place.settle()
    assert place.objects() == {"thing": b"file again"}


def test_a_directory_moved_in_from_elsewhere_arrives_whole(place: Place, tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / f"elsewhere/sub/{number}", str(number))
    # Within one file system, as mv does: the site's root may be on another than tmp_path.
    staged = place.site.root.parent / f"staged-{place.name}"
    shutil.copytree(tmp_path / "elsewhere", staged)
    staged.rename(place.root / "in")
    place.settle()
    assert len(place.objects()) == 10


def test_a_directory_moved_out_of_the_site_goes(place: Place) -> None:
    place.write("stays")
    for number in range(10):
        place.write(f"out/sub/{number}", str(number))
    place.arrived()
    (place.root / "out").rename(place.site.root.parent / f"out-{place.name}")
    place.settle()
    assert place.objects().keys() == {"stays"}
