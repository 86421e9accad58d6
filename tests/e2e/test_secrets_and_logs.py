"""What the daemon writes: every line can be parsed, and no secret is anywhere."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e

_CANARIES = {
    "access_key": "AKIDCANARY0000000001",
    "secret_access_key": "canary-secret/with+odd=characters",
    "session_token": "canary-session-token-0123456789",
}


def test_no_secret_is_in_anything_that_is_written_or_said(world: World, proxy: Proxy) -> None:
    good = world.site("good", retire_deleted=True)
    bad = world.site("bad", bucket="no-such-bucket-for-canaries")
    good.write("file")
    good.write("refused")
    bad.write("file")
    proxy.answer(403, "AccessDenied", method="PUT", contains="refused", times=10**6)
    proxy.answer(500, "InternalError", method="PUT", contains="file", times=2)
    daemon = world.daemon(
        endpoint=proxy.endpoint, log={"format": "json", "level": "trace"}, **_CANARIES
    ).start()
    daemon.wait(lambda s: s["problems"] and s["files"] == 1, "good")
    daemon.wait(lambda s: s["reason"] == "bucket_unavailable", "bad")
    said = [
        daemon.run(*command)
        for command in (
            ["status", "--json"], ["status"], ["plan"], ["check"], ["check", "--offline"],
            ["run"], ["approve", "good"], ["rescan"],
        )
    ]  # fmt: skip
    text = daemon.config.read_text()
    for number, line in enumerate(text.splitlines()):
        if "canary" in line.lower():
            broken = text.splitlines()
            broken[number] = line.replace(": ", ": [", 1)
            daemon.config.write_text("\n".join(broken))
            said.append(daemon.run("reload"))
            broken[number] = "  " + line
            daemon.config.write_text("\n".join(broken))
            said.append(daemon.run("check", "--offline"))
    daemon.config.write_text(text)
    daemon.stop()
    written = daemon.log_path.read_text(errors="replace")
    written += "".join(answer.stdout + answer.stderr for answer in said)
    for path in daemon.state_dir.rglob("*"):
        if path.is_file():
            written += path.read_bytes().decode("latin-1")
    for name in ("secret_access_key", "session_token"):
        assert _CANARIES[name] not in written, name
    assert "Traceback" not in written
    assert "Authorization" not in written
    # The relay saw them, so they were used at all.
    assert proxy.seen("PUT")


def test_each_line_of_the_log_is_json_with_a_time_a_level_and_an_event(world: World) -> None:
    site = world.site(retire_deleted=True)
    site.write("new\nline \u202e\x1b[31m name", "content")
    site.write("goes")
    daemon = world.daemon(log={"format": "json", "level": "trace"}).start()
    daemon.wait(lambda s: s["last_reconcile_at"])
    (site.root / "goes").unlink()
    until(lambda: "goes" not in site.names())
    daemon.kill()
    lines = daemon.log_path.read_text().splitlines()
    assert len(lines) > 3
    for line in lines:
        event = json.loads(line)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["timestamp"])
        assert event["level"] in {"trace", "debug", "info", "warning", "error", "fatal"}
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event["event"])


def test_the_level_filters_and_the_log_may_be_a_file_that_is_rotated(world: World) -> None:
    site = world.site()
    path = world.folder / "s3syncd.log"
    log = {"format": "json", "level": "warn", "file": str(path)}
    daemon = world.daemon(log=log).start()
    daemon.in_sync()
    assert path.read_text() == ""
    path.rename(world.folder / "s3syncd.log.1")
    assert daemon.run("reload").returncode == 0
    site.root.rename(world.folder / "away")
    until(lambda: path.exists() and "root_missing" in path.read_text(), 15)
    assert all(json.loads(line)["level"] != "info" for line in path.read_text().splitlines())
    assert daemon.log_path.read_text() == ""
