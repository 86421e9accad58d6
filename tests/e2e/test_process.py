"""The process: signals, locks, reloads, pauses and exit codes."""

from __future__ import annotations

import json
import os
import signal
import threading

import pytest

from tests.e2e.daemon import COMMAND
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e

_MIB = 2**20


def test_a_second_daemon_on_the_same_state_names_the_first_and_exits_1(world: World) -> None:
    world.site()
    daemon = world.daemon().start()
    second = daemon.run("run")
    assert second.returncode == 1
    assert daemon.process is not None
    assert f"pid {daemon.process.pid}" in second.stderr
    assert daemon.run("status").returncode in {0, 4}
    daemon.kill()
    daemon.start().in_sync()  # a killed daemon's lock stops nobody


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_drains_what_is_in_flight(world: World, proxy: Proxy, name: str) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    go = threading.Event()
    rule = proxy.hold(go, method="PUT", contains="ten")
    content = os.urandom(10 * _MIB)
    site.write("ten", content)
    assert rule.reached.wait(15)
    assert daemon.process is not None
    daemon.process.send_signal(signal.Signals[name])
    until(lambda: not daemon.events("daemon.stopped"))
    assert daemon.is_running
    go.set()
    assert daemon.ended(10) == 0
    assert site.content("ten") == content
    # What was sent is recorded: the next start sends nothing.
    proxy.forget()
    daemon.start().in_sync()
    assert not proxy.seen("PUT")


def test_a_file_written_just_before_the_stop_arrives_with_the_next_start(world: World) -> None:
    site = world.site()
    daemon = world.daemon().start()
    daemon.in_sync()
    site.write("late", "late")
    assert daemon.stop() in {0, 4}  # 4 where it had heard of the file
    daemon.start().in_sync()
    site.assert_equal()


def test_a_second_signal_ends_it_at_once(world: World, proxy: Proxy) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint, shutdown_timeout_seconds=60).start()
    daemon.in_sync()
    go = threading.Event()
    rule = proxy.hold(go, method="PUT")
    site.write("file")
    assert rule.reached.wait(15)
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGTERM)
    # The kernel makes one of two signals that come before the process has looked at the first.
    until(lambda: daemon.events("daemon.drains"), 15)
    assert daemon.is_running
    daemon.process.send_signal(signal.SIGTERM)
    daemon.ended(5)
    go.set()
    daemon.start().in_sync()
    site.assert_equal()


def test_a_stop_does_not_wait_longer_than_it_may(world: World, proxy: Proxy) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint, shutdown_timeout_seconds=1).start()
    daemon.in_sync()
    go = threading.Event()
    rule = proxy.hold(go, method="PUT")
    site.write("file")
    assert rule.reached.wait(15)
    assert daemon.stop(timeout=8) == 4
    go.set()


def test_a_reload_restarts_only_the_site_that_changed(world: World) -> None:
    kept, changed, gone = (world.site(name) for name in ("kept", "changed", "gone"))
    for site in (kept, changed, gone):
        site.write("file")
    daemon = world.daemon().start()
    daemon.in_sync("kept", "changed", "gone")
    before = daemon.site("kept")["last_reconcile_at"]
    came = world.site("came")
    came.write("file")
    changed.options["exclusions"] = ["excluded"]
    sites = [world.entry(site) for site in (kept, changed, came)]
    daemon.write_config({**daemon.document, "sites": sites})
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait(lambda s: s["in_sync"], "kept")
    until(lambda: [s["name"] for s in daemon.status()["sites"]] == ["kept", "changed", "came"])
    daemon.in_sync("kept", "changed", "came")
    assert daemon.site("kept")["last_reconcile_at"] == before
    changed.write("excluded")
    changed.write("later")
    gone.write("later")
    until(lambda: changed.names() == {"file", "later"})
    assert came.names() == {"file"}
    assert gone.names() == {"file"}


