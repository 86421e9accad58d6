"""A site added inside another one's prefix: what was the outer site's is the inner one's."""

from __future__ import annotations

import shutil

import pytest

from tests.e2e.world import World

pytestmark = pytest.mark.e2e


def test_what_the_outer_site_put_there_is_not_deleted_with_its_file(world: World) -> None:
    outer = world.site("outer", prefix="a", retire_deleted=True, max_delete=1000)
    outer.write("file", "outer")
    outer.write("inner/same", "of both")
    outer.write("inner/only of the outer site", "outer")
    daemon = world.daemon().start()
    daemon.in_sync("outer")
    daemon.stop()
    inner = world.site("inner", bucket=outer.bucket, prefix="a/inner", retire_deleted=True)
    inner.write("same", "of both")
    inner.write("new", "inner")
    sites = [world.entry(outer), world.entry(inner)]
    daemon.write_config({**daemon.document, "sites": sites})
    shutil.rmtree(outer.root / "inner")
    daemon.start().in_sync("outer", "inner")
    daemon.run("rescan", "--wait")
    daemon.in_sync("outer", "inner")
    assert not daemon.events("object.deleted")
    assert outer.etags("").keys() == {
        "a/file", "a/inner/same", "a/inner/new", "a/inner/only of the outer site",
    }  # fmt: skip
    assert daemon.site("outer")["files"] == 1
    assert daemon.site("inner")["foreign_objects"] == 1
