"""`s3syncd verify` finds every difference, with a daemon and without, and changes nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.e2e.world import World
from tests.waiting import until


def _differences(answer: Any) -> dict[str, str]:
    (site,) = json.loads(answer.stdout)["sites"]
    assert site["reason"] is None
    return {each["path"]: each["reason"] for each in site["differences"]}


@pytest.mark.parametrize("is_running", [True, False], ids=["by the daemon", "alone"])
def test_every_difference_is_told_and_nothing_changed(world: World, is_running: bool) -> None:
    site = world.site()
    for name in ("same", "missing", "other", "d/deep"):
        site.write(name, f"content of {name}")
    site.write("large", "x" * 40_000)
    daemon = world.daemon()
    daemon.start().in_sync()
    if not is_running:
        daemon.stop()
    answer = daemon.run("verify", "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert _differences(answer) == {}
    assert json.loads(answer.stdout)["sites"][0]["files"] == 5
    site.client.delete_object(Bucket=site.bucket, Key="missing")
    site.put("other", b"CONTENT of other")
    site.put("foreign", b"foreign")
    before = site.etags()
    answer = daemon.run("verify", "--json")
    assert answer.returncode == 4, answer.stdout + answer.stderr
    assert _differences(answer) == {
        "missing": "missing_in_bucket",
        "other": "other_content",
        "foreign": "foreign_object",
    }
    told = daemon.run("verify").stdout
    assert "missing_in_bucket" in told
    assert "reconcile sends it" in told
    assert site.etags() == before
    assert daemon.run("verify", "no such site").returncode == 2


def test_objects_without_a_file_alone_are_no_fault(world: World) -> None:
    site = world.site()
    site.write("same", "content")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.put("foreign", b"foreign")
    (site.root / "same").unlink()
    until(lambda: daemon.site()["pending"]["actions"] == 0)
    answer = daemon.run("verify", "--json")
    assert _differences(answer) == {"foreign": "foreign_object", "same": "deleted_here"}
    assert answer.returncode == 0


def test_what_stat_cannot_see_is_found(world: World) -> None:
    """An edit whose size and times are as before: here the ledger is made to believe so."""
    site = world.site()
    site.write("rotten", "0123456789")
    daemon = world.daemon().start()
    daemon.in_sync()
    daemon.stop()
    target = site.root / "rotten"
    target.write_text("0123x56789")
    seen = target.stat()
    with closing(sqlite3.connect(daemon.ledger(), isolation_level=None)) as db:
        db.execute(
            "UPDATE baseline SET mtime_ns = ?, ctime_ns = ?, inode = ?",
            (seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino),
        )
    assert "nothing to do" in daemon.run("plan").stdout, "no stat tells"
    answer = daemon.run("verify", "--json")
    assert _differences(answer) == {"rotten": "silent_change"}
    assert answer.returncode == 4


def test_a_root_that_is_missing_is_no_success(world: World) -> None:
    site = world.site()
    site.write("same", "content")
    daemon = world.daemon()
    assert daemon.run("sync").returncode == 0
    site.root.rename(site.root.with_name("elsewhere"))
    answer = daemon.run("verify")
    assert answer.returncode == 4
    assert "root_missing" in answer.stdout
