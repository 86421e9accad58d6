"""Guards of files that wait for a person, because of what somebody else put at their path."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_DECISIONS = "s3syncd/site/decisions.py"
_DRIFT = "tests/scenarios/test_drift.py::test_"

MUTANTS = [
    Mutant(
        name="what failed before drift was met is repeated",
        file="s3syncd/site/looks.py",
        old="            self._retries.end(path)  # a person is waited for;",
        new="            pass  # a person is waited for;",
        tests=[_DRIFT + "an_approval_is_not_lost_to_a_repetition_that_is_due"],
    ),
    Mutant(
        name="each rescan sends a file that waits for a person",
        file=_DECISIONS,
        old='self._problems.reason_of(action.path) != "drift"',
        new="True",
        tests=[_DRIFT + "a_refusal_before_drift_was_met_is_not_tried_again_either"],
    ),
    Mutant(
        name="drift that was sent over is told of still",
        file="s3syncd/site/outcomes.py",
        old='            self._problems.end(path, "drift")\n',
        new="",
        tests=[_DRIFT + "a_file_that_waits_is_sent_when_theirs_is_seen_gone"],
    ),
    Mutant(
        name="drift that nobody meets is told of still",
        file=_DECISIONS,
        old="            self._end_drift(began)\n",
        new="            pass\n",
        tests=[_DRIFT + "a_file_that_is_looked_at_while_theirs_is_seen_gone_is_sent"],
    ),
    Mutant(
        name="a file waits for a person though theirs is gone",
        file=_DECISIONS,
        old="        is_asked_for = is_listed or action",
        new="        is_asked_for = action",
        tests=[_DRIFT + "a_file_that_waits_is_sent_when_theirs_is_seen_gone"],
    ),
    Mutant(
        name="drift that a pass met is over where a look decides about its file",
        file=_DECISIONS,
        old='            self._problems.note(path, "drift")  # it is met',
        new="            pass  # it is met",
        tests=[_DRIFT + "drift_that_a_pass_met_while_its_file_was_looked_at_is_not_over"],
    ),
    Mutant(
        name="a file that was held back is not looked at when its drift is over",
        file=_DECISIONS,
        old="                self._looks.note(path, self._parts.clock(), is_soon=True)  # held",
        new="                pass  # held",
        tests=[_DRIFT + "a_file_that_is_looked_at_while_theirs_is_seen_gone_is_sent"],
    ),
    Mutant(
        name="held drift leaves the agreed version in the baseline",
        file="s3syncd/site/looks.py",
        old="            self._forget_changed(action)\n            self._problems",
        new="            self._problems",
        tests=[
            _DRIFT + "drift_is_not_over_because_its_file_was_away_for_a_moment",
            _DRIFT + "drift_is_not_over_because_nobody_could_look_at_its_file",
        ],
    ),
]
