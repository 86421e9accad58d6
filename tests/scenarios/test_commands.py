"""What a person may ask for, and what becomes of it over a restart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """5 files in sync."""
    return world.filled(5)


def test_a_paused_site_does_nothing_and_is_not_in_sync_with_what_it_heard(settled: World) -> None:
    assert settled.command("pause")["ok"]
    settled.write("new", hint=True)
    settled.remove("f000", hint=True)
    settled.run(120)
    assert settled.store.requests == []
    assert settled.status["state"] == "paused"
    assert not settled.status["in_sync"]
    settled.command("resume")
    settled.settle()
    assert settled.objects == settled.files


def test_a_pause_survives_a_kill(settled: World) -> None:
    settled.command("pause")
    settled.restart()
    settled.write("new", hint=True)
    settled.run(60)
    assert settled.status["state"] == "paused"
    assert settled.puts() == []
    settled.command("resume")
    settled.settle()
    assert settled.objects == settled.files


def test_a_pause_is_as_old_as_it_is_over_restarts_and_leaps_of_the_clock(settled: World) -> None:
    assert settled.status["paused_at"] is None
    settled.command("pause")
    began, since = settled.now, settled.status["paused_at"]
    settled.run(100)
    settled.restart()
    settled.run(10)
    assert settled.status["paused_at"] == since
    settled._wall_from += 10 * 86_400
    settled.run(10)
    figures = settled.site.board.figures
    assert figures is not None
    assert figures.paused_at == pytest.approx(began)
    settled.command("resume")
    settled.run(1)
    assert settled.status["paused_at"] is None


def test_a_pause_in_the_middle_lets_what_is_in_flight_end(settled: World) -> None:
    settled.lane.is_held = True
    settled.write("new", hint=True)
    settled.run(1)
    settled.command("pause")
    settled.lane.is_held = False
    settled.run(1)
    assert settled.objects == settled.files
    assert settled.ledger.baseline("new") is not None


def test_a_rescan_costs_no_request_and_a_remote_one_lists(settled: World) -> None:
    settled.command("rescan")
    settled.settle()
    assert settled.store.requests == []
    settled.command("rescan", remote=True)
    settled.settle()
    assert settled.store.count("list") == 1


def test_an_unknown_command_is_refused(settled: World) -> None:
    assert not settled.command("explode")["ok"]


# --- drift on hold --------------------------------------------------------------------------------


@pytest.fixture
def drifted(make_world: Callable[..., World]) -> World:
    """One of 5 objects was changed by somebody else, and the site holds."""
    world = make_world(on_drift="hold")
    world.fill(5)
    world.settle()
    world.store.store("p/f000", b"theirs")
    world.command("sync")
    world.run(30)
    return world


def test_drift_is_held_as_a_problem(drifted: World) -> None:
    assert drifted.objects["f000"] == b"theirs"
    assert [(p["path"], p["reason"]) for p in drifted.status["problems"]] == [("f000", "drift")]
    assert not drifted.status["in_sync"]


def test_an_edit_does_not_end_the_hold_of_drift(drifted: World) -> None:
    drifted.store.honours_conditions = False
    drifted.write("f000", "edited", hint=True)
    drifted.run(60)
    assert drifted.objects["f000"] == b"theirs"
    assert [p["reason"] for p in drifted.status["problems"]] == ["drift"]


def test_approved_drift_is_overwritten_once(drifted: World) -> None:
    answer = drifted.command("approve")
    assert answer["drift"] == 1
    drifted.settle()
    assert drifted.objects == drifted.files
    drifted.store.store("p/f000", b"theirs again")
    drifted.command("sync")
    drifted.run(30)
    assert drifted.objects["f000"] == b"theirs again"


def test_an_approval_of_drift_that_is_over_approves_nothing_later(drifted: World) -> None:
    drifted.store.store("p/f000", drifted.files["f000"])
    drifted.command("approve")
    drifted.settle()
    drifted.store.store("p/f000", b"new drift")
    drifted.command("sync")
    drifted.run(30)
    assert drifted.objects["f000"] == b"new drift"


def test_an_approval_of_a_list_approves_no_drift(drifted: World) -> None:
    assert not drifted.command("approve", list="0123456789ab")["ok"]
    drifted.run(30)
    assert drifted.objects["f000"] == b"theirs"


# --- stop -----------------------------------------------------------------------------------------


def test_a_stop_drains_and_records_the_last_outcomes(settled: World) -> None:
    settled.lane.is_held = True
    settled.write("new", hint=True)
    settled.run(1)
    assert settled.lane.in_flight == 1
    settled.write("later", hint=True)
    settled.lane.is_held = False
    settled.stop()
    assert settled.site.is_stopped
    assert settled.puts() == ["new"]
    settled.start()
    assert settled.ledger.baseline("new") is not None
    settled.settle()
    assert settled.puts() == ["new", "later"]


def test_a_stop_does_not_wait_beyond_its_deadline(settled: World) -> None:
    settled.lane.is_held = True
    settled.write("new", hint=True)
    settled.run(1)
    began = settled.now
    settled.stop(seconds=5)
    assert settled.now - began <= 6
    settled.start()
    settled.settle()
    assert settled.objects == settled.files
