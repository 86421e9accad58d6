"""Guards of what goes to the second process."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_BRANCH = "s3syncd/sender/branch.py"
_BOTH_TESTS = "tests/sender/test_both.py::"
_WHICH_WAY_TESTS = "tests/sender/test_which_way.py::"

MUTANTS = [
    Mutant(
        name="where a foreign version waits for a person the second process decides",
        file=_BRANCH,
        old='settings.policy.on_drift != "hold"',
        new='settings.policy.on_drift != ""',
        tests=[
            _WHICH_WAY_TESTS + "test_where_a_foreign_version_waits_for_a_person_nothing_goes_there"
        ],
    ),
    Mutant(
        name="limits are passed over",
        file=_BRANCH,
        old="self._office.line() if self._bucket.turns.are_free else None",
        new="self._office.line()",
        tests=[_WHICH_WAY_TESTS + "test_under_a_limit_nothing_goes_there"],
    ),
    Mutant(
        name="large files go there",
        file=_BRANCH,
        old="local is None or local.size_bytes > MOST_BYTES or",
        new="local is None or",
        tests=[_WHICH_WAY_TESTS + "test_only_small_files_go_there"],
    ),
    Mutant(
        name="new credentials are not told",
        file=_BRANCH,
        old='                line.tell("keys", known.number, tuple(frozen))\n',
        new="                pass\n",
        tests=[_BOTH_TESTS + "test_new_credentials_are_told_before_the_next_upload"],
    ),
    Mutant(
        name="another root than the accepted one is read there",
        file=_BRANCH,
        old='line.tell("root", self._known.number, _plain(identity))',
        new="pass",
        tests=[_BOTH_TESTS + "test_nothing_is_read_below_another_root_than_the_accepted_one"],
    ),
    Mutant(
        name="a store that asks to slow down is heard there only",
        file=_BRANCH,
        old="            self._bucket.window.throttled()  #",
        new="            pass  #",
        tests=[_BOTH_TESTS + "test_a_store_that_asks_to_slow_down_is_heard_by_both"],
    ),
]
