"""Whose a deadline is, and which file may come to it."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_SETTLE = "s3syncd/core/settle.py"
_SOURCE = "s3syncd/transfer/source.py"
_GROWTH = "tests/core/test_growth.py::"
_QUIET = "tests/transfer/small/test_quiet.py::"

MUTANTS = [
    Mutant(
        name="a file that came later inherits the deadline of the one before",
        file=_SETTLE,
        old="        if is_as_before or local.inode != before.inode:\n",
        new="        if is_as_before:\n",
        tests=[_GROWTH + "test_another_file_has_a_deadline_of_its_own"],
    ),
    Mutant(
        name="a file that rested while it waited is past its deadline",
        file=_SETTLE,
        old="        if is_as_before or local.inode != before.inode:\n",
        new="        if local.inode != before.inode:\n",
        tests=[_GROWTH + "test_a_file_that_rested_since_has_a_deadline_of_its_own"],
    ),
    Mutant(
        name="a rewritten file grows as soon as it is longer",
        file=_SETTLE,
        old="        if not is_longer or entry.growth is Growth.NONE:\n",
        new="        if not is_longer:\n",
        tests=[
            _GROWTH + "test_a_file_that_is_as_long_as_before_and_changed_is_rewritten_and_no_growth"
        ],
    ),
    Mutant(
        name="a first look past the deadline tells of growth",
        file="s3syncd/site/quiet.py",
        old="            is_past_deadline=is_late and growth is not Growth.UNKNOWN,\n",
        new="            is_past_deadline=is_late,\n",
        tests=["tests/scenarios/test_deadlines.py"],
    ),
    Mutant(
        name="any file with a writer is sent past its deadline",
        file=_SOURCE,
        old="        if not self._settle.is_growing or _is_rewritten",
        new="        if _is_rewritten",
        tests=[
            _QUIET
            + "test_file_with_a_writer_that_was_not_seen_to_grow_is_unstable_past_its_deadline"
        ],
    ),
    Mutant(
        name="a rewritten file that is longer by now is taken for one that grows",
        file=_SOURCE,
        old="            if is_longer and self._settle.is_growing:\n",
        new="            if is_longer:\n",
        tests=[
            _QUIET + "test_file_that_was_rewritten_is_not_sent_because_it_grows_while_it_is_read"
        ],
    ),
]
