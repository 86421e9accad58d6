"""When a deletion has its turn, and what it waits for."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Callable

from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure
from tests.scenarios.world import World


def test_no_deletion_starts_while_a_directory_scan_is_outstanding(world: World) -> None:
    world.filled(30)
    world.remove("f000", hint=True)
    world.run(1)
    world.scanner.is_held = True
    world.hints.scan("d/", is_recursive=True)
    world.run(60)
    assert world.deleted() == []
    world.scanner.is_held = False
    world.run(60)
    assert world.deleted() == ["f000"]


def test_no_deletion_starts_while_a_doubt_is_not_answered(world: World) -> None:
    world.filled(30)
    world.remove("f000", hint=True)
    world.run(1)
    world.scanner.is_held = True
    world.hints.doubt("overflow")
    world.run(60)
    assert world.deleted() == []


def test_a_deletion_that_fails_is_tried_again_and_later_each_time(world: World) -> None:
    world.filled(30)
    world.store.fail("delete", failure(FailureKind.TRANSIENT, "InternalError", 500), times=8)
    world.remove("f000", hint=True)
    moments = []
    for _ in range(4000):
        before = world.store.count("delete")
        world.run(1)
        if world.store.count("delete") > before:
            moments.append(world.now)
    assert "f000" not in world.objects
    distances = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert distances[-1] > 3 * distances[0], distances
    assert world.status["in_sync"]


def test_a_refused_deletion_is_tried_hourly(world: World) -> None:
    world.filled(30)
    world.store.fail("delete", failure(FailureKind.REFUSED, "AccessDenied", 403), times=3)
    world.remove("f000", hint=True)
    world.run(3000)
    assert world.store.count("delete") == 1
    world.run(3 * 3700)
    assert "f000" not in world.objects


def test_deletions_that_wait_are_kept_in_the_ledger_alone(make_world: Callable[..., World]) -> None:
    """As many as a stream of them brings in ten minutes, and no list of them in memory."""
    world = make_world(max_delete=10**6)
    paths = world.fill(600)
    world.settle()

    def held() -> int:
        """Bytes held by what the site itself has made."""
        gc.collect()
        mine = [tracemalloc.Filter(True, f"*/s3syncd/{each}/*") for each in ("site", "core")]
        taken = tracemalloc.take_snapshot().filter_traces(mine)
        return sum(each.size for each in taken.statistics("filename"))

    def remove(some: list[str]) -> None:
        for number, path in enumerate(some):
            world.remove(path, hint=True)
            if number % 20 == 19:
                world.run(1)
                world.waits.clear()

    remove(paths[:200])
    tracemalloc.start()
    try:
        before = held()
        remove(paths[200:])
        assert world.ledger.count_deletions("waiting") == 600
        assert held() - before < 32 * 1024  # a path and its row would be 100 KiB
    finally:
        tracemalloc.stop()
