"""A site in sync, before anything fails."""

from __future__ import annotations

import pytest

from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """20 files in sync."""
    return world.filled(20)
