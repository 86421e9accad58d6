"""The old names of files that can have no object."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/scenarios/test_unsent_names.py::"
_STAYS = _TESTS + "test_the_object_of_the_old_name_stays_until_the_file_has_another_one"

MUTANTS = [
    Mutant(
        name="the object of an old name goes though the new one can have none",
        file="s3syncd/site/looks.py",
        old="            self.withheld.unsent(local, problem, now)\n",
        new="",
        tests=[_STAYS + "[heard of]"],
    ),
    Mutant(
        name="a scan does not know that a file without a key had another name",
        file="s3syncd/site/sightings.py",
        old="                self._looks.withheld.unsent(entry, reason, now)\n",
        new="",
        tests=[_STAYS + "[found]"],
    ),
]
