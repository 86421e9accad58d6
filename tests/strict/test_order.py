"""Older states that came after newer ones: which are excused, and that nothing else is.

Each second is one of the scene's clock: every request and every change of the user takes one.
"""

from __future__ import annotations

import pytest

from tests.strict.scene import Scene


@pytest.fixture
def old(scene: Scene) -> bytes:
    """What the user has written at `a` first."""
    return scene.write("a")


def newer(scene: Scene) -> None:
    """Let the user write something newer, and the client send it."""
    scene.write("a")
    scene.put("a", None, **scene.sign())


def come_late(scene: Scene, old: bytes) -> None:
    """Let the older version arrive after the newer one, whose client had given it up before."""
    late = scene.sign("late")
    scene.give_up("late")
    newer(scene)
    scene.put("a", old, **late)


def repair(scene: Scene) -> None:
    scene.put("a", None, **scene.sign())


def test_a_version_that_was_sent_and_given_up_before_the_newer_one_is_excused(
    scene: Scene, old: bytes
) -> None:
    come_late(scene, old)
    repair(scene)
    assert scene.broken() == set()
    (excused,) = scene.oracle.late()
    assert (excused.sight.key, excused.repair_seconds) == ("p/a", 1)


def test_a_version_whose_client_waited_for_the_answer_is_not(scene: Scene, old: bytes) -> None:
    late = scene.sign("late")
    newer(scene)
    scene.put("a", old, **late)
    repair(scene)
    assert scene.broken() == {"order"}
    assert scene.oracle.late() == []


def test_a_version_that_was_given_up_only_when_it_had_been_carried_out_is_not(
    scene: Scene, old: bytes
) -> None:
    late = scene.sign("late")
    newer(scene)
    scene.put("a", old, **late)
    scene.now += 0.5
    scene.give_up("late")
    repair(scene)
    assert scene.broken() == {"order"}


def test_a_version_that_was_sent_after_the_newer_one_is_not(scene: Scene, old: bytes) -> None:
    newer(scene)
    scene.now += 1
    late = scene.sign("late")
    scene.give_up("late")
    scene.put("a", old, **late)
    repair(scene)
    assert scene.broken() == {"order"}


def test_a_version_that_was_sent_after_one_of_two_newer_ones_is_not(
    scene: Scene, old: bytes
) -> None:
    newer(scene)
    scene.now += 1
    come_late(scene, old)
    repair(scene)
    assert scene.broken() == {"order"}


@pytest.mark.parametrize(("given_up_after", "broken"), [(0.2, set()), (1.4, {"order"})])
def test_of_two_that_were_sent_in_one_second_the_first_was_given_up_before_the_effect(
    scene: Scene, old: bytes, given_up_after: float, broken: set[str]
) -> None:
    scene.write("a")
    late, new = scene.sign("late"), scene.sign()
    scene.given_up["late"] = scene.now + given_up_after
    scene.put("a", None, **new)
    scene.now += 0.5
    scene.put("a", old, **late)
    repair(scene)
    assert scene.broken() == broken


def test_a_version_that_is_not_put_right_is_not_excused(scene: Scene, old: bytes) -> None:
    come_late(scene, old)
    assert scene.broken() == {"order"}


@pytest.mark.parametrize(("seconds", "broken"), [(118, set()), (120, {"order"})])
def test_a_version_must_be_put_right_in_time(
    scene: Scene, old: bytes, seconds: float, broken: set[str]
) -> None:
    come_late(scene, old)
    scene.now += seconds
    repair(scene)
    assert scene.broken() == broken


def test_a_version_that_was_put_right_stays_so(scene: Scene, old: bytes) -> None:
    come_late(scene, old)
    repair(scene)
    scene.now += 1000
    newer(scene)
    assert scene.broken() == set()


def test_a_version_is_right_again_when_the_user_puts_the_same_there(
    scene: Scene, old: bytes
) -> None:
    come_late(scene, old)
    scene.write("a", old)
    assert scene.broken() == set()


def test_a_version_that_comes_late_after_its_deletion_goes_once_more(
    scene: Scene, old: bytes
) -> None:
    late = scene.sign("late")
    scene.give_up("late")
    scene.put("a", old, **scene.sign())
    scene.remove("a")
    scene.delete("a", if_match=scene.ask("HEAD", "/bucket/p/a"), **scene.sign())
    scene.put("a", old, **late)
    scene.delete("a")
    assert scene.broken() == set()
    scene.put("a", old)
    scene.delete("a")
    assert scene.broken() == {"order", "user's deletion"}


def test_a_late_version_excuses_no_other_of_its_key(scene: Scene, old: bytes) -> None:
    come_late(scene, old)
    repair(scene)
    scene.put("a", old, **scene.sign("sent later"))
    repair(scene)
    assert scene.broken() == {"order"}
    assert len(scene.oracle.late()) == 1
