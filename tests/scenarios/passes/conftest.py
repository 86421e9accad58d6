"""A site in sync, before a pass."""

from __future__ import annotations

import pytest

from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """40 files in sync."""
    world.fill(40)
    world.settle_and_rest()
    return world
