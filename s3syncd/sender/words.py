"""Actions and outcomes as plain values, to be told to another process."""

from __future__ import annotations

from typing import Any, TypeAlias

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

__all__ = [
    "Plain",
    "action_of",
    "outcome_of",
    "plain_action",
    "plain_outcome",
    "plain_settle",
    "settle_of",
]

Plain: TypeAlias = "tuple[Any, ...]"


def plain_action(action: Action) -> Plain:
    """Give an action as plain values; see `action_of`."""
    kind, path, local, baseline, remote, row, reason = action
    return (
        kind.value, path, local and tuple(local), baseline and tuple(baseline),
        remote and tuple(remote), row, reason,
    )  # fmt: skip


def action_of(plain: Plain) -> Action:
    """Give the action that `plain_action` was given."""
    kind, path, local, baseline, remote, row, reason = plain
    return Action(
        Kind(kind), path, local and LocalEntry(*local), baseline and BaselineRow(*baseline),
        remote and RemoteEntry(*remote), row, reason,
    )  # fmt: skip


def plain_settle(settle: Settle) -> Plain:
    """Give the settle rule as plain values; see `settle_of`."""
    return (
        settle.quiet_seconds, settle.open_seconds, settle.is_closed, settle.is_past_deadline,
        settle.first_seen_wall_ns, settle.decided_seconds_ago, settle.is_growing,
        settle.watched_seconds, settle.leapt_seconds_ago,
    )  # fmt: skip


def settle_of(plain: Plain) -> Settle:
    """Give the rule that `plain_settle` was given."""
    return Settle(*plain)


def plain_outcome(outcome: Outcome) -> Plain:
    """Give all of an outcome but its action as plain values; see `outcome_of`."""
    row, follow_up = outcome.row, outcome.follow_up
    return (
        outcome.result.value, outcome.effect, row and tuple(row), outcome.is_stale,
        outcome.is_unknown, outcome.is_provisional, outcome.due_in_seconds,
        follow_up and plain_action(follow_up), outcome.local_state, outcome.reason, outcome.hint,
        outcome.scope, outcome.sent_bytes,
    )  # fmt: skip


def outcome_of(action: Action, plain: Plain) -> Outcome:
    """Give the outcome that `plain_outcome` was given, of this action."""
    result, effect, row, stale, unknown, provisional, due, follow_up, *told = plain
    return Outcome(
        action, Result(result), effect, row and BaselineRow(*row), stale, unknown, provisional,
        due, follow_up and action_of(follow_up), *told,
    )  # fmt: skip
