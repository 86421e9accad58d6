"""A site with an empty directory and an empty bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transfer.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "root")
