"""What `--wait` does not wait for."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_SETTLED = "s3syncd/cli/settled.py"
_STANDING = "s3syncd/core/standing.py"
_TESTS = "tests/cli/test_settled.py::"
_ENDS = "tests/core/test_standing.py::test_what_ends_by_itself_is_not_left_to_a_person"

MUTANTS = [
    Mutant(
        name="a bad name is waited for by whoever waits",
        file=_SETTLED,
        old="        if not all(map(is_left_to_person, behind)):\n",
        new="        if behind:\n",
        tests=[_TESTS + "test_what_only_a_person_can_put_right_is_soon_not_waited_for"],
    ),
    Mutant(
        name="who has just put a name right is told that it is not",
        file=_SETTLED,
        old="            self._since = None\n            return False\n",
        new="            return False\n",
        tests=[_TESTS + "test_what_was_just_put_right_is_waited_for"],
    ),
    Mutant(
        name="a bad name ends the waiting for another site",
        file=_SETTLED,
        old="not all(map(is_left_to_person, behind))",
        new="not any(map(is_left_to_person, behind))",
        tests=[_TESTS + "test_another_site_that_goes_on_is_waited_for"],
    ),
    Mutant(
        name="what is pending beside a bad name is not waited for",
        file=_STANDING,
        old='status["state"] == "idle" and not status["pending"]["actions"]\n',
        new='status["state"] == "idle"\n',
        tests=[_ENDS],
    ),
    Mutant(
        name="a listing that is to come is not waited for beside a bad name",
        file=_STANDING,
        old='reasons | {status["reason"]} - {None}',
        new="reasons",
        tests=[_ENDS],
    ),
]