def test_a_broken_configuration_changes_nothing_and_is_shown(world: World) -> None:
    site = world.site()
    daemon = world.daemon().start()
    daemon.in_sync()
    good = daemon.config.read_text()
    daemon.config.write_text("sites: [unclosed\nsecret_access_key: canary-in-the-yaml")
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)
    failed = until(lambda: daemon.events("reload.failed") or daemon.events("config.refused"), 15)
    assert "config.yml" in json.dumps(failed)
    assert "canary-in-the-yaml" not in daemon.log_path.read_text()
    assert "config.yml" in json.dumps(daemon.status()["reload_error"])
    site.write("later")
    until(lambda: site.names() == {"later"})
    daemon.config.write_text(good)
    assert daemon.run("reload").returncode == 0
    assert not daemon.status().get("reload_error")
    daemon.in_sync()


def test_a_pause_survives_a_restart(world: World) -> None:
    site = world.site(retire_deleted=True)
    site.write("before")
    daemon = world.daemon().start()
    daemon.in_sync()
    assert daemon.run("pause", "--wait").returncode == 0
    site.write("while paused")
    daemon.wait(lambda s: s["state"] == "paused" and not s["in_sync"])
    daemon.stop()
    daemon.start()
    daemon.wait(lambda s: s["state"] == "paused")
    site.write("after the restart")
    assert daemon.run("status").returncode == 4
    assert site.names() == {"before"}
    assert daemon.run("resume", "--wait").returncode == 0
    assert site.names() == {"before", "while paused", "after the restart"}


def test_exit_codes_without_a_daemon(world: World) -> None:
    world.site()
    daemon = world.daemon()
    for command in ("status", "rescan", "pause", "resume", "reload"):
        answer = daemon.run(command)
        assert answer.returncode == 1, command
        assert "no daemon answers" in answer.stderr
        assert "Traceback" not in answer.stderr
    assert daemon.run("approve", "data").returncode == 1
    assert daemon.run("status", "--live").returncode == 1
    assert daemon.run("no-such-command").returncode == 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sites: [", "config.yml:1"),
        ("sites: []", "sites"),
        ("", "sites"),
        ("sites:\n- path: /tmp\n", "bucket"),
        ("sites:\n- path: /tmp\n  bucket: b\n  colour: red\n", "colour"),
        ("sites:\n- path: /tmp\n  bucket: b\n  exclusions: ['(']\n", "exclusions"),
        ("sites:\n- path: /tmp\n  bucket: b\n  bucket: c\n", "bucket"),
        ("log: {level: loud}\nsites:\n- path: /tmp\n  bucket: b\n", "level"),
    ],
)
def test_a_configuration_that_cannot_be_used_exits_2_and_names_the_key(
    world: World, text: str, names: str
) -> None:
    world.site()
    daemon = world.daemon()
    daemon.config.write_text(text)
    for command in ("run", "check", "plan"):
        answer = daemon.run(command)
        assert answer.returncode == 2
        assert names in answer.stderr
        assert "Traceback" not in answer.stderr


def test_a_missing_configuration_exits_2(world: World) -> None:
    world.site()
    daemon = world.daemon()
    daemon.config.unlink()
    assert daemon.run("run").returncode == 2


def test_the_configuration_may_stand_before_or_after_the_command(world: World) -> None:
    world.site()
    daemon = world.daemon().start()
    daemon.in_sync()
    import subprocess

    for arguments in (
        ["-c", str(daemon.config), "status"],
        ["status", "-c", str(daemon.config)],
        ["status", "--config", str(daemon.config)],
        ["-config", str(daemon.config), "status", "data"],
    ):
        answer = subprocess.run([COMMAND, *arguments], capture_output=True, check=False)
        assert answer.returncode == 0, arguments


def test_a_readable_configuration_with_secrets_is_refused(world: World) -> None:
    world.site()
    daemon = world.daemon()
    daemon.config.chmod(0o644)
    answer = daemon.run("run")
    assert answer.returncode == 2
    assert "chmod 600" in answer.stderr
