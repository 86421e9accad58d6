"""Guards that seeds of the simulation notice."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_SLICE = ["tests/simulation/test_simulation.py::test_every_promise_is_kept_whatever_goes_wrong[0]"]

MUTANTS = [
    Mutant(
        name="a deletion names no version",
        file="s3syncd/transfer/retire.py",
        old="if_match=seen.etag)",
        new="if_match=None)",
        tests=_SLICE,
    ),
    Mutant(
        name="a scan that broke off is believed",
        file="s3syncd/site/schedule.py",
        old="if batch.is_last and not batch.is_complete:",
        new="if batch.is_last and batch is None:",
        tests=_SLICE,
    ),
    Mutant(
        name="what is under way tells nothing of the root",
        file="s3syncd/site/access.py",
        old="        rows = rows or list(islice(begun, SAMPLED_PATHS))\n",
        new="        list(begun)\n",
        tests=[
            "tests/scenarios/test_roots.py"
            "::test_another_root_is_not_taken_where_all_that_is_known_is_under_way"
        ],
    ),
]
