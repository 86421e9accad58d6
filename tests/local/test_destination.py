"""What is brought into a directory never leaves it, replaces nothing, and appears whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.local.destination import Destination
from s3syncd.local.drafts import Draft
from s3syncd.local.staging import STAGING, DestinationError

Open = Callable[..., Destination]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Open the directory `tmp_path/out`; what a test leaves open is closed."""
    made: list[Destination] = []

    def make(*, claim: str = "it", may_hold_files: bool = False) -> Destination:
        destination = Destination.open(tmp_path / "out", claim=claim, may_hold_files=may_hold_files)
        made.append(destination)
        return destination

    yield make
    for each in made:
        if os.path.lexists(f"/proc/self/fd/{each.fd}"):
            each.close(is_over=False)


def bring(
    destination: Destination, path: str, content: bytes = b"new", *, may_replace: bool = False
) -> None:
    draft = destination.begin()
    try:
        draft.write(0, content)
        draft.finish(mtime_ns=None, mode=None)
        destination.place(draft, path, may_replace=may_replace)
    finally:
        draft.close()


@pytest.mark.parametrize(
    "path",
    ["../up", "a/../../up", "/up", "a//b", "", "a/", ".", "..", "a\0b", STAGING, f"{STAGING}/a"],
)
def test_a_path_that_is_none_is_refused(opened: Open, tmp_path: Path, path: str) -> None:
    with pytest.raises(OSError, match="not a path below"):
        bring(opened(), path)
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    assert [each.name for each in (tmp_path / "out").iterdir()] == [STAGING]


def test_a_name_deep_below_is_ours_as_well(opened: Open, tmp_path: Path) -> None:
    bring(opened(), f"a/{STAGING}/b")
    assert (tmp_path / "out/a" / STAGING / "b").read_bytes() == b"new"


def test_links_are_not_followed(opened: Open, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"theirs")
    destination = opened()
    (destination.path / "dir").symlink_to(outside)
    (destination.path / "link").symlink_to(outside / "file")
    with pytest.raises(NotADirectoryError):
        bring(destination, "dir/new")
    with pytest.raises(FileExistsError):
        bring(destination, "link")
    bring(destination, "link", may_replace=True)
    assert not (destination.path / "link").is_symlink()
    assert (outside / "file").read_bytes() == b"theirs"
    assert [each.name for each in outside.iterdir()] == ["file"]


def test_nothing_is_replaced_unless_it_may(opened: Open) -> None:
    destination = opened()
    bring(destination, "a", b"first")
    with pytest.raises(FileExistsError):
        bring(destination, "a", b"second")
    assert (destination.path / "a").read_bytes() == b"first"
    bring(destination, "a", b"third", may_replace=True)
    assert (destination.path / "a").read_bytes() == b"third"
    assert (destination.path / "a").stat().st_nlink == 1


def test_what_is_not_placed_leaves_nothing(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    destination = opened()
    draft = destination.begin()
    draft.write(0, b"half")
    draft.close()
    destination.close(is_over=True)
    assert list(destination.path.iterdir()) == []


def test_a_directory_with_files_is_refused(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "out/lost+found").mkdir(parents=True)
    opened().close(is_over=True)
    (tmp_path / "out/mine").write_bytes(b"")
    with pytest.raises(DestinationError) as caught:
        opened()
    assert (caught.value.word, caught.value.detail) == ("not_empty", "mine")
    assert not (tmp_path / "out" / STAGING).exists()
    assert not opened(may_hold_files=True).is_resumed


def test_an_unfinished_one_is_gone_on_with_by_its_own_only(opened: Open) -> None:
    first = opened(claim="then")
    bring(first, "a")
    first.begin()
    first.close(is_over=False)
    (first.path / STAGING / "77.part").write_bytes(b"of a run that was killed")
    with pytest.raises(DestinationError) as caught:
        opened(claim="now")
    assert (caught.value.word, caught.value.detail) == ("claimed", "then")
    again = opened(claim="then")
    assert again.is_resumed
    assert [each.name for each in (again.path / STAGING).iterdir()] == ["claim"]
    again.close(is_over=True)
    assert [each.name for each in again.path.iterdir()] == ["a"]


def test_two_at_once_are_refused(opened: Open) -> None:
    opened()
    with pytest.raises(DestinationError) as caught:
        opened()
    assert caught.value.word == "busy"


def test_a_link_in_the_place_of_our_own_directory_is_refused(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / STAGING).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DestinationError) as caught:
        opened(may_hold_files=True)
    assert caught.value.word == "unusable"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_time_that_no_file_can_have_costs_nothing(opened: Open) -> None:
    destination = opened()
    draft = destination.begin()
    draft.finish(mtime_ns=10**40, mode=0o640)
    destination.place(draft, "a", may_replace=False)
    draft.close()
    assert (destination.path / "a").stat().st_mode == 0o100640


