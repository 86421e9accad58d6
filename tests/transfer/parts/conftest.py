"""A site with one large file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transfer.parts.content import CONTENT
from tests.transfer.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "root")
    world.write("d/big", CONTENT)
    return world
