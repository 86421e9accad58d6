"""The judge of deletions counts the files that are lost, and no rename."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from tests.simulation.deletions import Deletions
from tests.simulation.disk import Disk
from tests.simulation.user import User
from tests.simulation.wire import BUCKET
from tests.strict.history import Event, History
from tests.strict.model import Model
from tests.strict.store import Options
from tests.strict.wire import Request


class _Ears:
    def changed(self, path: str, *, is_closed: bool = True) -> None:
        """Nobody hears it."""

    def moved(self, directory: str) -> None:
        """Nobody hears it."""


class Scene:
    """A user, a store and a client without scruples, that may delete one file unasked."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.model = Model(
            clock=lambda: self.now, random=Random(1), options=Options(min_part_bytes=0)
        )
        self.model.store.create_bucket(BUCKET)
        self.disk = Disk(lambda: self.now, 0)
        self.user = User(
            self.disk, Random(1), _Ears(), true_time=lambda: self.now,
            later=lambda _seconds, _act: None, serial=0,
        )  # fmt: skip
        self.options: dict[str, int | None] = {"max_delete": 1}
        place: Any = SimpleNamespace(
            prefix="p/", options=self.options, user=self.user,
            judge=SimpleNamespace(
                version=lambda serial: self.model.store.versions[serial],
                history=lambda: History(self.events()),
                tree=lambda bucket, *, at: self.model.store.buckets[bucket].keys_at(at),
            ),
        )  # fmt: skip
        self.deletions = Deletions(place)

    def events(self) -> list[Event]:
        return list(self.model.events_after(0))

    def put(self, *paths: str) -> None:
        """Write files and send them."""
        for path in paths:
            if path not in self.disk.tree.files:
                self.user.write(path, self.user.blob(path, 300))
            self._ask("PUT", path, self.disk.tree.files[path].content)

    def remove(self, *paths: str) -> None:
        """Delete files, and their objects."""
        for path in paths:
            self.user.remove(path)
            self.delete(path)

    def delete(self, path: str) -> None:
        """Delete an object."""
        self._ask("DELETE", path, b"")

    def rename(self, old: str, new: str) -> None:
        self.now += 10
        self.user.rename(old, new)

    @property
    def broken(self) -> list[str]:
        return [each.what for each in self.deletions.judge(self.events())]

    def _ask(self, method: str, path: str, body: bytes) -> None:
        self.now += 10
        self.model.handle(Request(method, f"/{BUCKET}/p/{quote(path)}", {}, body))


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.put("a", "b", "c")
    return scene


def test_more_than_may_go_unasked_are_found(scene: Scene) -> None:
    scene.remove("a")
    assert scene.broken == []
    scene.remove("b")
    assert scene.broken == ["b is the 2th, of 1 that may go unasked"]


def test_a_rename_is_no_deletion(scene: Scene) -> None:
    scene.rename("a", "d")
    scene.put("d")
    scene.delete("a")
    scene.remove("b")
    assert scene.broken == []


def test_a_file_that_came_and_went_unsent_where_another_was_renamed_from_is_none(
    scene: Scene,
) -> None:
    scene.rename("a", "d")
    scene.put("d")
    scene.user.write("a", b"never sent")
    scene.user.remove("a")
    scene.delete("a")
    scene.remove("b")
    assert scene.broken == []


def test_a_file_that_was_renamed_and_then_deleted_is_lost(scene: Scene) -> None:
    scene.rename("a", "d")
    scene.rename("d", "e")
    scene.user.remove("e")
    scene.delete("a")
    scene.remove("b")
    assert len(scene.broken) == 1


@pytest.mark.parametrize("order", ["ad", "da"])
def test_a_lost_file_counts_once_with_the_objects_of_all_its_names(
    scene: Scene, order: str
) -> None:
    scene.rename("a", "d")
    scene.put("d")
    scene.user.remove("d")
    for path in order:
        scene.delete(path)
    assert scene.broken == []
    scene.remove("b")
    assert len(scene.broken) == 1


def test_a_file_renamed_there_and_back_and_then_deleted_is_lost(scene: Scene) -> None:
    scene.rename("a", "d")
    scene.rename("d", "a")
    scene.remove("a", "b")
    assert len(scene.broken) == 1


def test_bytes_that_came_back_and_were_sent_again_are_another_file(scene: Scene) -> None:
    content = scene.disk.tree.files["a"].content
    scene.rename("a", "d")
    scene.put("d")
    scene.delete("a")
    scene.user.write("a", content)
    scene.put("a")
    scene.remove("a", "b")
    assert len(scene.broken) == 1


def test_a_file_is_not_lost_while_its_former_name_has_its_object(scene: Scene) -> None:
    scene.rename("a", "d")
    scene.rename("d", "e")
    scene.put("e")
    scene.user.remove("e")
    scene.delete("e")  # `a` still has its bytes
    scene.user.write("a", scene.user.blob("a", 300))
    scene.put("a")  # and is another file now, which was not deleted
    scene.remove("b")
    assert scene.broken == []
    scene.remove("c")
    assert len(scene.broken) == 1


def test_a_file_is_lost_where_its_former_name_has_another_ones_object(scene: Scene) -> None:
    scene.rename("a", "d")
    scene.put("d")
    scene.user.write("a", scene.user.blob("a", 300))
    scene.put("a")
    scene.remove("d")
    scene.remove("b")
    assert len(scene.broken) == 1


def test_a_file_renamed_after_it_had_seemed_lost_is_not_deleted(scene: Scene) -> None:
    scene.user.write("a", scene.user.blob("a", 300))  # and not sent
    scene.user.lost_everything()
    scene.user.found_everything()
    scene.rename("a", "d")
    scene.put("d")
    scene.delete("a")
    scene.remove("b")
    assert scene.broken == []
    scene.remove("c")
    assert len(scene.broken) == 1


@pytest.mark.parametrize(("sent", "may_go"), [("abc", 1), ("ab", 2), ("a", 1)])
def test_of_a_root_that_looked_emptied_single_files_may_go(sent: str, may_go: int) -> None:
    scene = Scene()
    scene.options["max_delete"] = None
    scene.put(*sent)
    scene.user.lost_everything()
    for path in sent[:may_go]:
        scene.delete(path)
    assert scene.broken == []
    for path in sent[may_go:]:
        scene.delete(path)
    assert scene.broken == ["b went with most others"] * (len(sent) > may_go)
