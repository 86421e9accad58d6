"""`--wait`: what commands wait for, what they do not wait for, and how long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.client import NoDaemonError
from s3syncd.cli.follow import follow
from s3syncd.cli.main import main
from tests.cli.daemon import (
    DRIFTED,
    LATER,
    OUT_OF_SYNC,
    FakeDaemon,
    site_status,
)


def test_status_waits_until_in_sync(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status(**OUT_OF_SYNC)], [site_status(**OUT_OF_SYNC)], [site_status()]]
    assert main(["status", "--wait", "--timeout", "30", "-c", str(config)]) == 0
    assert len(daemon.steps) == 1


def test_status_stops_waiting_when_the_time_is_over(daemon: FakeDaemon, config: Path) -> None:
    daemon.steps = [[site_status(**OUT_OF_SYNC)]]
    assert main(["status", "--wait", "--timeout", "0.1", "-c", str(config)]) == 4
    daemon.steps = [[site_status(in_sync=False, held_deletions=50)]]
    assert main(["status", "--wait", "--timeout", "0", "-c", str(config)]) == 3


@pytest.mark.parametrize(
    "waiting",
    [{"held_deletions": 50}, {"state": "halted"}, DRIFTED],
    ids=["held", "halted", "drift"],
)
def test_status_does_not_wait_for_a_site_that_waits_for_a_person(
    daemon: FakeDaemon, config: Path, waiting: dict[str, Any]
) -> None:
    stuck = site_status(**{"in_sync": False, **waiting})
    behind = site_status("docs", **OUT_OF_SYNC)
    for command, looks in (("status", 1), ("resume", 2)):  # the first of two is before it is asked
        daemon.steps = [[stuck, behind] for _ in range(looks + 1)] + [[site_status()]]
        assert main([command, "--wait", "--timeout", "30", "-c", str(config)]) == 3
        assert len(daemon.steps) == 2


def test_waiting_bears_a_daemon_that_is_still_starting(tmp_path: Path) -> None:
    answers: list[object] = [NoDaemonError("none"), NoDaemonError("none"), {"sites": []}]

    def look() -> dict[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"sites": []}

    assert follow(tmp_path, None, lambda _: True, look=look).is_done
    assert answers == []


def test_waiting_gives_up_on_a_daemon_that_never_comes(tmp_path: Path) -> None:
    moments = iter([0.0, 0.0, 0.0, 9.0, 9.0, 11.0, 11.0])

    def look() -> dict[str, Any]:
        raise NoDaemonError("none")

    with pytest.raises(NoDaemonError):
        follow(tmp_path, None, lambda _: True, look=look, clock=lambda: next(moments))


def test_rescan_waits_for_a_pass_of_its_kind_and_for_what_it_found(
    daemon: FakeDaemon, config: Path
) -> None:
    daemon.steps = [
        [site_status()],
        [site_status()],
        [site_status(state="scanning")],
        [site_status(last_rescan_at=LATER)],
        [site_status(last_reconcile_at=LATER, **OUT_OF_SYNC)],
        [site_status(last_reconcile_at=LATER)],
    ]
    assert main(["rescan", "--remote", "--wait", "--timeout", "30", "-c", str(config)]) == 0
    assert len(daemon.steps) == 1


def test_a_rescan_does_not_wait_for_what_failed_and_is_tried_again_some_time(
    daemon: FakeDaemon, config: Path
) -> None:
    failed = {"in_sync": False, "pending": {"actions": 2, "bytes": 9, "failed": 2}}
    daemon.steps = [[site_status()], [site_status(last_rescan_at=LATER, **failed)]]
    assert main(["rescan", "--wait", "--timeout", "30", "-c", str(config)]) == 4


def test_a_rescan_that_is_not_through_in_time_is_not_in_sync(
    daemon: FakeDaemon, config: Path
) -> None:
    assert main(["rescan", "--wait", "--timeout", "0", "-c", str(config)]) == 4


def test_rescan_does_not_wait_for_a_site_that_waits_for_a_person(
    daemon: FakeDaemon, config: Path
) -> None:
    daemon.steps = [[site_status()], [site_status(state="halted", in_sync=False)]]
    assert main(["rescan", "--wait", "-c", str(config)]) == 3


def test_pause_waits_until_every_site_is_still(daemon: FakeDaemon, config: Path) -> None:
    behind = [site_status(**OUT_OF_SYNC)]
    daemon.steps = [behind, behind, [site_status(state="paused", in_sync=False)]]
    assert main(["pause", "--wait", "-c", str(config)]) == 0
    assert daemon.commands == [("pause", {})]
    assert len(daemon.steps) == 1
    daemon.steps = [[site_status(**OUT_OF_SYNC)]]
    assert main(["pause", "photos", "--wait", "--timeout", "0", "-c", str(config)]) == 4
    assert daemon.commands[1:] == [("pause", {"site": "photos"})]


def test_resume_waits_until_in_sync(daemon: FakeDaemon, config: Path) -> None:
    assert main(["resume", "photos", "-c", str(config)]) == 0
    behind = [site_status(**OUT_OF_SYNC)]
    daemon.steps = [behind, behind, [site_status()]]
    assert main(["resume", "--wait", "-c", str(config)]) == 0
    assert daemon.commands == [("resume", {"site": "photos"}), ("resume", {})]
    assert len(daemon.steps) == 1


def test_reload_waits_until_every_site_has_started(daemon: FakeDaemon, config: Path) -> None:
    assert main(["reload", "-c", str(config)]) == 0
    daemon.steps = [[site_status(state="starting", in_sync=False)], [site_status()]]
    assert main(["reload", "--wait", "-c", str(config)]) == 0
    assert daemon.commands == [("reload", {}), ("reload", {})]
    assert len(daemon.steps) == 1


# --- a file that cannot be used any more ----------------------------------------------------------


PAUSED = {"in_sync": False, "state": "paused"}


def test_waiting_ends_with_a_word_where_a_site_is_paused(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status("my site", **PAUSED)]]
    assert main(["status", "--wait", "-c", str(config)]) == 4
    told = capsys.readouterr()
    said = f"not waiting for my site: it is paused, until: s3syncd -c {config} resume 'my site'\n"
    assert told.err == said
    assert "paused" in told.out


def test_the_sites_that_are_not_paused_are_waited_for(daemon: FakeDaemon, config: Path) -> None:
    paused = site_status("docs", **PAUSED)
    daemon.steps = [[site_status(**OUT_OF_SYNC), paused], [site_status(), paused]]
    assert main(["status", "--wait", "-c", str(config)]) == 4
    assert len(daemon.steps) == 1


def test_a_resumed_site_is_waited_for_though_it_still_says_that_it_is_paused(
    daemon: FakeDaemon, config: Path
) -> None:
    paused = [site_status(**PAUSED)]
    daemon.steps = [paused, paused, [site_status()]]
    assert main(["resume", "--wait", "-c", str(config)]) == 0


def test_a_rescan_of_a_site_that_stands_still_does_not_say_that_it_is_done(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for paused in (PAUSED, {"state": "paused"}):  # with something to do, and without
        daemon.steps = [[site_status(**paused)]]
        assert main(["rescan", "--wait", "-c", str(config)]) == 4
        assert capsys.readouterr().out == "not done: photos is paused\n"
