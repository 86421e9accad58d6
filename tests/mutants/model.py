"""Mutants that a walk through every life of one path notices."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_MODEL = "tests/model/test_model.py::"
_LIFE = _MODEL + "test_no_life_of_a_path_breaks_a_promise"
_NEW = (
    _MODEL
    + "test_a_crash_between_any_two_steps_of_a_new_file_and_its_deletion_leaves_nothing_behind"
)
_MET = _MODEL + "test_first_contact_with_anothers_object_breaks_no_promise"
_DRIFT = "tests/scenarios/test_drift.py::"
_SITE = "s3syncd/site/"
_TRANSFER = "s3syncd/transfer/"

MUTANTS = [
    Mutant(
        name="a foreign object ends the pause of what failed over it",
        file=_SITE + "outcomes.py",
        old="        is_nothing = outcome.result is Result.SUPERSEDED or "
        'outcome.reason == "foreign_change"\n',
        new="        is_nothing = outcome.result is Result.SUPERSEDED\n",
        tests=[
            "tests/scenarios/test_hostile_bucket.py::"
            "test_a_put_over_a_foreign_object_is_repeated_with_growing_pauses_too"
        ],
    ),
    Mutant(
        name="on hold an upload that a crash left unrecorded is somebody else's",
        file=_SITE + "unanswered.py",
        old='settings.retire_deleted or settings.on_drift == "hold"',
        new="settings.retire_deleted",
        tests=[_DRIFT + "test_our_own_upload_that_a_crash_left_unrecorded_is_no_drift"],
    ),
    Mutant(
        name="a failure of what is held is tried again for ever",
        file=_SITE + "looks.py",
        old="            self._retries.end(path)\n            self.clean(path)  # it waits",
        new="            self.clean(path)  # it waits",
        tests=[
            _DRIFT + "test_a_failure_before_drift_was_met_is_not_tried_again_for_ever",
            _LIFE + "[hold-keeps-loss]",
        ],
    ),
    Mutant(
        name="what was applied late stays though its file was deleted",
        file=_SITE + "outcomes.py",
        old='        if outcome.effect == "put" and outcome.row is not None:',
        new="        if outcome.row is None and outcome.row is not None:",
        tests=[
            _DRIFT + "test_an_upload_applied_after_its_file_was_deleted_is_deleted_too",
            _NEW + "[overwrite]",
        ],
    ),
    Mutant(
        name="whatever stands there is deleted with the file",
        file=_TRANSFER + "retire.py",
        old="        return decided_again(kit, action, None, seen,"
        ' local_state="absent")\n    _check_gone',
        new="        pass\n    _check_gone",
        tests=[_LIFE + "[overwrite-retires-users]"],
    ),
    Mutant(
        name="a deletion is asked for without a condition",
        file=_TRANSFER + "retire.py",
        old="if_match=seen.etag)",
        new="if_match=None)",
        tests=[_LIFE + "[overwrite-retires-users]"],
    ),
    Mutant(
        name="an object is deleted while its file stands there",
        file=_TRANSFER + "retire.py",
        old="    if look in _GONE:\n        return\n",
        new="    return\n",
        tests=[_LIFE + "[overwrite-retires-users]"],
    ),
    Mutant(
        name="on hold an upload has no condition",
        file=_TRANSFER + "small.py",
        old='    if kit.settings.policy.on_drift != "hold":\n',
        new="    if kit:\n",
        tests=[_LIFE + "[hold-retires-users]"],
    ),
    Mutant(
        name="an upload without an answer is not looked at a second time",
        file=_SITE + "recovery.py",
        old="        if one.asked_at >= one.until or (is_known and is_first):\n",
        new="        if True:\n",
        tests=[_LIFE + "[overwrite-retires-crash]", _NEW + "[overwrite]"],
    ),
    Mutant(
        name="an upload that was applied without an answer is taken for somebody else's",
        file=_TRANSFER + "recover.py",
        old="holds_content or (bool(intent.op_id) and has_made(seen, intent.op_id))",
        new="holds_content",
        tests=[_LIFE + "[hold-keeps-crash]", _NEW + "[overwrite]"],
    ),
    Mutant(
        name="an object of the same size is adopted unread",
        file=_TRANSFER + "adopt.py",
        old="        if verdict is not Verdict.EQUAL:\n",
        new="        if verdict is None:\n",
        tests=[_MET + "[overwrite]"],
    ),
    Mutant(
        name="a path is decided about while its last effect is not known",
        file=_SITE + "recovery.py",
        old="        return one is not None and (one.is_asked or not one.has_been_seen)\n",
        new="        return False\n",
        tests=[_LIFE + "[overwrite-retires-loss]", _NEW + "[overwrite]"],
    ),
    Mutant(
        name="a pass decides about a path that changed since it began",
        file=_SITE + "decisions.py",
        old="        if self._parts.ledger.changed_since(path, one.started_seq):",
        new="        if path is None:",
        tests=[_LIFE + "[overwrite-retires-users]", _LIFE + "[hold-retires-users]"],
    ),
    Mutant(
        name="an effect without an answer is forgotten",
        file=_SITE + "outcomes.py",
        old="        if outcome.is_unknown:\n            self._recovery.unknown",
        new="        if outcome.row:\n            self._recovery.unknown",
        tests=[
            _MODEL + "test_an_answer_lost_between_a_new_file_and_its_deletion_leaves_nothing_behind"
            "[overwrite]"
        ],
    ),
]
