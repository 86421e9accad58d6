"""A root whose file system hangs or fails: told soon, nothing lost, and gone on with by itself."""

from __future__ import annotations

import errno

import pytest

from tests.e2e.world import World
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


def test_a_root_whose_disk_fails_keeps_every_object(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1000)
    with hanging_files(site.root, {"one": b"1", "three": b"333", "two": b"22"}) as files:
        daemon = world.daemon(watch_interval=1)
        daemon.start().in_sync()
        for what in ("lookup", "listing"):
            files.fail(what, errno.EIO)
            daemon.ask("rescan")
            told = daemon.wait(lambda s: not s["in_sync"], what=f"{what} that fails is told")
            told = daemon.wait(lambda s: s["problems"] or s["reason"], what=what)
            assert told["reason"] == "root_missing" or told["problems"][0]["hint"]
            files.heal()
            daemon.ask("rescan")
            daemon.in_sync()
            assert site.names() == {"one", "three", "two"}
        assert not daemon.events("object.deleted")
        daemon.kill()
