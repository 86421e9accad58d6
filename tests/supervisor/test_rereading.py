"""A change of the configuration's file is noticed once it has settled, however it came about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from s3syncd.supervisor.rereading import MISSING_SECONDS, SETTLED_SECONDS, FileWatch


class Watched:
    """A file that is watched, and the time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = 0
        self.now = 1_000.0
        self.watch = FileWatch(path, self._tell)

    def _tell(self) -> None:
        self.told += 1

    def after(self, seconds: float) -> int:
        """Look for so long; give how often a change was told meanwhile."""
        before, end = self.told, self.now + seconds
        while self.now < end:
            self.now += self.watch.turn(self.now)
        return self.told - before


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    path = tmp_path / "config.yml"
    path.write_text("one")
    one = Watched(path)
    assert one.after(5) == 1, "it may have changed since it was read"
    assert one.after(100) == 0
    return one


def _in_place(path: Path) -> None:
    path.write_text("another")


def _renamed_over(path: Path) -> None:
    new = path.with_suffix(".new")
    new.write_text("two")
    new.rename(path)


def _gone_and_back(path: Path) -> None:
    path.unlink()
    path.write_text("another")


@pytest.mark.parametrize("change", [_in_place, _renamed_over, _gone_and_back])
def test_a_change_is_told_once(watched: Watched, change: Callable[[Path], None]) -> None:
    change(watched.path)
    assert watched.after(5) == 1
    assert watched.after(100) == 0


def test_the_links_that_kubernetes_swaps_are_seen_through(tmp_path: Path) -> None:
    for version in ("..v1", "..v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "config.yml").write_text(version)
    data = tmp_path / "..data"
    data.symlink_to("..v1")
    (tmp_path / "config.yml").symlink_to("..data/config.yml")
    watched = Watched(tmp_path / "config.yml")
    watched.after(5)
    (tmp_path / "..data_tmp").symlink_to("..v2")
    (tmp_path / "..data_tmp").rename(data)
    assert watched.after(5) == 1


def test_a_file_that_is_still_being_written_is_left_alone(watched: Watched) -> None:
    with watched.path.open("w") as file:
        for _ in range(10):
            file.write("more\n")
            file.flush()
            assert watched.after(SETTLED_SECONDS) == 0
    assert watched.after(5) == 1


def test_a_file_that_is_gone_for_a_moment_is_no_change(tmp_path: Path) -> None:
    folder, away = tmp_path / "mounted", tmp_path / "away"
    folder.mkdir()
    (folder / "config.yml").write_text("one")
    watched = Watched(folder / "config.yml")
    watched.after(5)
    folder.rename(away)
    assert watched.after(MISSING_SECONDS / 2) == 0
    away.rename(folder)
    assert watched.after(100) == 0


def test_a_file_that_stays_away_is_told_and_told_again_when_it_is_back(watched: Watched) -> None:
    watched.path.unlink()
    assert watched.after(MISSING_SECONDS - 2) == 0
    assert watched.after(5) == 1
    assert watched.after(100) == 0
    watched.path.write_text("back")
    assert watched.after(5) == 1


def test_a_directory_that_cannot_be_entered_is_a_file_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    watched = Watched(tmp_path / "file" / "config.yml")
    assert watched.after(MISSING_SECONDS + 2) == 1
