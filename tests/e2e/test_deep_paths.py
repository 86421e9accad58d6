"""A tree deeper than any path may be long: it is walked, named as a problem, and stops nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.waiting import until

pytestmark = pytest.mark.e2e

_NAME = "d" * 200
_DEPTH = 25  # 5,000 bytes; Linux takes paths of 4,095


def _make_deep(root: Path) -> None:
    """Make it step by step, as programs do that change into each directory."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(_DEPTH):
        os.mkdir(_NAME, dir_fd=at)
        below = os.open(_NAME, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=at))
    os.close(at)


def test_what_lies_deeper_than_a_path_is_long_is_told_and_stops_nothing(world: World) -> None:
    site = world.site(retire_deleted=True)
    site.write("good")
    daemon = world.daemon().start()
    daemon.in_sync()
    _make_deep(site.root)
    daemon.ask("rescan")
    status = daemon.wait(lambda s: s["problems"])
    assert [problem["reason"] for problem in status["problems"]] == ["key_too_long"]
    assert not status["in_sync"]
    site.write("later")
    until(lambda: site.names() == {"good", "later"}, 15)
    shutil.rmtree(site.root / _NAME)
    daemon.ask("rescan")
    daemon.in_sync()
    assert site.names() == {"good", "later"}
