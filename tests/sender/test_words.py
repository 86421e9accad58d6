"""What is told to the other process comes back equal."""

from __future__ import annotations

import marshal
from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from s3syncd.core.entry import (
    Action,
    BaselineRow,
    Kind,
    LocalEntry,
    Outcome,
    RemoteEntry,
    Result,
    Settle,
)
from s3syncd.sender.words import (
    action_of,
    outcome_of,
    plain_action,
    plain_outcome,
    plain_settle,
    settle_of,
)

EXAMPLES = settings(max_examples=30, deadline=None)

TEXT = some.text(some.characters(exclude_categories=["Cs"]), max_size=20)
SIZES = some.integers(0, 2**63 - 1)
INODES = some.integers(0, 2**64 - 1)
TIMES = some.integers(-(2**63), 2**63 - 1)
MODES = some.integers(0, 0o177777)
SECONDS = some.floats(allow_nan=False)
FLAGS = some.booleans()

LOCALS = some.builds(LocalEntry, TEXT, SIZES, TIMES, TIMES, INODES, MODES)
REMOTES = some.builds(RemoteEntry, TEXT, SIZES, TEXT, TEXT)
ROWS = some.builds(
    BaselineRow, TEXT, SIZES, TIMES, TIMES, INODES, MODES, some.none() | TEXT, TEXT, TEXT, SIZES
)
ACTIONS = some.builds(
    Action, some.sampled_from(Kind), TEXT, some.none() | LOCALS, some.none() | ROWS,
    some.none() | REMOTES, some.integers(0, 15), TEXT,
)  # fmt: skip
SETTLES = some.builds(Settle, SECONDS, SECONDS, FLAGS, FLAGS, TIMES)
OUTCOMES = some.builds(
    Outcome, ACTIONS, some.sampled_from(Result), TEXT, some.none() | ROWS, FLAGS, FLAGS, FLAGS,
    some.none() | SECONDS, some.none() | ACTIONS, TEXT, TEXT, TEXT, TEXT, SIZES,
)  # fmt: skip


def by_way_of_the_other_process(plain: Any) -> Any:
    return marshal.loads(marshal.dumps([plain]))[0]


@EXAMPLES
@given(ACTIONS)
def test_an_action_comes_back_equal(action: Action) -> None:
    back = action_of(by_way_of_the_other_process(plain_action(action)))
    assert back == action
    assert isinstance(back.kind, Kind)
    for mine, other in zip(back[2:5], action[2:5], strict=True):
        assert type(mine) is type(other)


@EXAMPLES
@given(SETTLES)
def test_a_settle_rule_comes_back_equal(settle: Settle) -> None:
    assert settle_of(by_way_of_the_other_process(plain_settle(settle))) == settle


@EXAMPLES
@given(OUTCOMES)
def test_an_outcome_comes_back_equal_with_the_action_it_is_of(outcome: Outcome) -> None:
    back = outcome_of(outcome.action, by_way_of_the_other_process(plain_outcome(outcome)))
    assert back == outcome
    assert back.action is outcome.action
    assert isinstance(back.result, Result)
    assert type(back.row) is type(outcome.row)
    assert type(back.follow_up) is type(outcome.follow_up)


def test_no_field_is_left_out() -> None:
    """A field that is new would come back as its default."""
    action = Action(Kind.ADOPT, "a", None, None, None, 5, "drift")
    outcome = Outcome(action, Result.REFUSED)
    assert len(plain_action(action)) == len(Action._fields)
    assert len(plain_settle(Settle())) == len(fields(Settle))
    assert len(plain_outcome(outcome)) == len(fields(Outcome)) - 1, "all but the action"
