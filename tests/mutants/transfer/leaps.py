"""Guards against a clock that leaps while a file is being written."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_SOURCE = "s3syncd/transfer/source.py"
_TOLD = "s3syncd/site/quiet.py"
_SMALL = "tests/transfer/small/test_leaps.py::"
_SITE = "tests/scenarios/test_leaps.py::"
_NO_OLDER = "test_a_file_in_its_writers_hands_is_no_older_than_the_clock_is_known"

MUTANTS = [
    Mutant(
        name="a leap of the clock proves that a writer rests",
        file=_SOURCE,
        old="        age = min(age, settle.leapt_seconds_ago)\n",
        new="",
        tests=[_SMALL + _NO_OLDER],
    ),
    Mutant(
        name="a leap before the start proves that a writer rests",
        file=_SOURCE,
        old="settle.open_seconds - min(age, settle.watched_seconds))",
        new="settle.open_seconds - age)",
        tests=[_SMALL + _NO_OLDER],
    ),
    Mutant(
        name="a leap of the clock is not noticed",
        file="s3syncd/site/steady.py",
        old="            self._leapt = now\n",
        new="            pass\n",
        tests=[_SITE + "test_a_leap_ahead_is_told_for_as_long_as_it_matters"],
    ),
    Mutant(
        name="a clock that was set back hides the next leap",
        file="s3syncd/site/steady.py",
        old="        self._ahead = ahead\n",
        new="        self._ahead = max(ahead, self._ahead)\n",
        tests=[_SITE + "test_a_leap_after_a_clock_was_set_back_is_one"],
    ),
    Mutant(
        name="nobody tells the worker of a leap",
        file=_TOLD,
        old="            leapt_seconds_ago=leapt,\n",
        new="",
        tests=[_SITE + "test_a_leap_ahead_is_told_for_as_long_as_it_matters"],
    ),
    Mutant(
        name="nobody tells the worker how long the clock was watched",
        file=_TOLD,
        old="            watched_seconds=watched,\n",
        new="",
        tests=[_SITE + "test_after_a_start_nobody_knows_how_the_clock_went"],
    ),
]
