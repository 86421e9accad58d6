"""The installed command: real signals, a real lock, and what it leaves behind."""

from __future__ import annotations

import signal
import subprocess
import threading

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e


def test_hangup_reads_the_configuration_again(world: World) -> None:
    one = world.site("one")
    daemon = world.daemon()
    daemon.start()
    daemon.in_sync("one")
    assert daemon.process is not None
    two = world.site("two")
    two.write("f")
    daemon.write_config({**daemon.document, "sites": [world.entry(one), world.entry(two)]})
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: len(daemon.status()["sites"]) == 2, 20)
    daemon.in_sync("one", "two")
    assert two.names() == {"f"}


def test_hangup_with_a_bad_configuration_changes_nothing_but_the_status(world: World) -> None:
    site = world.site()
    daemon = world.daemon()
    daemon.start()
    daemon.in_sync()
    assert daemon.process is not None
    daemon.write_config({**daemon.document, "sitse": []})
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: "sitse" in daemon.status().get("reload_error", {}).get("error", ""), 20)
    site.write("f")
    until(site.is_equal, 20)


def test_second_daemon_names_the_first_and_ends_with_1(world: World) -> None:
    world.site()
    daemon = world.daemon()
    daemon.start()
    assert daemon.process is not None
    second = daemon.run("run")
    assert second.returncode == 1
    assert f"pid {daemon.process.pid}" in second.stderr
    assert daemon.is_running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_ends_a_drain_at_once(
    world: World, proxy: Proxy, number: signal.Signals
) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint, shutdown_timeout_seconds=300)
    daemon.start()
    daemon.in_sync()
    assert daemon.process is not None
    rule = proxy.hold(threading.Event(), method="PUT", contains="/f")
    site.write("f")
    assert rule.reached.wait(20)
    daemon.process.send_signal(number)
    until(lambda: daemon.events("daemon.drains"), 20)
    assert not _ends(daemon, 1.0), "what is in flight is waited for"
    daemon.process.send_signal(number)
    assert daemon.ended(8) == 4, "work is left"
    assert daemon.events("daemon.stops_at_once")


def _ends(daemon: Daemon, within_seconds: float) -> bool:
    try:
        daemon.ended(within_seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
