"""The ledger lost, damaged, or somebody else's: it costs time, never data."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.world import World
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.e2e


def test_a_lost_ledger_and_edits_converge_without_a_deletion(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True)
    for number in range(20):
        site.write(f"{number}", f"content {number}")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    daemon.kill()
    shutil.rmtree(daemon.state_dir)
    site.write("0", "edited")
    site.write("1", "content x")  # as long as before
    (site.root / "2").unlink()
    site.write("new")
    proxy.forget()
    daemon.start().in_sync()
    assert not proxy.seen("DELETE")
    assert {r.path.rsplit("/", 1)[1] for r in proxy.seen("PUT")} == {"0", "1", "new"}
    objects = site.objects()
    assert objects.pop("2") == b"content 2"
    assert daemon.site()["foreign_objects"] == 1
    site.client.delete_object(Bucket=site.bucket, Key="2")
    site.assert_equal()


@pytest.mark.parametrize("damage", ["garbage", "middle", "empty", "truncated", "wal", "order"])
def test_a_damaged_ledger_loses_nothing(world: World, damage: str) -> None:
    site = world.site(retire_deleted=True)
    for number in range(200):
        site.write(f"d/{number}", f"content {number}")
    daemon = world.daemon().start()
    daemon.in_sync()
    daemon.kill()
    path = daemon.ledger()
    if damage != "wal":  # all that a killed daemon leaves may still be in there
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if damage == "garbage":
        path.write_bytes(os.urandom(50_000))
    elif damage == "middle":
        with path.open("r+b") as ledger:
            ledger.seek(8192)
            ledger.write(os.urandom(8192))
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif damage == "order":  # which no quick look finds
        content = path.read_bytes()
        assert b"d/77" in content
        path.write_bytes(content.replace(b"d/77", b"D/77"))
    else:
        path.with_name(path.name + "-wal").write_bytes(os.urandom(20_000))
    site.write("d/0", "edited")
    site.write("new")
    daemon.start().in_sync()
    site.assert_equal()
    assert not daemon.events("object.deleted")
    is_aside = path.with_name(f"{path.name}.corrupt-1").exists()
    assert is_aside == (damage in {"garbage", "middle", "truncated", "order"})


def test_another_bucket_begins_a_new_ledger_and_deletes_nothing(world: World) -> None:
    site = world.site(retire_deleted=True)
    for number in range(5):
        site.write(f"{number}")
    daemon = world.daemon().start()
    daemon.in_sync()
    daemon.stop()
    other = world.site("other")
    (site.root / "0").unlink()
    entry = {**daemon.document["sites"][0], "bucket": other.bucket}
    daemon.write_config({**daemon.document, "sites": [entry]})
    daemon.start().in_sync()
    assert other.names() == {"1", "2", "3", "4"}
    assert len(site.names()) == 5


def test_a_new_prefix_deletes_nothing_of_the_old_one(world: World) -> None:
    site = world.site(retire_deleted=True, prefix="old")
    for number in range(5):
        site.write(f"{number}")
    daemon = world.daemon().start()
    daemon.in_sync()
    daemon.stop()
    (site.root / "0").unlink()
    entry = {**daemon.document["sites"][0], "prefix": "new"}
    daemon.write_config({**daemon.document, "sites": [entry]})
    daemon.start().in_sync()
    old, new = (set(site.etags(f"{prefix}/")) for prefix in ("old", "new"))
    assert len(old) == 5
    assert len(new) == 4
