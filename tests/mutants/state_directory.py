"""Mutants of what is known of the state directory."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

MUTANTS = [
    Mutant(
        name="a daemon goes on though its state directory is gone",
        file="s3syncd/supervisor/supervisor.py",
        old="            self._has_lost_state = lock.is_lost\n",
        new="",
        tests=[
            "tests/supervisor/test_supervisor.py::"
            "test_a_state_directory_that_is_lost_ends_it_with_1",
        ],
    ),
    Mutant(
        name="a state directory that cannot be looked at is lost",
        file="s3syncd/supervisor/lock.py",
        old="            return False  # a disk",
        new="            return True  # a disk",
        tests=[
            "tests/supervisor/test_supervisor.py::test_a_lock_that_cannot_be_looked_at_is_not_lost"
        ],
    ),
]
