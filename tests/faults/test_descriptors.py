"""A daemon that may open nothing more: nothing is concluded from it, and it goes on by itself."""

from __future__ import annotations

import resource
import shutil

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="sets limits of another process"),
]


def _limit(daemon: Daemon, soft: int) -> int:
    """Let the daemon have no more open files than so many; give how many it could have."""
    assert daemon.process is not None
    before, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
    return before


def test_nothing_follows_from_a_limit_of_open_files(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    for number in range(12):
        site.write(f"d{number % 3}/{number}")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    proxy.forget()

    usual = _limit(daemon, 3)
    site.write("new/file")
    (site.root / "d0/0").unlink()
    shutil.rmtree(site.root / "d1")
    until(lambda: "Too many open files" in daemon.tail(), 15, "it is told")
    assert not proxy.requests, "what could not be looked at is neither sent nor deleted"
    _limit(daemon, usual)

    daemon.in_sync()
    site.assert_equal()
    assert not daemon.events("transfer.failed")
