"""A root whose file system hangs: told soon, no trouble for others, and gone on with by itself."""

from __future__ import annotations

import pytest

from tests.e2e.daemon import World
from tests.faults.hanging import hanging_files, needs_fuse
from tests.waiting import until

pytestmark = [pytest.mark.e2e, needs_fuse]


def test_a_root_that_hangs_is_told_and_stops_no_other_site(world: World) -> None:
    good, hung = world.site("good"), world.site("hung")
    with hanging_files(hung.root, {"one": b"1", "two": b"22"}) as files:
        daemon = world.daemon(watch_interval=1)
        daemon.start().in_sync("good", "hung")
        assert hung.names() == {"one", "two"}
        files.hang()
        told = daemon.wait(lambda s: s["hint"], "hung", what="the silence is told")
        assert "file system may hang" in told["hint"]
        assert daemon.run("status", "--live").returncode == 0
        good.write("file")
        until(lambda: good.names() == {"file"})
        files.resume()
        daemon.wait(lambda s: not s["hint"] and s["in_sync"], "hung", what="it is over")
        daemon.kill()
