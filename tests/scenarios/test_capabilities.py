"""Whether the store keeps conditions is found out where something rests on it, and heeded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import MULTIPART_BYTES, PREFIX, World

DAY = 86_400.0
MakeWorld = Callable[..., World]


def probes(world: World) -> list[str]:
    """The keys that were probed."""
    told = [told["key"] for name, told in world.store.requests if name == "put"]
    return [key for key in told if key.startswith(f"{PREFIX}.s3syncd-probe-")]


def word(world: World) -> bool | None:
    answer: bool | None = world.status["capabilities"]["conditional_writes"]
    return answer


@pytest.fixture
def careless(make_world: MakeWorld) -> World:
    """A site that holds drift, on a store that takes no notice of conditions."""
    world = make_world(on_drift="hold")
    world.store.honours_conditions = False
    world.settle()
    return world


def test_it_is_asked_once_by_one_request_that_leaves_nothing(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.settle()
    assert word(world) is True
    assert len(probes(world)) == 1
    assert world.store.objects == {}
    for _ in range(2):
        world.leap(DAY)
    world.restart()
    world.settle()
    assert len(probes(world)) == 1
    assert world.log.of("store.capabilities") == [{"conditional_writes": True}]


@pytest.mark.parametrize("retire_deleted", [True, False])
def test_nothing_is_asked_where_nothing_rests_on_it(
    make_world: MakeWorld, retire_deleted: bool
) -> None:
    world = make_world(retire_deleted=retire_deleted)
    world.settle()
    assert (probes(world), world.status["capabilities"]) == ([], None)


def test_it_is_asked_anew_after_a_month_and_at_another_endpoint(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.settle()
    world.leap(31 * DAY)
    assert len(probes(world)) == 2
    world.restart(endpoint="http://127.0.0.1:1")
    world.settle()
    assert len(probes(world)) == 3


def test_a_store_that_takes_no_notice_is_told_and_nothing_is_left_behind(careless: World) -> None:
    assert word(careless) is False
    assert "no one else" in careless.status["capabilities"]["hint"]
    assert careless.store.objects == {}
    assert len(careless.log.of("store.ignores_conditions")) == 1


@pytest.mark.parametrize("size_bytes", [20, MULTIPART_BYTES + 1], ids=["whole", "parts"])
def test_there_each_write_looks_first(careless: World, size_bytes: int) -> None:
    careless.write("a", "m" * size_bytes)
    careless.command("rescan")
    careless.settle()
    careless.run(70)  # the version of what went in parts is asked for once more
    careless.store.store(PREFIX + "a", b"somebody else's")
    careless.write("a", "n" * size_bytes, hint=True)
    careless.run(30)
    assert careless.objects["a"] == b"somebody else's"
    assert [each["reason"] for each in careless.status["problems"]] == ["drift"]
    assert not careless.store.uploads


def test_there_a_new_file_does_not_overwrite_what_came_meanwhile(careless: World) -> None:
    careless.write("new", "mine")
    careless.store.store(PREFIX + "new", b"somebody else's")
    careless.hint("new")
    careless.run(30)
    assert careless.objects["new"] == b"somebody else's"


def test_where_conditions_are_kept_nothing_is_looked_at_first(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.settle()
    world.store.requests.clear()
    world.write("a", "mine", hint=True)
    world.settle()
    assert [name for name, _ in world.store.requests] == ["put"]


def test_until_it_is_known_each_write_looks_first(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.store.fail("put", failure(FailureKind.REFUSED, "AccessDenied", 403))
    world.settle()
    assert word(world) is None
    assert len(world.log.of("store.probe_failed")) == 1
    world.write("a", "mine", hint=True)
    world.settle()
    assert world.store.count("head") == 1
    world.run(700)
    assert word(world) is True


def test_what_a_kill_left_of_a_probe_is_removed_at_the_next_start(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.store.honours_conditions = False
    world.store.on("delete", world.kill)
    with pytest.raises(Exception, match="closed"):
        for _ in range(50):
            world.turn()
            if probes(world) and world.store.count("delete"):
                world.ledger.meta("is it dead?")
    key = probes(world)[0]
    world.store.store(key, b"")  # the kill came before the deletion
    world.store.honours_conditions = True  # so that the next probe removes nothing
    world.start()
    world.settle()
    assert world.store.objects == {}


def test_what_cannot_be_removed_is_told_and_tried_again(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.store.honours_conditions = False
    world.store.fail("delete", failure(FailureKind.REFUSED, "AccessDenied", 403), times=2)
    world.run(5)
    (key,) = probes(world)
    (told,) = world.log.of("store.probe_failed")
    assert key in str(told["hint"])
    world.run(1_300)
    assert world.store.objects == {}
    assert len(probes(world)) == 2


def test_a_paused_site_asks_nothing(make_world: MakeWorld) -> None:
    world = make_world(on_drift="hold")
    world.command("pause")
    world.run(30)
    assert probes(world) == []
