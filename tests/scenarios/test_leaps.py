"""A clock that leaps ahead is noticed, and whoever proves a file quiet is told of it."""

from __future__ import annotations

import pytest

from s3syncd.core.entry import Settle
from s3syncd.site.steady import Steady
from tests.scenarios.test_clock import set_clock
from tests.scenarios.world import World

_NEVER = float("inf")


def told(world: World, path: str = "f000") -> Settle:
    """What was told with the next upload of a file, made now."""
    world.settles.clear()
    world.write(path, f"at {world.now}", hint=True)
    world.run(10)
    return next(settle for each, settle in world.settles if each == path)


def test_without_a_leap_only_the_start_counts(world: World) -> None:
    world.settle()
    began = world.now
    settle = told(world)
    assert settle.leapt_seconds_ago == _NEVER
    assert settle.watched_seconds >= world.now - began - 10
    world.run(100)
    assert told(world).watched_seconds > 100


def test_a_leap_ahead_is_told_for_as_long_as_it_matters(world: World) -> None:
    world.settle()
    set_clock(world, 3600.0)
    assert told(world).leapt_seconds_ago < 1
    world.run(100)
    assert told(world).leapt_seconds_ago > 100


@pytest.mark.parametrize("seconds", [-3600.0, -0.5, 0.05])
def test_nothing_else_is_a_leap_ahead(world: World, seconds: float) -> None:
    world.settle()
    set_clock(world, seconds)
    assert told(world).leapt_seconds_ago == _NEVER


def test_after_a_start_nobody_knows_how_the_clock_went(world: World) -> None:
    world.settle()
    world.run(100)
    set_clock(world, 3600.0)
    world.restart()
    assert told(world).watched_seconds < 10


def test_a_leap_after_a_clock_was_set_back_is_one() -> None:
    now, wall = [100.0], [10_000.0]
    steady = Steady(lambda: now[0], lambda: wall[0])
    wall[0] -= 500
    now[0] += 1
    assert steady.look() == (1.0, _NEVER)
    wall[0] += 500  # right again: what was written in between seems 500 s old
    now[0] += 1
    assert steady.look() == (2.0, 0.0)
    now[0] += 1
    wall[0] += 1
    assert steady.look() == (3.0, 1.0)
