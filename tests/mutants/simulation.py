"""Guards that seeds of the simulation notice."""

from __future__ import annotations

from dataclasses import replace

from tests.mutants import ablations, core, kills, model, s3
from tests.mutants.mutant import Mutant
from tests.mutants.site import deletions, holds, renames, unanswered
from tests.mutants.transfer import files

__all__ = ["MUTANTS"]

_SEED = "tests/simulation/test_simulation.py::test_a_seed_that_notices_a_missing_guard_finds_none"
_LEFT = "tests/scenarios/test_left_uploads.py::"
_DEADLINES = "tests/core/test_deadlines.py::"
_DRIFT = "tests/scenarios/test_drift.py::"
_LOST_ANSWERS = "tests/scenarios/failures/test_lost_answers.py::"

# Guards that have tests of their own, which a run of the simulation with this seed notices by
# itself, too: what it would notice of those that nobody has thought of yet.
_BY_ITSELF = {
    (ablations, "an upload is recorded though it was answered by an error"): 2,
    (ablations, "a lost condition passes for an upload"): 13,
    (ablations, "a lost condition passes for a deletion"): 18,
    (core, "unknown is taken for absent"): 9,
    (core, "an unreadable directory looks empty"): 9,
    (core, "another directory passes for the root"): 0,
    (core, "an object put again passes for the agreed one"): 15,
    (core, "held drift is overwritten"): 13,
    (kills, "uploads of a site that deletes have no intents"): 34,
    (kills, "uploads that nobody will finish are left in the bucket"): 13,
    (model, "an effect without an answer is forgotten"): 62,
    (model, "an upload that was applied without an answer is taken for somebody else's"): 33,
    (s3, "an effect whose answer was lost counts as not applied"): 33,
    (unanswered, "a lost answer is taken for a failure"): 24,
    (holds, "too many deletions are not held"): 7,
    (renames, "the old name goes before the new one is recorded"): 41,
    (renames, "a failed upload lets the old name go"): 12,
    (deletions, "a deletion waits for the upload of the very file that is gone"): 3,
    (files, "a file is sent though its stat changed while it was read"): 2,
}


def _by_itself() -> list[Mutant]:
    known = {
        (module, mutant.name): mutant
        for module in {module for module, _ in _BY_ITSELF}
        for mutant in module.MUTANTS
    }
    return [
        replace(known[one], name=f"by itself: {known[one].name}", tests=[f"{_SEED}[{seed}]"])
        for one, seed in _BY_ITSELF.items()
    ]


MUTANTS = [
    Mutant(
        name="a deletion names no version",
        file="s3syncd/transfer/retire.py",
        old="if_match=seen.etag)",
        new="if_match=None)",
        tests=[_SEED + "[0]"],
    ),
    Mutant(
        name="a scan that broke off is believed",
        file="s3syncd/site/schedule.py",
        old="if batch.is_last and not batch.is_complete:",
        new="if batch.is_last and batch is None:",
        tests=[_SEED + "[2]"],
    ),
    Mutant(
        name="the first comparison tells nothing of the root",
        file="s3syncd/site/sample.py",
        old="[*begun, *under_way]",
        new="[*begun]",
        tests=[
            "tests/scenarios/test_roots.py"
            "::test_another_root_is_not_taken_while_the_first_comparison_is_under_way"
        ],
    ),
    Mutant(
        name="what is under way tells nothing of the root",
        file="s3syncd/site/sample.py",
        old="[*begun, *under_way]",
        new="[*under_way]",
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
        tests=[_LOST_ANSWERS + "test_a_second_look_that_misses_the_newer_version_has_it_put_again"],
    ),
    Mutant(
        name="a stat recorded anew makes a listing old",
        file="s3syncd/site/decisions.py",
        old="            if self._parts.ledger.keeps_version(path, one.started_seq):\n",
        new="            if action is None:\n",
        tests=[
            _LOST_ANSWERS
            + "test_an_object_that_vanishes_while_its_touched_file_is_read_is_put_again"
        ],
    ),
    Mutant(
        name="what a listing tells of a path in flight is of no interest",
        file="s3syncd/site/decisions.py",
        old="planned.is_remote_other |= action.row in _NOT_THERE",
        new="planned.is_remote_other = False",
        tests=[
            _LOST_ANSWERS + "test_an_object_that_vanishes_while_its_file_is_compared_with_it_is_put"
        ],
    ),
    Mutant(
        name="a condition on a version that vanished is asked again for ever",
        file="s3syncd/transfer/multipart.py",
        old='failure.kind is FailureKind.MISSING and failure.code != "NoSuchUpload"',
        new='failure.kind is FailureKind.MISSING and failure.code == ""',
        tests=[
            "tests/transfer/parts/test_failures.py::"
            "test_an_object_that_vanished_before_its_condition_was_asked_is_put_anew"
        ],
    ),
    Mutant(
        name="an interrupted upload is forgotten when its file was not to be had",
        file="s3syncd/site/outcomes.py",
        old="        elif planned.is_as_taken_up and not self._went_in_parts(outcome):\n",
        new="        elif planned is None:\n",
        tests=[
            _LEFT + "test_it_is_aborted_where_its_file_is_not_to_be_had_any_more[unreadable]",
            _LEFT + "test_it_is_aborted_where_the_file_is_again_what_was_sent_before",
        ],
    ),
    Mutant(
        name="what was left of an upload stays where its file cannot be judged",
        file="s3syncd/site/looks.py",
        old="            self._on_gone(path)  # it may go unseen",
        new="            pass  # it may go unseen",
        tests=[_LEFT + "test_it_is_aborted_where_its_file_could_not_be_judged_before_it_went"],
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
    Mutant(
        name="the deadline of a writer long gone is that of the next one",
        file="s3syncd/core/settle.py",
        old="        if entry.again_at or now - entry.last_hint_at <= self._rest_seconds:\n",
        new="        if entry:\n",
        tests=[_DEADLINES + "test_a_deadline_is_not_that_of_a_writer_who_has_rested_since"],
    ),
    Mutant(
        name="a path heard of late is past its deadline at once",
        file="s3syncd/core/settle.py",
        old="        elif deadline_at <= now:\n",
        new="        elif deadline_at is None:\n",
        tests=[_DEADLINES + "test_a_path_heard_of_late_is_not_past_its_deadline_at_once"],
    ),
    Mutant(
        name="a bare 404 to a look before a write forgets the baseline",
        file="s3syncd/transfer/looks.py",
        old="    is_known = action.baseline is not None\n",
        new="    is_known = False\n",
        tests=[
            "tests/scenarios/test_bucket_gone.py"
            "::test_a_look_that_stands_for_a_condition_forgets_nothing"
        ],
    ),
    *_by_itself(),
]
