"""Guards that seeds of the simulation notice."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_SLICE = ["tests/simulation/test_simulation.py::test_every_promise_is_kept_whatever_goes_wrong[0]"]
_LEFT = "tests/scenarios/test_left_uploads.py::"
_DRIFT = "tests/scenarios/test_drift.py::"
_FAILURES = "tests/scenarios/test_failures.py::"

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
    Mutant(
        name="drift of the same size stays drift when it is approved",
        file="s3syncd/site/decisions.py",
        old="_MAY_BE_DRIFT = frozenset({Kind.CONFLICT, Kind.ADOPT})",
        new="_MAY_BE_DRIFT = frozenset({Kind.CONFLICT})",
        tests=[_DRIFT + "test_drift_of_the_same_size_is_over_when_it_is_approved"],
    ),
    Mutant(
        name="what is approved counts as in sync before it is overwritten",
        file="s3syncd/site/status.py",
        old="            and not site.decisions.approved_drift\n",
        new="",
        tests=[_DRIFT + "test_what_is_approved_is_not_in_sync_before_it_is_overwritten"],
    ),
    Mutant(
        name="what an older effect's look met is of no interest",
        file="s3syncd/site/recovery.py",
        old="        elif outcome.follow_up is not None:\n",
        new="        elif outcome is None:\n",
        tests=[_FAILURES + "test_a_second_look_that_misses_the_newer_version_has_it_put_again"],
    ),
    Mutant(
        name="a stat recorded anew makes a listing old",
        file="s3syncd/site/decisions.py",
        old="            if self._parts.ledger.keeps_version(path, one.started_seq):\n",
        new="            if action is None:\n",
        tests=[
            _FAILURES + "test_an_object_that_vanishes_while_its_touched_file_is_read_is_put_again"
        ],
    ),
    Mutant(
        name="what a listing tells of a path in flight is of no interest",
        file="s3syncd/site/decisions.py",
        old="planned.is_remote_other |= action.row in _NOT_THERE",
        new="planned.is_remote_other = False",
        tests=[
            _FAILURES + "test_an_object_that_vanishes_while_its_file_is_compared_with_it_is_put"
        ],
    ),
    Mutant(
        name="a condition on a version that vanished is asked again for ever",
        file="s3syncd/transfer/multipart.py",
        old='failure.kind is FailureKind.MISSING and failure.code != "NoSuchUpload"',
        new='failure.kind is FailureKind.MISSING and failure.code == ""',
        tests=[
            "tests/transfer/test_multipart.py"
            "::test_an_object_that_vanished_before_its_condition_was_asked_is_put_anew"
        ],
    ),
    Mutant(
        name="an interrupted upload is forgotten when its file was not to be had",
        file="s3syncd/site/outcomes.py",
        old='        elif planned.is_as_taken_up and outcome.effect != "put":\n',
        new="        elif planned is None:\n",
        tests=[
            _LEFT + "test_it_is_aborted_where_its_file_is_not_to_be_had_any_more[unreadable]",
            _LEFT + "test_it_is_aborted_where_the_file_is_again_what_was_sent_before",
        ],
    ),
    Mutant(
        name="an interrupted upload is asked about each time its file has to rest",
        file="s3syncd/site/outcomes.py",
        old="or (is_soon_again and planned.is_as_taken_up)",
        new="",
        tests=[_LEFT + "test_it_is_not_asked_about_where_the_file_only_has_to_rest"],
    ),
    Mutant(
        name="an upload whose parts may not be listed is kept",
        file="s3syncd/transfer/leftovers.py",
        old="in {FailureKind.MISSING, FailureKind.REFUSED}",
        new="in {FailureKind.MISSING}",
        tests=[_LEFT + "test_it_is_begun_anew_where_its_parts_may_not_be_listed"],
    ),
    Mutant(
        name="a file waits for ever for an abort that is forbidden",
        file="s3syncd/transfer/leftovers.py",
        old="            if error.failure.kind is not FailureKind.REFUSED:\n",
        new="            if error.failure:\n",
        tests=[_LEFT + "test_a_file_is_sent_though_what_was_left_of_it_may_not_be_aborted"],
    ),
    Mutant(
        name="an upload is kept though nothing is to be sent",
        file="s3syncd/transfer/recover.py",
        old="return after if after is not None and after.kind is Kind.UPLOAD else None",
        new="return after or action._replace(kind=Kind.FORGET)",
        tests=[
            "tests/transfer/test_recover.py"
            "::test_interrupted_upload_of_a_file_that_needs_none_is_aborted"
        ],
    ),
]
