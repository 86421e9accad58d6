"""Mutants of the explanation: what is not known must not be told as known."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_HERE = "tests/supervisor/test_explaining.py::"
_RUNS = "tests/supervisor/test_explanations.py::"
_WORDS = "tests/core/test_explaining.py::"

MUTANTS = [
    Mutant(
        name="an object that nobody answered for is told as absent",
        file="s3syncd/supervisor/explaining.py",
        old='    is_unseen = told["state"] == "unknown"\n',
        new="    is_unseen = False\n",
        tests=[_HERE + "test_what_did_not_answer_is_no_absent_object"],
    ),
    Mutant(
        name="a refused look is told as an absent object",
        file="s3syncd/supervisor/explaining.py",
        old="    if failure is not None and failure.kind is not FailureKind.MISSING:\n",
        new="    if failure is not None and failure.status is None:\n",
        tests=[_HERE + "test_what_did_not_answer_is_no_absent_object"],
    ),
    Mutant(
        name="a place that could not be looked at is told as a deleted file",
        file="s3syncd/supervisor/explaining.py",
        old="    is_unseen = isinstance(look, UnknownMark)\n",
        new="    is_unseen = False\n",
        tests=[_HERE + "test_what_could_not_be_looked_at_is_no_deleted_file"],
    ),
    Mutant(
        name="what a mount hides is told as deleted",
        file="s3syncd/supervisor/explaining.py",
        old=' and problem["reason"] in _OF_MOUNTS:\n',
        new=" and False:\n",
        tests=[_HERE + "test_nothing_comes_next_where_a_mount_hides_what_is_known"],
    ),
    Mutant(
        name="an object that is kept is told as to be deleted",
        file="s3syncd/supervisor/explaining.py",
        old='    if facts.get("kept_for") and ',
        new="    if False and ",
        tests=[_HERE + "test_an_object_that_is_kept_is_not_told_as_to_be_deleted"],
    ),
    Mutant(
        name="a path outside the site is looked at",
        file="s3syncd/supervisor/naming.py",
        old='{"", ".", ".."} & set(path.split("/"))',
        new="False",
        tests=[_HERE + "test_what_is_outside_is_no_path"],
    ),
    Mutant(
        name="any number of paths is explained at a time",
        file="s3syncd/supervisor/explanations.py",
        old="        if len(self._runs) >= _AT_ONCE:\n",
        new="        if False:\n",
        tests=[_RUNS + "test_so_many_at_a_time_until_nobody_asks_any_more"],
    ),
    Mutant(
        name="the rule that is named is not the one that decides",
        file="s3syncd/core/explaining.py",
        old="    if scope.is_selected(path):\n",
        new='    if not _first("exclusions", exclusions, path)[0]:\n',
        tests=[_WORDS + "test_the_rule_that_decides_is_named"],
    ),
    Mutant(
        name="an object of a bucket that is gone is absent",
        file="s3syncd/supervisor/explaining.py",
        old="    if failure.kind is FailureKind.MISSING and failure.code not in NAMES_THE_KEY:",
        new="    if False:",
        tests=[
            "tests/supervisor/test_explaining.py::test_a_bucket_that_is_gone_is_no_absent_object"
        ],
    ),
]
