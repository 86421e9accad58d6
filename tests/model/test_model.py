"""A slice of the model; the long run is `python -m tests.model --ops 3`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model.files import Files
from tests.model.steps import World
from tests.model.values import Budget, Options
from tests.model.walk import Report, walk

USERS = Budget(2, 0, 0)
CRASH = Budget(1, 1, 0)
LOSS = Budget(1, 0, 1)
EACH = Budget(2, 1, 0)
LOST = Budget(2, 0, 1)
_MOST_STATES = 60_000  # a third more than the widest of these has


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    made = Files(tmp_path / "files")
    yield made
    made.close()


def walked(files: Files, options: Options, *, most_states: int = _MOST_STATES) -> Report:
    return walk(World(options, files), most_states=most_states, is_shortest=True, stops=True)


def explained(report: Report) -> str:
    return "\n".join(f"{what}: {' > '.join(way)}" for what, way in report.traces.items())


@pytest.mark.parametrize("budget", [USERS, CRASH, LOSS], ids=["users", "crash", "loss"])
@pytest.mark.parametrize("retires", [True, False], ids=["retires", "keeps"])
@pytest.mark.parametrize("on_drift", ["overwrite", "hold"])
def test_no_life_of_a_path_breaks_a_promise(
    files: Files, budget: Budget, retires: bool, on_drift: str
) -> None:
    if budget is USERS and not retires:
        budget = Budget(1, 0, 0)  # two are in the long run
    starts = ("agreed",) if budget is USERS else ("empty", "agreed")
    report = walked(files, Options(budget, retires, on_drift, starts=starts))
    assert not report.violations, explained(report)
    assert 200 < report.states < _MOST_STATES, "not all states, or hardly any"


@pytest.mark.parametrize("on_drift", ["overwrite", "hold"])
def test_first_contact_with_anothers_object_breaks_no_promise(files: Files, on_drift: str) -> None:
    options = Options(CRASH, on_drift=on_drift, starts=("met",))
    assert not walked(files, options, most_states=10_000).violations


@pytest.mark.parametrize("on_drift", ["overwrite", "hold"])
def test_a_crash_between_any_two_steps_of_a_new_file_and_its_deletion_leaves_nothing_behind(
    files: Files, on_drift: str
) -> None:
    report = walked(files, Options(EACH, True, on_drift, starts=("empty",)), most_states=40_000)
    assert not report.violations, explained(report)


@pytest.mark.parametrize("on_drift", ["overwrite", "hold"])
def test_an_answer_lost_between_a_new_file_and_its_deletion_leaves_nothing_behind(
    files: Files, on_drift: str
) -> None:
    report = walked(files, Options(LOST, True, on_drift, starts=("empty",)), most_states=6_000)
    assert not report.violations, explained(report)


@pytest.mark.parametrize("on_drift", ["overwrite", "hold"])
def test_a_ledger_lost_in_a_crash_costs_no_version(files: Files, on_drift: str) -> None:
    options = Options(CRASH, True, on_drift, loses_ledger=True, starts=("agreed",))
    report = walked(files, options)
    assert not report.violations, explained(report)


# What the world does not give the program, and what then must come of it.
SWITCHED_OFF = {
    "intents": (EACH, "RES"),
    "recovery": (EACH, "RES"),
    "conditions": (USERS, "LOST"),
    "acknowledgement": (LOSS, "AHEAD"),
}


@pytest.mark.parametrize("guard", SWITCHED_OFF)
def test_the_model_notices_what_is_switched_off(files: Files, guard: str) -> None:
    budget, expected = SWITCHED_OFF[guard]
    start = "empty" if budget is EACH else "agreed"
    world = World(Options(budget, starts=(start,), off=frozenset({guard})), files)
    report = walk(world, most_states=20_000, is_shortest=True)
    assert any(what.startswith(expected) for what in report.broken), report.broken


def test_a_state_says_all_that_the_program_knows(files: Files) -> None:
    """What a process that was in many other states does is what a new one does."""
    options = Options(Budget(3, 1, 1))
    chance = random.Random(5)
    world = World(options, files)
    for _ in range(6):
        state = chance.choice(world.first())
        for _ in range(40):
            steps = list(world.after(state))
            number = chance.randrange(len(steps))
            assert steps[number] == list(World(options, files).after(state))[number]
            state = steps[number].state
