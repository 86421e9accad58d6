"""What programs do to files while the daemon runs; both sides are equal soon after."""

from __future__ import annotations

import os

import pytest

from tests.e2e.changes.place import Place

pytestmark = pytest.mark.e2e


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


@pytest.mark.parametrize("is_arrived", [True, False], ids=["later", "at once"])
def test_a_renamed_file_has_one_key(place: Place, is_arrived: bool) -> None:
    path = place.write("old", "content")
    if is_arrived:
        place.arrived()
    path.rename(place.root / "new")
    place.settle()
    assert place.objects() == {"new": b"content"}


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
