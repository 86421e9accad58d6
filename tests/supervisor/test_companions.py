"""What runs beside the sites is what the configuration wants, and holds nothing up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.client import ask, ask_status
from s3syncd.config.models import Config
from s3syncd.core.health import Check
from s3syncd.core.notices import CALM_SECONDS
from s3syncd.notify.webhook import GATHER_SECONDS
from s3syncd.supervisor.companions import Companions
from s3syncd.web.app import Verdict
from tests.servers import StubServer, respond, stall, stub_server
from tests.supervisor.conftest import Configure
from tests.supervisor.running import Running, is_up, start, systemd
from tests.waiting import until

__all__ = ["start", "systemd"]

TOKEN = "T0KEN9f8e7d6c5b4a39281706"
HALTED = {
    "name": "a", "state": "halted", "reason": "root_replaced", "hint": "Bring it back.",
    "held_deletions": 0, "held_list": None, "problems": [],
}  # fmt: skip


class View:
    """What a daemon shows, as a test says."""

    def __init__(self) -> None:
        self.is_live = self.is_healthy = True
        self.sites: list[tuple[dict[str, Any], list[Check]]] = []

    def live(self) -> Verdict:
        return Verdict(self.is_live)

    def health(self) -> Verdict:
        return Verdict(self.is_healthy)

    def checked(self) -> list[tuple[dict[str, Any], list[Check]]]:
        return self.sites


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with stub_server() as server:
        server.behave(respond(200), times=1000)
        yield server


@pytest.fixture
def view() -> View:
    return View()


@pytest.fixture
def companions(view: View) -> Iterator[Companions]:
    made = Companions(view, on_change=lambda: None)  # type: ignore[arg-type]
    yield made
    made.stop(5.0)


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()} & {"heartbeat", "notify", "config"}


def test_nothing_runs_that_nobody_wants(companions: Companions, configure: Configure) -> None:
    before = threading.active_count()
    companions.apply(configure())
    assert threading.active_count() == before
    assert companions.told() == {}


def test_what_a_reload_changes_is_exchanged_and_the_rest_goes_on(
    companions: Companions, configure: Configure, stub: StubServer
) -> None:
    heartbeat = {"url": f"{stub.endpoint}/{TOKEN}", "interval": 3600}
    companions.apply(configure(heartbeat=heartbeat, reload_on_change=True))
    first = companions._running
    companions.apply(configure(heartbeat=heartbeat | {"interval": 1800}, reload_on_change=True))
    second = companions._running
    assert second["config"] is first["config"]
    assert second["heartbeat"] is not first["heartbeat"]
    first["heartbeat"].rounds.join(5)
    companions.apply(configure())
    assert companions.told() == {}
    for one in second.values():
        one.rounds.join(5)
    assert not _threads()


def test_pings_stop_while_the_daemon_is_unhealthy_or_a_loop_is_stuck(
    companions: Companions, configure: Configure, stub: StubServer, view: View
) -> None:
    companions.apply(configure(heartbeat={"url": f"{stub.endpoint}/{TOKEN}", "interval": 3600}))
    sender = companions._running["heartbeat"].sender
    assert sender is not None
    now = 1_000_000.0
    for verdicts, pings in (((True, True), 1), ((True, False), 0), ((False, True), 0)):
        view.is_live, view.is_healthy = verdicts
        before = len(stub.seen())
        now += 10_000
        sender.turn(now)
        assert len(stub.seen()) - before == pings, verdicts
    assert companions.told()["heartbeat"]["last_sent_at"].endswith("Z")


def test_a_halt_is_posted(
    companions: Companions, configure: Configure, stub: StubServer, view: View
) -> None:
    view.sites = [({**HALTED, "name": f"s{n}"}, []) for n in range(1000)]
    companions.apply(configure(notify={"webhook": f"{stub.endpoint}/{TOKEN}"}))
    until(lambda: companions.told()["notify"]["waiting"] == 1000)
    sender = companions._running["notify"].sender
    assert sender is not None
    sender.turn(time.monotonic() + GATHER_SECONDS)
    (seen,) = stub.seen()
    document = json.loads(seen.body)
    assert document["text"].startswith("s3syncd on ")
    assert len(document["notices"]) + document["omitted"] == 1000
    assert companions.told()["notify"]["last_sent_at"]
    assert TOKEN not in json.dumps(companions.told())


def test_what_is_told_names_the_file_of_the_daemon(
    companions: Companions, configure: Configure, stub: StubServer, view: View
) -> None:
    view.sites = [({**HALTED, "hint": "`s3syncd approve SITE`"}, [])]
    config = configure(notify={"webhook": stub.endpoint})
    companions.apply(config)
    until(lambda: companions.told()["notify"]["waiting"])
    sender = companions._running["notify"].sender
    assert sender is not None
    sender.turn(time.monotonic() + GATHER_SECONDS)
    (notice,) = json.loads(stub.seen()[0].body)["notices"]
    assert notice["text"] == f"`s3syncd -c {config.path} approve a`"


def test_a_file_that_is_refused_for_long_is_posted_and_so_is_its_end(
    view: View, configure: Configure, stub: StubServer
) -> None:
    error = ["c.yml:3: wrong"]
    companions = Companions(view, on_change=lambda: None, refused=lambda: error[0])  # type: ignore[arg-type]
    config = configure(notify={"webhook": stub.endpoint, "after": 0})
    companions.apply(config)
    until(lambda: companions.told()["notify"]["waiting"])
    sender = companions._running["notify"].sender
    companions.stop(5.0)
    assert sender is not None
    now = time.monotonic() + GATHER_SECONDS
    sender.turn(now)
    error[0] = ""
    for seconds in (60.0, 60.0 + CALM_SECONDS, 120.0):
        sender.turn(now + seconds)
    refused, over = (json.loads(seen.body) for seen in stub.seen())
    (notice,) = refused["notices"]
    assert (notice["site"], notice["kind"], notice["reason"]) == (
        "the daemon", "unhealthy", "config_refused",
    )  # fmt: skip
    assert notice["text"].startswith(f"`s3syncd -c {config.path} status` says why")
    assert notice["text"].endswith("c.yml:3: wrong")
    assert "the daemon runs on with the configuration it had" in refused["text"]
    (notice,) = over["notices"]
    assert (notice["site"], notice["kind"], notice["reason"]) == (
        "the daemon", "recovered", "config_refused",
    )  # fmt: skip
    assert "the daemon refuses its configuration no more" in over["text"]


def test_a_server_that_hangs_holds_up_neither_a_reload_nor_the_end(
    companions: Companions, configure: Configure
) -> None:
    with stub_server() as server:
        server.behave(stall(), times=100)
        companions.apply(configure(heartbeat={"url": f"{server.endpoint}/{TOKEN}", "interval": 1}))
        until(server.seen)
        companions.tick(0.0)
        companions.apply(configure())
        companions.stop()
        assert companions.told() == {}


# --- in the daemon --------------------------------------------------------------------------------


def test_a_changed_file_takes_effect_and_a_wrong_one_is_shown(
    configure: Configure, start: Callable[[Config], Running], tmp_path: Path
) -> None:
    config = configure(reload_on_change=True)
    running = start(config)
    config.path.write_text("sites: {")
    until(lambda: "reload_error" in ask_status(config.state_dir))
    assert all(site["in_sync"] for site in ask_status(config.state_dir)["sites"])
    configure({"a": {}, "b": {}, "c": {}}, reload_on_change=True)
    until(lambda: len(ask_status(config.state_dir)["sites"]) == 3)
    until(lambda: is_up(config))
    until(lambda: "config.reloaded" in (tmp_path / "log").read_text())
    assert "reload_error" not in ask_status(config.state_dir)
    assert running.shop.built("a") == 1
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["started"] for line in lines if line["event"] == "config.reloaded"] == [["c"]]


def test_a_file_that_changed_in_nothing_that_counts_is_not_reloaded(
    configure: Configure, start: Callable[[Config], Running], tmp_path: Path
) -> None:
    config = configure()
    running = start(config)
    config.path.write_text(config.path.read_text() + "# a remark\n")
    running.supervisor._companions._on_change()
    until(lambda: running.reloads_by)
    assert ask(config.state_dir, "reload")["ok"], "who asks gets one all the same"
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert events.count("config.reloaded") == 1


def test_the_status_tells_what_is_wrong_with_sending(
    configure: Configure, start: Callable[[Config], Running]
) -> None:
    with stub_server() as server:
        server.behave(respond(404), times=1000)
        config = configure(heartbeat={"url": f"{server.endpoint}/{TOKEN}", "interval": 1})
        start(config)
        until(lambda: ask_status(config.state_dir).get("heartbeat", {}).get("error"))
    shown = ask_status(config.state_dir)
    assert shown["heartbeat"] == {"last_sent_at": None, "error": "the server answers 404"}
    assert "notify" not in shown
