"""Guards of what is found out about an effect afterwards."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_T = "s3syncd/transfer/"
_FAILURES = "tests/transfer/parts/test_failures.py::"
_PUBLISHING = "tests/transfer/parts/test_publishing.py::"
_PROVISIONAL = "tests/scenarios/test_provisional.py::"
_RECOVERY = "s3syncd/site/recovery.py"
_RECOVER = "tests/transfer/test_recover.py::"
_BUCKET_GONE = "tests/scenarios/test_bucket_gone.py::"

MUTANTS = [
    Mutant(
        name="a bare 404 passes for a missing object",
        file=_T + "looks.py",
        old="    if seen is None and not (yield from prove_gone(kit, action)):",
        new="    if False:",
        tests=[_BUCKET_GONE + "test_deletion_waits_for_the_bucket"],
    ),
    Mutant(
        name="what a bare 404 tells of an intent is believed",
        file=_T + "recover.py",
        old='    seen = yield from look_surely(kit, action)\n    failpoints.reach("recovery.',
        new=(
            "    seen = yield kit.bucket.head(kit.key(action))\n"
            "    seen = None if seen.failure else seen\n"
            '    failpoints.reach("recovery.'
        ),
        tests=[
            _RECOVER + "test_missing_bucket_tells_nothing_of_what_was_intended",
            _BUCKET_GONE + "test_upload_without_an_answer_is_not_undone_because_the_bucket_went",
        ],
    ),
    Mutant(
        name="a failed look after an effect forgets that it may have been applied",
        file=_T + "looks.py",
        old="replace(end.outcome, result=Result.RETRYABLE, is_unknown=True)",
        new="replace(end.outcome, is_unknown=False)",
        tests=[_FAILURES + "test_complete_and_look_without_an_answer_stay_unknown"],
    ),
    Mutant(
        name="an upload is left behind where an older one shows",
        file=_T + "recover.py",
        old="another version.\n        yield from _sweep_parts(kit, action, intent, keep=None)\n",
        new="another version.\n",
        tests=[
            _RECOVER
            + "test_upload_that_does_not_show_is_aborted_where_the_work_of_an_older_one_does"
        ],
    ),
    Mutant(
        name="the version of another writer is confirmed as ours",
        file=_T + "recover.py",
        old="    if seen is None or not has_made(seen, intent.op_id):\n",
        new="    if seen is None:\n",
        tests=[_PUBLISHING + "test_version_of_the_next_writer_is_not_confirmed"],
    ),
    Mutant(
        name="nobody asks how a store lists a large upload",
        file="s3syncd/site/outcomes.py",
        old="        elif outcome.is_provisional:\n",
        new="        elif outcome.is_unknown:\n",
        tests=[
            _PROVISIONAL + "test_listed_version_is_recorded_after_a_minute_with_one_request",
            _PROVISIONAL + "test_deletion_waits_for_the_version_and_retires_the_object",
            _PROVISIONAL + "test_restart_asks_at_once",
        ],
    ),
    Mutant(
        name="a version confirmed late replaces the record of a newer upload",
        file=_RECOVERY,
        old="            if not self._parts.ledger.changed_since(path, one.seq):\n",
        new="            if one.is_applied:\n",
        tests=[_PROVISIONAL + "test_newer_record_is_not_replaced_by_a_late_answer"],
    ),
    Mutant(
        name="an action waits the whole minute for the version",
        file="s3syncd/site/dispatch.py",
        old="        self._recovery.hurry(path, now)\n",
        new="",
        tests=[_PROVISIONAL + "test_next_change_is_not_kept_waiting"],
    ),
    Mutant(
        name="a version not confirmed yet is in doubt in status",
        file=_RECOVERY,
        old="not (one.has_been_seen or one.is_settled)",
        new="not one.has_been_seen",
        tests=[_PROVISIONAL + "test_it_is_in_sync_before_the_store_was_asked"],
    ),
    Mutant(
        name="any number of versions waits to be confirmed",
        file=_RECOVERY,
        old="_CONFIRM_SECONDS if len(self._open) < _PUT_OFF else 0.0",
        new="_CONFIRM_SECONDS",
        tests=[_PROVISIONAL + "test_few_versions_wait_to_be_confirmed"],
    ),
    Mutant(
        name="a change met while the version was asked for is forgotten",
        file="s3syncd/site/outcomes.py",
        old="        if outcome.row is None or outcome.is_stale:\n",
        new="        if outcome.row is None:\n",
        tests=[_PROVISIONAL + "test_change_without_an_event_is_found_with_the_version"],
    ),
    Mutant(
        name="recovery takes any object for the one from before",
        file=_T + "recover.py",
        old="    if (seen.etag if seen else None) in known:\n",
        new="    if seen is not None or None in known:\n",
        tests=[_RECOVER + "test_another_object_in_its_place_drops_the_baseline"],
    ),
    Mutant(
        name="recovery records the stat of the file as it is now",
        file=_T + "recover.py",
        old="        row = _row_of(kit, intent, seen)\n",
        new="        row = _row_of(kit, intent, seen)\n"
        "        now = kit.look(action)\n"
        "        row = row._replace(ctime_ns=now[3], mtime_ns=now[2])\n",
        tests=[_RECOVER + "test_file_changed_after_the_intent_gets_no_row_that_equals_it"],
    ),
    Mutant(
        name="recovery takes up the upload of a changed file",
        file=_T + "recover.py",
        old="LocalEntry) or not is_same_file(intent, local):\n",
        new="LocalEntry):\n",
        tests=[_RECOVER + "test_interrupted_upload_of_a_changed_file_is_aborted"],
    ),
]
