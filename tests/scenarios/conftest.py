"""A world for each scenario, whose ledger is closed when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from s3syncd.errors import LedgerError
from tests.scenarios.world import World


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make worlds with the settings given."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        place = tmp_path / f"world{len(made)}"
        place.mkdir()
        made.append(World(place, **settings))
        return made[-1]

    yield make
    for world in made:
        with suppress(LedgerError):
            world.ledger.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A site that retires what is deleted."""
    return make_world()


@pytest.fixture
def settled(world: World) -> World:
    """Four files, uploaded and in sync, longer ago than anything may be late."""
    world.jitter = 0.999
    world.fill(4)
    world.settle_and_rest()
    return world
