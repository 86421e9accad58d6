"""Mutants of the parts that the other tests themselves rest on."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = [
    Mutant(
        name="a failpoint fires at its first pass instead of its nth",
        file="s3syncd/failpoints.py",
        old="        if left > 1:\n",
        new="        if left > 10**9:\n",
        tests=["tests/test_failpoints.py::test_nth_pass_is_the_one_that_fails"],
    ),
    Mutant(
        name="a misspelt failpoint is accepted and never fires",
        file="s3syncd/failpoints.py",
        old="if name not in NAMES or action not in",
        new="if action not in",
        tests=["tests/test_failpoints.py::test_unknown_point_or_action_is_refused"],
    ),
]
