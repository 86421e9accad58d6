"""A verification within a process gives everything back, to its end or given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3syncd.supervisor import verify
from s3syncd.supervisor.verifying import StoppedError
from tests.descriptors import held_below
from tests.e2e.world import World
from tests.supervisor.conftest import configured
from tests.supervisor.syncing import synced
from tests.waiting import until


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell")
def test_a_verification_holds_the_root_no_longer_than_it_lasts(world: World) -> None:
    site = world.site()
    for number in range(30):
        site.write(f"f{number}", f"content {number}")
    config = configured(world)
    assert synced(config)[0] == 0
    for one in verify(config, ["data"]):
        assert list(one.differences()) == []
        assert one.files == 30
    until(lambda: not held_below(site.root))
    for one in verify(config, ["data"]):
        one._is_given_up = lambda work=one: work.files > 3
        with pytest.raises(StoppedError):
            list(one.differences())
    until(lambda: not held_below(site.root))
