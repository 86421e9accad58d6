"""A pacing with a wall clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s3syncd.s3.pacing import Pacing
from tests.s3.pacing.asked import Wall


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def pacing(wall: Wall) -> Iterator[Pacing]:
    made = Pacing(moment=wall)
    yield made
    made.stop()
