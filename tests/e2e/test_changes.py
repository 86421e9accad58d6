"""What programs do to files while the daemon runs; both sides are equal soon after.

One daemon serves all tests of this page; each works in a directory of its own. A test ends with
`place.settle()`: the bucket has exactly the directory's files, the daemon says that it is in sync,
and it still is so then.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site, tree, write
from tests.e2e.world import World
from tests.servers import S3Server
from tests.waiting import until

pytestmark = pytest.mark.e2e


@dataclass
class Place:
    """A directory of one test, in the site that all share."""

    name: str
    site: Site
    daemon: Daemon

    @property
    def root(self) -> Path:
        return self.site.root / self.name

    def write(self, path: str, content: bytes | str = b"x") -> Path:
        return write(self.root / path, content)

    def etags(self) -> dict[str, tuple[int, str]]:
        """List the objects: size and ETag, which on moto is the MD5 of the content."""
        return self.site.etags(f"{self.site.prefix}{self.name}/")

    def objects(self) -> dict[str, bytes]:
        return {key: self.site.content(f"{self.name}/{key}") for key in self.etags()}

    def arrived(self) -> None:
        """Wait until the bucket has exactly what the directory has."""
        until(self._is_equal, 20, f"{self.name} is equal on both sides\n{self.daemon.tail()}")

    def settle(self) -> None:
        """As `arrived`, and still so when the daemon says that all is done."""
        self.arrived()
        self.daemon.in_sync()
        assert self._is_equal()

    def _is_equal(self) -> bool:
        listed = self.etags()
        local = {path: (len(c), hashlib.md5(c).hexdigest()) for path, c in tree(self.root).items()}
        return listed == local


@pytest.fixture(scope="module")
def running(
    moto: S3Server, moto_client: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Daemon]]:
    world = World(moto, moto_client, tmp_path_factory.mktemp("changes"))
    site = world.site(prefix="live", retire_deleted=True, max_delete=1_000_000)
    site.write("kept by all", "so that the site is never empty")
    daemon = world.daemon().start()
    daemon.in_sync()
    try:
        yield site, daemon
        world.close()
    finally:
        world.abandon()


@pytest.fixture
def place(running: tuple[Site, Daemon]) -> Place:
    made = Place(f"place-{uuid.uuid4().hex[:8]}", *running)
    made.root.mkdir()
    return made


def test_a_new_file_arrives(place: Place) -> None:
    place.write("file", "content")
    place.settle()
    assert place.objects() == {"file": b"content"}


def test_an_edit_of_equal_length_arrives(place: Place) -> None:
    place.write("file", "aaaa")
    place.arrived()
    place.write("file", "bbbb")
    place.settle()
    assert place.objects() == {"file": b"bbbb"}


def test_an_atomic_save_leaves_the_new_content_and_no_temporary_name(place: Place) -> None:
    for number in range(20):
        place.write(".file.swp", f"content {number}").rename(place.root / "file")
    place.settle()
    assert place.objects() == {"file": b"content 19"}


def test_what_is_appended_arrives(place: Place) -> None:
    path = place.write("log", "1\n")
    place.arrived()
    with path.open("ab") as log:
        log.write(b"2\n")
    place.settle()


def test_a_truncated_file_becomes_an_empty_object(place: Place) -> None:
    path = place.write("file", "content")
    place.arrived()
    os.truncate(path, 0)
    place.settle()
    assert place.objects() == {"file": b""}


def test_a_touch_and_a_chmod_send_nothing(place: Place) -> None:
    path = place.write("file", "content")
    place.settle()
    head = place.site.client.head_object(
        Bucket=place.site.bucket, Key=f"{place.site.prefix}{place.name}/file"
    )
    path.touch()
    path.chmod(0o600)
    place.write("other")  # arrives after the touch was looked at
    place.settle()
    again = place.site.client.head_object(
        Bucket=place.site.bucket, Key=f"{place.site.prefix}{place.name}/file"
    )
    assert again["LastModified"] == head["LastModified"]
    assert again["Metadata"] == head["Metadata"]


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
def test_a_renamed_file_has_one_key(place: Place, is_arrived: bool) -> None:
    path = place.write("old", "content")
    if is_arrived:
        place.arrived()
    path.rename(place.root / "new")
    place.settle()
    assert place.objects() == {"new": b"content"}


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


def test_two_files_that_change_places_change_content(place: Place) -> None:
    a, b = place.write("a", "first"), place.write("b", "other")
    place.arrived()
    a.rename(place.root / "c")
    b.rename(a)
    (place.root / "c").rename(b)
    place.settle()
    assert place.objects() == {"a": b"other", "b": b"first"}


def test_a_deleted_file_goes(place: Place) -> None:
    path = place.write("sub/file")
    place.write("sub/other")
    place.arrived()
    path.unlink()
    place.settle()
    assert place.objects().keys() == {"sub/other"}


def test_a_file_that_lived_shortly_leaves_nothing_and_breaks_nothing(place: Place) -> None:
    for number in range(20):
        place.write(f"temporary{number}").unlink()
    for number in range(5):
        place.write(f"file{number}")
    place.settle()
    assert len(place.objects()) == 5


def test_a_hundred_files_come_and_go(place: Place) -> None:
    for number in range(100):
        place.write(f"{number}", str(number))
    place.arrived()
    for number in range(100):
        (place.root / str(number)).unlink()
    place.settle()
    assert place.objects() == {}


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


def test_a_burst_of_writing_and_deleting_ends_right(place: Place) -> None:
    for number in range(100):
        path = place.root / "file"
        path.write_text(f"content {number}")
        if number % 3 == 0:
            path.unlink()
        if number % 7 == 0:
            (place.root / "other").write_text(str(number))
        if number % 14 == 0:
            (place.root / "other").unlink()
    place.settle()


def test_a_burst_that_ends_with_a_deletion_leaves_nothing(place: Place) -> None:
    for number in range(50):
        place.write("file", f"content {number}").unlink()
    place.write("last")
    place.settle()
    assert place.objects().keys() == {"last"}


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


def test_a_hard_link_arrives_under_both_names(place: Place) -> None:
    path = place.write("pack.tmp", "content")
    os.link(path, place.root / "pack")
    place.settle()
    assert place.objects() == {"pack.tmp": b"content", "pack": b"content"}


def test_a_medium_file_rewritten_at_once_has_the_last_content(place: Place) -> None:
    for letter in b"abc":
        place.write("medium", bytes([letter]) * 3_600_000)
    place.settle()
    assert place.objects() == {"medium": b"c" * 3_600_000}


def test_names_like_the_daemons_own_are_ordinary_files(place: Place) -> None:
    for name in (".s3syncd", ".s3syncd-x", "ledger.sqlite", ".mobius3", ".S3"):
        place.write(name, name)
    place.settle()


def test_hundreds_of_files_in_a_burst_arrive(place: Place) -> None:
    for number in range(600):
        place.write(f"burst/{number % 7}/{number}", str(number))
    place.settle()
    assert len(place.etags()) == 600
