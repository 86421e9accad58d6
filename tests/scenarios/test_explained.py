"""What a site knows of a path is told as it is at that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.core.entry import Action, Kind, Settle
from s3syncd.site.backlog import Planned
from s3syncd.site.facts import remembered
from tests.scenarios.troubles import BROKEN
from tests.scenarios.world import World


@pytest.fixture
def settled(world: World) -> World:
    """20 files in sync."""
    world.fill(20)
    world.settle()
    return world


def told(world: World, path: str) -> dict[str, Any]:
    """Give what is not nothing."""
    answer = world.command("explain", path=path)
    assert answer["ok"]
    facts: Any = answer["facts"]
    return {name: fact for name, fact in facts.items() if fact}


def test_of_a_path_at_rest_only_the_memory_is_told(settled: World) -> None:
    facts = told(settled, "f000")
    assert facts.keys() == {"baseline", "site"}
    assert facts["baseline"] == settled.ledger.baseline("f000")
    assert facts["site"]["in_sync"] is True
    assert told(settled, "unknown").keys() == {"site"}
    assert told(settled, "not \udcff UTF-8").keys() == {"site"}
    settled.site.problems.note(r"not \xff UTF-8", "undecodable_name")
    assert told(settled, "not \udcff UTF-8")["problem"]["reason"] == "undecodable_name"


def test_a_path_that_settles_is_due_when_it_is_quiet(settled: World) -> None:
    settled.write("f000", "newer")
    settled.hint("f000", is_closed=False)
    settled.run(1.0)
    dirty = told(settled, "f000")["dirty"]
    assert dirty["is_closed"] is False
    assert 0 < dirty["due_in_seconds"] <= 4
    assert dirty["since_seconds"] == pytest.approx(1.0, abs=0.5)


def test_what_failed_says_why_and_until_when(settled: World) -> None:
    settled.store.fail("put", BROKEN, times=1000)
    settled.write("f000", "newer", hint=True)
    settled.run(60)
    retry = told(settled, "f000")["retry"]
    assert retry["attempts"] > 1
    assert "InternalError" in retry["hint"]
    assert retry["next_at"].endswith("Z")
    assert remembered(settled.ledger, "f000")["retry"] == retry


def test_what_is_planned_or_under_way_is_told(settled: World) -> None:
    action = Action(Kind.UPLOAD, "new", settled.entry("f000"), None, None, 2, "new")
    planned = Planned(action, Settle(), is_live=True, planned_at=settled.now)
    settled.command("pause")
    settled.site.backlog.add(planned)
    facts = told(settled, "new")
    assert facts["planned"] == {"kind": "Upload", "reason": "new"}
    assert (facts["is_paused"], facts["site"]["state"]) == (True, "paused")
    settled.site.backlog.start(*settled.site.backlog.next(1), settled.now - 3.0)
    facts = told(settled, "new")
    assert facts["in_flight"] == {"kind": "Upload", "reason": "new", "seconds": 3.0}
    assert "planned" not in facts


def test_a_held_deletion_and_one_that_waits_differ(make_world: Callable[..., World]) -> None:
    world = make_world(max_delete=1)
    world.fill(5)
    world.settle()
    for number in range(3):
        world.remove(f"f00{number}", hint=True)
    world.run(60)
    assert told(world, "f000")["deletion"]["state"] == "held"
    world.command("pause")
    world.command("approve")
    assert told(world, "f001")["deletion"]["state"] == "approved"


def test_a_problem_of_the_directory_above_is_that_of_the_path(settled: World) -> None:
    settled.site.problems.note("d/", "unreadable")
    problem = told(settled, "d/e/f")["problem"]
    assert (problem["path"], problem["reason"], problem["is_above"]) == ("d/", "unreadable", True)
    settled.site.problems.note("d/e/f", "drift")
    assert told(settled, "d/e/f")["problem"]["is_above"] is False
