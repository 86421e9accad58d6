"""The other names of a file that is written through one of them."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/scenarios/test_links.py::"

MUTANTS = [
    Mutant(
        name="the other names of a rewritten file wait for a rescan",
        file="s3syncd/site/outcomes.py",
        old="            self._see_links(outcome, now)\n",
        new="",
        tests=[
            _TESTS + "test_all_names_of_a_rewritten_file_are_sent",
            _TESTS + "test_it_is_not_said_to_be_in_sync_between_the_names",
        ],
    ),
]
