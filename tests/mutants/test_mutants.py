"""Every guard that a mutant switches off is noticed by the tests it names."""

from __future__ import annotations

import pytest

from tests.mutants.mutant import Mutant, all_mutants, problem_with, run

_MUTANTS = all_mutants()


@pytest.mark.parametrize("mutant", _MUTANTS.values(), ids=_MUTANTS.keys())
def test_mutant_can_still_be_applied(mutant: Mutant) -> None:
    assert not problem_with(mutant)


@pytest.mark.mutant
@pytest.mark.timeout(180)
@pytest.mark.parametrize("mutant", _MUTANTS.values(), ids=_MUTANTS.keys())
def test_mutant_is_caught_by_its_tests(mutant: Mutant) -> None:
    verdict = run(mutant)
    assert verdict.is_caught, f"{mutant.name}: {verdict.reason}\n{verdict.output[-4000:]}"
