"""The daemon's main loop: signs of life, and how it ends."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from s3syncd import __version__
from s3syncd.cli.client import RefusedError, ask, ask_status
from s3syncd.config.models import Config
from s3syncd.errors import FatalError
from s3syncd.supervisor.fleet import Fleet
from s3syncd.supervisor.lock import StateLock
from s3syncd.supervisor.state import watch_shortage
from s3syncd.supervisor.supervisor import Supervisor
from tests.supervisor.conftest import Configure
from tests.supervisor.fakes import FakeShop
from tests.supervisor.fleets import hang
from tests.supervisor.running import Running, Systemd, start, systemd
from tests.waiting import until

__all__ = ["start", "systemd"]


# --- life and end ---------------------------------------------------------------------------------


def test_systemd_hears_of_each_stage(
    configure: Configure, start: Callable[[Config], Running], systemd: Systemd
) -> None:
    running = start(configure())
    until(lambda: systemd.heard().count("WATCHDOG=1") >= 3)
    running.supervisor.command("reload", {})
    running.supervisor.stop()
    assert running.ended() == 0
    said = [message.splitlines()[0] for message in systemd.heard()]
    assert any(each.startswith("STATUS=2 sites, ") for each in said)
    stages = [each for each in said if each != "WATCHDOG=1" and not each.startswith("STATUS")]
    assert stages == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
    reloading = next(each for each in systemd.said if each.startswith("RELOADING"))
    assert reloading.splitlines()[1].startswith("MONOTONIC_USEC=")


def test_the_log_begins_with_who_runs_for_whom_and_on_what(
    configure: Configure, start: Callable[[Config], Running], tmp_path: Path
) -> None:
    url = "http://127.0.0.1:9/T0KEN9f8e7d6c5b4a39281706"
    config = configure({f"s{n:02}": {} for n in range(25)}, heartbeat={"url": url})
    start(config)
    (first, *_rest) = (tmp_path / "log").read_text().splitlines()
    line = json.loads(first)
    assert line["event"] == "daemon.started"
    assert line["version"] == __version__
    assert (len(line["sites"]), line["sites_total"]) == (20, 25)
    assert line["ledgers"] == str(config.state_dir)
    assert line["config"] == str(config.path)
    assert line["limits"]["buffer_bytes"] == config.buffer_bytes
    assert line["tells"] == ["heartbeat"]
    assert {"python", "system", "watching", "max_user_watches", "read_leases"} <= set(
        line["capabilities"]
    )
    assert "T0KEN" not in first


@pytest.mark.parametrize(("limit", "enough"), [(3, "=8"), (2, "=8"), (4, ""), (None, "")])
def test_more_sites_than_the_system_can_watch_are_told_with_the_remedy(
    configure: Configure, limit: int | None, enough: str
) -> None:
    config = configure({name: {} for name in "abc"} | {"d": {"watcher": "polling"}})
    assert watch_shortage(config, limit).endswith(enough)
    assert bool(watch_shortage(config, limit)) == bool(enough)


def test_watchdog_is_fed_no_more_when_a_site_is_stuck(
    configure: Configure, start: Callable[[Config], Running], systemd: Systemd
) -> None:
    running = start(configure())
    hang(running.supervisor.fleet, running.shop, "a")
    life = running.supervisor.fleet._lives["a"]
    running.shop.last("a").board.turned_at = life._started_at = time.monotonic() - 31
    assert not running.supervisor.live()["ok"]
    assert "a" in running.supervisor.live()["error"]
    until(lambda: not systemd.said.clear() and not _hears(systemd, "WATCHDOG=1", 0.5))


def _hears(systemd: Systemd, message: str, within_seconds: float) -> bool:
    try:
        until(lambda: message in systemd.heard(), within_seconds)
    except AssertionError:
        return False
    return True


def test_liveness_needs_the_main_loop_too(configure: Configure) -> None:
    supervisor = Supervisor(configure(), fleet=Fleet(configure(), shop=FakeShop(time.monotonic)))
    assert supervisor.live() == {"ok": True}
    supervisor._turned_at -= 31
    assert "the supervisor" in supervisor.live()["error"]


def test_stop_lets_sites_drain(configure: Configure, start: Callable[[Config], Running]) -> None:
    running = start(configure())
    running.shop.last("a").is_draining_slowly = True
    running.supervisor.stop()
    until(lambda: running.shop.last("b").is_closed)
    assert running.thread.is_alive()
    running.shop.last("a").is_draining_slowly = False
    assert running.ended() == 0
    assert running.shop.last("a").is_closed


def test_second_stop_is_at_once(configure: Configure, start: Callable[[Config], Running]) -> None:
    running = start(configure(shutdown_timeout_seconds=3600))
    running.shop.last("a").is_draining_slowly = True
    running.supervisor.stop()
    until(lambda: running.shop.last("b").is_closed)
    running.supervisor.stop()
    assert running.ended(5) == 0


def test_drain_ends_at_the_deadline(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    running = start(configure(shutdown_timeout_seconds=0.5))
    running.shop.last("a").is_draining_slowly = True
    running.supervisor.stop()
    assert running.ended(5) == 0


@pytest.mark.parametrize(
    ("left", "code"),
    [
        ({"in_sync": False}, 4),
        ({"in_sync": False, "held_deletions": 30}, 3),
        ({"in_sync": False, "state": "halted"}, 3),
    ],
    ids=["unsynced work", "held deletions", "halted"],
)
def test_the_exit_code_of_a_stop_tells_what_is_left(
    configure: Configure, start: Callable[[Config], Running], left: dict[str, object], code: int
) -> None:
    running = start(configure())
    board = running.shop.last("a").board
    board.snapshot = {**board.snapshot, **left}
    running.supervisor.stop()
    assert running.ended() == code


def test_control_socket_answers_while_the_daemon_drains(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    config = configure()
    running = start(config)
    running.shop.last("a").is_draining_slowly = True
    running.supervisor.stop()
    until(lambda: running.shop.last("b").is_closed)
    assert len(ask_status(config.state_dir)["sites"]) == 2
    with pytest.raises(RefusedError, match="stopping"):
        ask(config.state_dir, "reload")


def test_too_many_crashes_end_it_with_1(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    running = start(configure(max_failures=1))
    running.shop.last("a").crash = RuntimeError("crashed")
    assert running.ended() == 1
    assert running.shop.last("b").is_closed


@pytest.mark.parametrize("is_replaced", [False, True], ids=["removed", "replaced"])
def test_a_state_directory_that_is_lost_ends_it_with_1(
    configure: Configure,
    start: Callable[[Config], Running],
    tmp_path: Path,
    *,
    is_replaced: bool,
) -> None:
    config = configure()
    running = start(config)
    state = config.state_dir
    state.rename(state.with_name("elsewhere"))
    if is_replaced:
        state.mkdir()
        (state / "lock").touch()
    assert running.ended() == 1
    assert running.shop.last("a").is_closed
    assert "daemon.state_lost" in (tmp_path / "log").read_text()


def test_a_lock_that_cannot_be_looked_at_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    lock = StateLock(tmp_path / "a" / "state")
    assert not lock.is_lost()
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "a").symlink_to("a")  # ELOOP
    assert not lock.is_lost()
    (tmp_path / "a").unlink()
    assert lock.is_lost()
    lock.release()


def test_second_daemon_is_refused_and_told_who_is_first(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    config = configure()
    start(config)
    second = start(config, is_waited=False)  # type: ignore[call-arg]
    error = second.ended()
    assert isinstance(error, FatalError)
    assert f"pid {os.getpid()}" in error.message
    assert ask_status(config.state_dir)["sites"], "the first is unharmed"


def test_lock_is_given_back(tmp_path: Path) -> None:
    StateLock(tmp_path / "state").release()
    StateLock(tmp_path / "state").release()


def test_log_that_cannot_be_opened_leaves_the_state_free(
    configure: Configure, tmp_path: Path
) -> None:
    config = configure(log={"file": str(tmp_path)})
    with pytest.raises(FatalError, match="cannot open the log file"):
        Supervisor(config, fleet=Fleet(config, shop=FakeShop(time.monotonic))).run()
    StateLock(config.state_dir).release()
