"""An upload in parts that was interrupted is taken up, or leaves nothing behind."""

from __future__ import annotations

import pytest

from tests.scenarios.troubles import BROKEN
from tests.scenarios.world import MULTIPART_BYTES, World


@pytest.fixture
def interrupted(world: World) -> World:
    """A large upload whose last request failed: its parts are in the bucket."""
    world.settle()
    world.store.fail("complete", BROKEN, times=6)  # once, and s3_ops_retries
    world.write("big", "x" * (MULTIPART_BYTES + 1), hint=True)
    world.jitter = 0.999
    for _ in range(40):
        world.run(0.05)
        if world.store.count("complete") >= 6:
            break
    assert world.store.uploads
    return world


def test_an_interrupted_upload_in_parts_is_taken_up(interrupted: World) -> None:
    interrupted.settle()
    assert interrupted.store.count("create") == 1
    assert interrupted.store.uploads == {}
    assert interrupted.objects == interrupted.files


def test_parts_of_a_file_that_is_gone_are_aborted(interrupted: World) -> None:
    interrupted.remove("big", hint=True)
    interrupted.settle()
    assert interrupted.store.uploads == {}
    assert interrupted.objects == {}


def test_parts_of_a_file_that_became_small_are_aborted(interrupted: World) -> None:
    interrupted.write("big", "small now", hint=True)
    interrupted.settle()
    interrupted.run(100)
    assert interrupted.store.uploads == {}
    assert interrupted.objects == {"big": b"small now"}
    names = [name for name, _ in interrupted.store.requests]
    assert names.index("abort") < names.index("put"), "they are billed"


def test_a_stop_leaves_an_interrupted_upload_to_the_next_start(interrupted: World) -> None:
    interrupted.stop()
    interrupted.start()
    interrupted.settle()
    assert interrupted.store.count("create") == 1
    assert interrupted.store.uploads == {}
