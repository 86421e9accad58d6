"""What is said of many files rewritten at once."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_FILE = "s3syncd/site/rewrites.py"
_TESTS = "tests/scenarios/test_rewrites.py::"

MUTANTS = [
    Mutant(
        name="many files are rewritten without a word",
        file="s3syncd/site/outcomes.py",
        old="            self._rewrites.put(action)\n",
        new="            pass\n",
        tests=[_TESTS + "test_a_warning_is_given_and_nothing_is_kept_back"],
    ),
    Mutant(
        name="what somebody else removed is taken for rewritten files",
        file="s3syncd/site/outcomes.py",
        old=' and action.reason == "changed":',
        new=":",
        tests=[_TESTS + "test_no_word_of_objects_that_somebody_else_removed"],
    ),
    Mutant(
        name="one file that is rewritten all the time is many",
        file=_FILE,
        old="        if known.ctime_ns >= self._began * _NS_PER_SECOND:\n",
        new="        if False:\n",
        tests=[_TESTS + "test_a_file_that_is_rewritten_all_the_time_is_one"],
    ),
    Mutant(
        name="rewritten files of many days are added up",
        file=_FILE,
        old="            self._began, self._count = now, 0\n",
        new="            self._began = now\n",
        tests=[_TESTS + "test_what_is_spread_over_hours_is_no_news"],
    ),
]
