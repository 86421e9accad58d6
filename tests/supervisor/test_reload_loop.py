"""Reloads in the main loop: one after the other, refused as a whole, and told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.client import RefusedError, ask, ask_status
from s3syncd.config.models import Config
from s3syncd.errors import ConfigError
from tests.supervisor.conftest import Configure
from tests.supervisor.running import Running, is_up, start, systemd
from tests.waiting import until

__all__ = ["start", "systemd"]


def test_bad_configuration_leaves_the_old_one_in_force_and_is_shown(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    config = configure()
    running = start(config)
    sites = list(running.shop.made)
    config.path.write_text("sites: {")
    with pytest.raises(ConfigError):
        ask(config.state_dir, "reload")
    shown = ask_status(config.state_dir)
    assert str(config.path) in shown["reload_error"]["error"]
    assert all(site["in_sync"] for site in shown["sites"])
    assert running.shop.made == sites
    configure({"a": {}, "b": {}, "c": {}})
    assert ask(config.state_dir, "reload")["started"] == ["c"]
    until(lambda: is_up(config))
    assert "reload_error" not in ask_status(config.state_dir)


def test_moved_state_is_refused(
    configure: Configure, start: Callable[[Config], Running], tmp_path: Path
) -> None:
    config = configure()
    running = start(config)
    configure({"c": {}}, state_dir=str(tmp_path / "elsewhere"))
    with pytest.raises(ConfigError, match="state_dir cannot change"):
        ask(config.state_dir, "reload")
    assert [site["name"] for site in running.supervisor.status()["sites"]] == ["a", "b"]


def test_log_file_that_cannot_be_opened_is_refused(
    configure: Configure, start: Callable[[Config], Running], tmp_path: Path
) -> None:
    config = configure()
    start(config)
    configure({"c": {}}, log={"file": str(tmp_path)})
    with pytest.raises(RefusedError, match="cannot open the log file"):
        ask(config.state_dir, "reload")
    assert [site["name"] for site in ask_status(config.state_dir)["sites"]] == ["a", "b"]


def test_what_waits_for_a_restart_is_shown_and_logged(
    configure: Configure, start: Callable[[Config], Running], tmp_path: Path
) -> None:
    config = configure()
    start(config)
    configure(upload_workers=2)
    assert ask(config.state_dir, "reload")["needs_restart"] == ["upload_workers"]
    assert ask_status(config.state_dir)["needs_restart"] == ["upload_workers"]
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert any(line["event"] == "config.needs_restart" for line in lines)


def test_reloads_happen_in_the_main_thread_one_after_the_other(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    running = start(configure())
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(running.supervisor.command("reload", {})))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer for answer in answers if not answer["ok"]] == []
    assert len(answers) == 8
    assert running.reloads_by == ["the-main-thread"] * 8


def test_stop_is_heard_while_a_reload_drains_a_site(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    config = configure(shutdown_timeout_seconds=3600)
    running = start(config)
    running.shop.last("a").is_draining_slowly = True
    configure({"a": {"max_delete": 1}, "b": {}}, shutdown_timeout_seconds=3600)
    assert ask(config.state_dir, "reload")["restarted"] == ["a"]
    running.supervisor.stop()
    until(lambda: running.shop.last("b").is_closed)
    running.supervisor.stop()
    assert running.ended(5) == 4  # what was to start anew did not


def test_refused_reload_tells_the_problems(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    running = start(configure())
    running.refusal = ConfigError(["c.yml:3: nonsense"], hint="write sense")
    answer = running.supervisor.command("reload", {})
    assert (answer["ok"], answer["error"], answer["hint"]) == (
        False, "c.yml:3: nonsense", "write sense",
    )  # fmt: skip
