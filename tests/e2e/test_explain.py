"""`s3syncd explain` tells the same of a path beside a daemon and without one."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import pytest

from s3syncd.cli.explain import execute
from s3syncd.cli.main import build_parser
from s3syncd.errors import FatalError
from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.waiting import until


def _explained(daemon: Daemon, path: str) -> dict[str, Any]:
    words = ["-c", str(daemon.config), "explain", "data", path, "--json"]
    stream = io.StringIO()
    assert execute(build_parser().parse_args(words), stream=stream) == 0
    document: dict[str, Any] = json.loads(stream.getvalue())
    return document


def _told(daemon: Daemon, path: str) -> tuple[str, str, str, int, str]:
    """Give file, object, first state, row and next."""
    one = _explained(daemon, path)
    step = one["next"]
    states = [one[side]["state"] for side in ("local", "remote")]
    return states[0], states[1], one["standing"][0]["word"], step["row"], step["word"]


@pytest.fixture
def daemon(world: World) -> Daemon:
    """A daemon that has met a deletion to be held, a drift, and things that are no files."""
    site = world.site(
        exclusions=["^cache/", "\\.tmp$"], retire_deleted=True, max_delete=0, on_drift="hold"
    )
    for name in ("same", "deleted", "drift", "x.tmp"):
        site.write(name, f"content of {name}")
    os.mkfifo(site.root / "pipe")
    (site.root / "link").symlink_to("same")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.put("drift", b"by others")
    site.put("foreign", b"foreign")
    (site.root / "deleted").unlink()
    daemon.wait(lambda s: s["held_deletions"] == 1)
    daemon.ask("rescan", site="data", remote=True)
    daemon.wait(lambda s: [p for p in s["problems"] if p["reason"] == "drift"])
    return daemon


def test_a_daemon_tells_both_sides_its_memory_and_what_follows(
    world: World, daemon: Daemon
) -> None:
    site = world.sites["data"]
    assert _told(daemon, "same") == ("file", "object", "at_rest", 6, "nothing")
    assert _told(daemon, "deleted") == ("absent", "object", "held", 13, "DeleteRemote")
    assert _told(daemon, "drift") == ("file", "object", "problem", 5, "Conflict")
    assert _told(daemon, "foreign") == ("absent", "object", "at_rest", 3, "nothing")
    assert _told(daemon, "pipe") == ("special_file", "absent", "problem", 0, "nothing")
    assert _told(daemon, "link") == ("symlink", "absent", "problem", 0, "nothing")
    assert _told(daemon, "nothing") == ("absent", "absent", "at_rest", 1, "nothing")
    assert _told(daemon, "x.tmp") == ("file", "absent", "left_out", 1, "nothing")
    one = _explained(daemon, str(site.root / "x.tmp"))
    assert (one["path"], one["rule"]["rule"]) == ("x.tmp", "exclusions[2]")
    one = _explained(daemon, f"s3://{site.bucket}/{site.prefix}same")
    assert one["remembered"]["etag"] == one["remote"]["etag"] == site.etags()["same"][1]
    assert one["site_state"]["reason"] == "mass_delete"
    for outside in ("../same", "/etc/passwd", "s3://another/same", "."):
        with pytest.raises(FatalError, match="no path of site"):
            _explained(daemon, outside)


def test_without_a_daemon_the_ledger_tells(world: World, daemon: Daemon) -> None:
    daemon.stop()
    world.sites["data"].write("new", "new")
    assert _told(daemon, "deleted") == ("absent", "object", "held", 13, "DeleteRemote")
    assert _told(daemon, "drift") == ("file", "object", "unnoticed", 5, "Conflict")
    assert _told(daemon, "new") == ("file", "absent", "unnoticed", 2, "Upload")
    assert _explained(daemon, "same")["site_state"] is None


def test_what_waits_is_told_with_its_reason(world: World) -> None:
    site = world.site(settle_open_seconds=30)
    daemon = world.daemon(s3_ops_retries=0).start()
    daemon.in_sync()
    with (site.root / "open").open("w") as opened:
        opened.write("half")
        opened.flush()
        until(lambda: _told(daemon, "open")[2] == "settling", 30)
        one = _explained(daemon, "open")
        assert 0 < one["facts"]["dirty"]["due_in_seconds"] <= 30
        assert "may still be written" in one["standing"][0]["text"]
        assert one["next"]["word"] == "Upload"
    daemon.ask("pause", site="data")
    assert _explained(daemon, "open")["site_state"]["state"] == "paused"
