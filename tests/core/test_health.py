"""Health is green only while a site progresses; each check turns red alone."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.figures import STATES, SiteFigures
from s3syncd.core.health import (
    DEAF_SECONDS,
    FORGOTTEN_SECONDS,
    OVERDUE_SECONDS,
    SILENT_SECONDS,
    STILL_SECONDS,
    WAITING_SECONDS,
    failing,
    is_ready,
    remarks,
)

NOW = 1_000_000.0


def status(**changes: Any) -> dict[str, Any]:
    return {
        "name": "a", "state": "idle", "reason": None, "hint": None, "watcher": "inotify",
        "oldest_pending_seconds": 0.0, "last_reconcile_at": "2026-01-01T00:00:00Z",
    } | changes  # fmt: skip


def figures(**changes: Any) -> SiteFigures:
    given: dict[str, Any] = {"begun_at": NOW - 10, "progressed_at": NOW, "reconciled_at": NOW - 5}
    return SiteFigures(**given | changes)


def checks(told: dict[str, Any], read: SiteFigures | None) -> list[str]:
    return [one.check for one in failing(told, read, NOW)]


@pytest.mark.parametrize("state", ["starting", "scanning", "syncing", "idle"])
def test_a_site_that_comes_forward_is_healthy(state: str) -> None:
    assert failing(status(state=state), figures(), NOW) == []
    assert failing(status(state=state), None, NOW) == []


@pytest.mark.parametrize(
    ("told", "read", "check"),
    [
        ({"state": "unavailable", "reason": "bucket_unavailable"}, {}, "bucket_unavailable"),
        ({"state": "unavailable", "reason": "state_dir_full"}, {}, "state_dir_full"),
        ({"state": "unavailable"}, {}, "unavailable"),
        ({"state": "halted", "reason": "root_replaced"}, {}, "root_replaced"),
        ({"state": "paused"}, {"paused_at": NOW - FORGOTTEN_SECONDS - 1}, "paused"),
        ({"state": "paused"}, {"is_ledger_writable": False}, "ledger_read_only"),
        ({}, {"root_silent_seconds": SILENT_SECONDS + 1}, "root_silent"),
        ({"watcher": "down"}, {}, "watcher_down"),
        ({}, {"progressed_at": NOW - STILL_SECONDS - 1}, "no_progress"),
        ({"state": "starting"}, {"progressed_at": NOW - STILL_SECONDS - 1}, "no_progress"),
        ({"oldest_pending_seconds": WAITING_SECONDS + 1}, {}, "oldest_pending"),
        ({}, {"reconciled_at": NOW - 2 * 86400 - OVERDUE_SECONDS - 1}, "reconcile_overdue"),
        (
            {},
            {"reconciled_at": None, "begun_at": NOW - 2 * 86400 - OVERDUE_SECONDS - 1},
            "reconcile_overdue",
        ),
        ({}, {"is_ledger_writable": False}, "ledger_read_only"),
        ({}, {"watcher_proved_at": NOW - DEAF_SECONDS - 1}, "watcher_deaf"),
        ({}, {"refused": "access_denied"}, "access_denied"),
    ],
)
def test_each_trouble_turns_it_red_alone_and_names_the_site(
    told: dict[str, Any], read: dict[str, Any], check: str
) -> None:
    (found,) = failing(status(**told), figures(**read), NOW)
    assert (found.site, found.check) == ("a", check)
    assert found.detail


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({}, {"progressed_at": NOW - STILL_SECONDS}),
        ({"oldest_pending_seconds": WAITING_SECONDS}, {}),
        ({}, {"reconciled_at": NOW - 2 * 86400 - OVERDUE_SECONDS}),
        # The first upload of a large tree takes hours; it is healthy while it comes forward.
        ({"oldest_pending_seconds": 10 * WAITING_SECONDS}, {"reconciled_at": None}),
        ({"state": "starting", "watcher": "down"}, {}),
        ({"watcher": "polling"}, {}),
        ({}, {"watcher_proved_at": NOW - DEAF_SECONDS}),
        ({}, {"watcher_proved_at": None}),
        ({}, {"root_silent_seconds": SILENT_SECONDS}),
        # Somebody wanted it: nothing is to come forward, and no comparison is missed.
        ({"state": "paused"}, {"paused_at": NOW - FORGOTTEN_SECONDS}),
        (
            {"state": "paused", "oldest_pending_seconds": 10 * WAITING_SECONDS},
            {"reconciled_at": NOW - 10 * 86400, "progressed_at": NOW - 86400},
        ),
        ({"state": "paused"}, {"refused": "access_denied"}),
    ],
)
def test_what_may_be_is_green(told: dict[str, Any], read: dict[str, Any]) -> None:
    assert checks(status(**told), figures(**read)) == []


def test_a_site_that_cannot_go_on_is_named_once_by_its_cause() -> None:
    read = figures(progressed_at=NOW - 10 * STILL_SECONDS)
    told = status(
        state="unavailable", reason="bucket_unavailable", hint="403", watcher="down",
        oldest_pending_seconds=10 * WAITING_SECONDS,
    )  # fmt: skip
    assert failing(told, read, NOW) == [("a", "bucket_unavailable", "403")]


@pytest.mark.parametrize("state", STATES)
def test_a_site_is_ready_when_its_first_reconcile_is_done_or_cannot_be(state: str) -> None:
    assert is_ready(status(state=state))
    cannot = state in {"paused", "halted", "unavailable"}
    assert is_ready(status(state=state, last_reconcile_at=None)) == cannot


def test_a_pause_is_worth_a_word_and_nothing_else_is() -> None:
    paused = status(state="paused", paused_at="2026-01-01T00:00:00Z")
    assert remarks(paused) == ["a: paused since 2026-01-01T00:00:00Z, no failure for a day"]
    assert remarks(status()) == []
