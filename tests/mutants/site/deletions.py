"""Guards of single deletions: looks, grace and what they wait for."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_RETIRE = "s3syncd/site/retire.py"
_DECISIONS = "s3syncd/site/decisions.py"
_OUTCOMES = "s3syncd/site/outcomes.py"
_UNLISTED = "tests/scenarios/deletions/test_unlisted.py"
_DELETIONS_LOOKS = "tests/scenarios/deletions/test_looks.py"
_ORDER = "tests/scenarios/deletions/test_order.py"
_ROOTS = "tests/scenarios/test_roots.py"

MUTANTS = [
    Mutant(
        name="a listing alone says that the object of a deleted file is gone",
        file=_DECISIONS,
        old="        if self._is_hearsay(action):",
        new="        if False:",
        tests=[f"{_UNLISTED}::test_an_object_that_a_listing_does_not_know_yet_is_deleted"],
    ),
    Mutant(
        name="what was asked about and is gone stays wanted",
        file=_OUTCOMES,
        old="            if outcome.action.kind is Kind.FORGET:",
        new="            if False:",
        tests=[f"{_UNLISTED}::test_a_path_gone_on_both_sides_is_asked_about_once_and_forgotten"],
    ),
    Mutant(
        name="the second look is taken for absence whatever it found",
        file=_RETIRE,
        old="(isinstance(look, UnknownMark) and not is_held):",
        new="look is None:",
        tests=[f"{_DELETIONS_LOOKS}::test_a_path_that_became_a_symlink_is_not_absent"],
    ),
    Mutant(
        name="the second look comes without the grace",
        file=_RETIRE,
        old="        is_grace_over = now >= self._gone_by + self._grace_seconds",
        new="        is_grace_over = now >= self._gone_by",
        tests=[f"{_DELETIONS_LOOKS}::test_the_last_of_a_slow_removal_has_its_grace_too"],
    ),
    Mutant(
        name="a deletion waits for the upload of the very file that is gone",
        file=_DECISIONS,
        old="        self._retries.gone(action.path)\n",
        new="",
        tests=[f"{_DELETIONS_LOOKS}::test_a_file_removed_while_its_failed_upload_waits_is_deleted"],
    ),
    Mutant(
        name="deletions go on while a scan is outstanding",
        file=_DECISIONS,
        old="        if self._schedule().is_scanning(now):\n            return\n",
        new="",
        tests=[f"{_ORDER}::test_no_deletion_starts_while_a_directory_scan_is_outstanding"],
    ),
    Mutant(
        name="deletions seen before the root went are believed",
        file="s3syncd/site/alarm.py",
        old="            self._looks.lost(now)\n            self._retirement.lost()",
        new="            self._looks.lost(now)",
        tests=[f"{_ROOTS}::test_deletions_seen_just_before_the_root_went_are_not_believed"],
    ),
    Mutant(
        name="one look is enough for what was approved",
        file="s3syncd/site/retire.py",
        old="if is_first or deletion.state not in",
        new="if deletion.state not in",
        tests=[
            "tests/scenarios/deletions/test_looks.py::"
            "test_what_was_approved_takes_two_looks_since_then_also_after_a_restart"
        ],
    ),
    Mutant(
        name="what was approved needs no grace",
        file="s3syncd/site/confirmation.py",
        old="        return now >= self._seen_at + self._grace_seconds\n",
        new="        return True\n",
        tests=[
            "tests/scenarios/deletions/test_looks.py::"
            "test_what_was_approved_takes_two_looks_since_then_also_after_a_restart"
        ],
    ),
]
