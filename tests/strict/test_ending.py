"""The end of a run: what a client does when nothing is left to do is found out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tests.strict.diary import digest_of
from tests.strict.ending import end_run
from tests.strict.scene import PREFIX, Scene


@dataclass
class Actor:
    """A client that is done, and does something at a moment of a run's end."""

    scene: Scene
    mischief: str = ""
    act: Callable[[Scene], object] = lambda scene: None
    settled: int = 0

    def settle(self) -> None:
        self.settled += 1
        self._now(f"settle {self.settled}")

    def idle_cycle(self) -> None:
        self._now("idle")

    def verify(self) -> None:
        self._now("verify")

    def lose_ledger(self) -> None:
        self._now("lose")

    def files(self) -> Mapping[str, str]:
        return {path: digest_of(content) for path, content in self.scene.contents.items()}

    def _now(self, moment: str) -> None:
        if moment == self.mischief:
            self.act(self.scene)


@pytest.fixture
def done() -> Scene:
    scene = Scene()
    scene.write("a")
    scene.put("a")
    scene.write("gone")
    scene.put("gone")
    scene.remove("gone")
    scene.delete("gone")
    return scene


def test_a_run_that_ends_well_ends(done: Scene) -> None:
    end_run(Actor(done), done.oracle, done.store)


MISCHIEF: list[tuple[str, Callable[[Scene], object], str]] = [
    ("settle 1", lambda scene: scene.put("a", scene.contents["a"][:-1]), "whole"),
    ("settle 1", lambda scene: scene.write("b"), "equal"),
    ("settle 1", lambda scene: scene.ask("POST", f"/bucket/{PREFIX}a?uploads"), "upload left"),
    ("idle", lambda scene: scene.put("a"), "idle"),
    ("idle", lambda scene: scene.ask("POST", f"/bucket/{PREFIX}a?uploads"), "idle"),
    ("verify", lambda scene: scene.put("a"), "idle"),
    ("lose", lambda scene: scene.delete("a"), "no deletion"),
    ("settle 2", lambda scene: scene.delete("a"), "no deletion"),
    ("settle 2", lambda scene: scene.write("b"), "equal"),
    ("settle 2", lambda scene: scene.put("gone", scene.blob("gone")), "equal"),
]


@pytest.mark.parametrize(
    ("moment", "act", "rule"), MISCHIEF, ids=[f"{each[0]}: {each[2]}" for each in MISCHIEF]
)
def test_a_run_that_ends_badly_fails(
    done: Scene, moment: str, act: Callable[[Scene], object], rule: str
) -> None:
    with pytest.raises(AssertionError, match=rule):
        end_run(Actor(done, moment, act), done.oracle, done.store)


def test_a_deletion_that_failed_counts_in_the_end(done: Scene) -> None:
    def try_to_delete(scene: Scene) -> None:
        with pytest.raises(AssertionError, match="412"):
            scene.delete("a", if_match='"other"')

    with pytest.raises(AssertionError, match="no deletion"):
        end_run(Actor(done, "lose", try_to_delete), done.oracle, done.store)