def kept(destination: Destination, content: str = "version 1") -> Draft:
    return destination.resume("dir/a", content)


def left_over(opened: Open) -> Destination:
    """What a run leaves that was interrupted after two spans."""
    first = opened()
    draft = kept(first)
    draft.write(4, b"span")
    draft.write(0, b"span")
    draft.close(is_unfinished=True)
    first.close(is_over=False)
    return opened()


def test_spans_that_were_written_are_found_by_the_next_run(opened: Open) -> None:
    again = left_over(opened)
    draft = kept(again)
    assert draft.spans == {0, 4}
    draft.write(8, b"end")
    draft.finish(mtime_ns=None, mode=None)
    again.place(draft, "dir/a", may_replace=False)
    draft.close()
    assert (again.path / "dir/a").read_bytes() == b"spanspanend"
    again.close(is_over=True)
    assert [each.name for each in again.path.iterdir()] == ["dir"]


def test_what_is_left_of_another_version_is_nothing(opened: Open) -> None:
    again = left_over(opened)
    draft = kept(again, "version 2")
    assert (draft.spans, os.fstat(draft.fd).st_size) == (frozenset(), 0)
    draft.close()
    draft = kept(again)
    assert not draft.spans
    draft.close()


def test_a_note_that_was_cut_off_is_none(opened: Open) -> None:
    again = left_over(opened)
    (notes,) = (again.path / STAGING).glob("*.notes")
    notes.write_bytes(notes.read_bytes() + b"123")
    draft = kept(again)
    assert draft.spans == {0, 4}
    draft.close()


def test_a_file_that_has_got_its_name_is_not_written_to_again(opened: Open) -> None:
    """A run that was killed between naming a file and forgetting how it had begun."""
    again = left_over(opened)
    (begun,) = (again.path / STAGING).glob("*.kept")
    os.link(begun, again.path / "theirs")
    draft = kept(again)
    assert not draft.spans
    draft.write(0, b"new")
    draft.close()
    assert (again.path / "theirs").read_bytes() == b"spanspan"


@pytest.mark.parametrize("kind", ["link", "missing"])
def test_what_is_no_file_of_ours_is_not_gone_on_with(
    opened: Open, tmp_path: Path, kind: str
) -> None:
    again = left_over(opened)
    (begun,) = (again.path / STAGING).glob("*.kept")
    begun.unlink()
    (tmp_path / "theirs").write_bytes(b"theirs")
    if kind == "link":
        begun.symlink_to(tmp_path / "theirs")
    draft = kept(again)
    assert not draft.spans
    draft.write(0, b"new")
    draft.close()
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def _long_number(notes: Path) -> None:
    notes.write_bytes(notes.read_bytes() + b"9" * 5_000 + b"\n")


def _pipe(notes: Path) -> None:
    notes.unlink()
    os.mkfifo(notes)


def _directory(notes: Path) -> None:
    notes.unlink()
    notes.mkdir()


def _full_directory(notes: Path) -> None:
    _directory(notes)
    (notes / "theirs").write_bytes(b"theirs")


def test_a_number_that_no_offset_can_be_is_no_note(opened: Open) -> None:
    again = left_over(opened)
    (notes,) = (again.path / STAGING).glob("*.notes")
    _long_number(notes)
    draft = kept(again)
    assert draft.spans == {0, 4}
    draft.close()


@pytest.mark.parametrize("suffix", ["kept", "notes"])
@pytest.mark.parametrize("stranger", [_pipe, _directory, _full_directory])
def test_what_cannot_be_read_again_is_begun_anew(
    opened: Open, stranger: Callable[[Path], None], suffix: str
) -> None:
    again = left_over(opened)
    (one,) = (again.path / STAGING).glob(f"*.{suffix}")
    stranger(one)
    draft = kept(again)
    assert not draft.spans
    draft.write(0, b"new")
    draft.finish(mtime_ns=None, mode=None)
    again.place(draft, "dir/a", may_replace=False)
    draft.close()
    assert (again.path / "dir/a").read_bytes() == b"new"
    theirs = list((again.path / STAGING).rglob("theirs"))
    assert len(theirs) == (stranger is _full_directory)


def test_what_another_restore_has_begun_goes_away(opened: Open) -> None:
    left_over(opened).close(is_over=False)
    other = opened(claim="another one", may_hold_files=True)
    assert [each.name for each in (other.path / STAGING).iterdir()] == ["claim"]


def test_at_the_end_nothing_begun_is_left(opened: Open) -> None:
    again = left_over(opened)
    again.close(is_over=True)
    assert list(again.path.iterdir()) == []


def test_a_directory_made_for_nothing_goes_again(opened: Open, tmp_path: Path) -> None:
    opened().close(is_over=True)
    assert list(tmp_path.iterdir()) == []
    bring(again := opened(), "a")
    again.close(is_over=True)
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["a"]


def test_an_empty_directory_that_was_there_before_stays(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    opened().close(is_over=True)
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
