"""Guards of uploads in parts."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_T = "s3syncd/transfer/"
_PARTS_TORN = "tests/transfer/parts/test_torn.py::"
_FAILURES = "tests/transfer/parts/test_failures.py::"
_PUBLISHING = "tests/transfer/parts/test_publishing.py::"
_RESUMING = "tests/transfer/parts/test_resuming.py::"
_RECOVER = "tests/transfer/test_recover.py::"

MUTANTS = [
    Mutant(
        name="parts are sent before the ledger knows of the upload",
        file=_T + "multipart.py",
        old="    if not (yield kit.commit_intent(note)):\n",
        new="    if (yield kit.commit_intent(note)) is None:\n",
        tests=[_PUBLISHING + "test_nothing_is_sent_without_the_ledger"],
    ),
    Mutant(
        name="an upload is published though its path leads elsewhere",
        file=_T + "multipart.py",
        old="        _check_in_place(kit, action, source)\n",
        new="",
        tests=[_PARTS_TORN + "test_file_changed_while_its_parts_go_is_not_published"],
    ),
    Mutant(
        name="an upload that cannot be used is left behind",
        file=_T + "multipart.py",
        old="    if outcome.result is Result.RETRYABLE:\n        return Ended(outcome)\n",
        new="    if outcome.result:\n        return Ended(outcome)\n",
        tests=[_FAILURES + "test_forbidden_part_leaves_no_upload_behind"],
    ),
    Mutant(
        name="an upload is left behind whose file became small",
        file="s3syncd/site/outcomes.py",
        old="not self._went_in_parts(outcome):",
        new='outcome.effect != "put":',
        tests=[
            "tests/scenarios/test_left_uploads.py"
            "::test_it_is_aborted_where_the_file_became_small_before_it_was_taken_up"
        ],
    ),
    Mutant(
        name="an upload that cannot be aborted loses its intent",
        file=_T + "multipart.py",
        old="error.failure._replace(kind=FailureKind.TRANSIENT)",
        new="error.failure",
        tests=[_FAILURES + "test_upload_that_cannot_be_aborted_keeps_its_intent"],
    ),
    Mutant(
        name="an upload of an older state of the file is taken up",
        file=_T + "multipart.py",
        old="    if intent is None or not is_same_file(intent, source.recorded):\n",
        new="    if intent is None:\n",
        tests=[_RESUMING + "test_upload_of_an_older_state_of_the_file_is_aborted_and_begun_anew"],
    ),
    Mutant(
        name="an upload is taken up with another part size",
        file=_T + "multipart.py",
        old="    is_usable = held is not None and is_same_layout\n",
        new="    is_usable = held is not None\n",
        tests=[_RESUMING + "test_upload_with_another_part_size_is_aborted_and_begun_anew"],
    ),
    Mutant(
        name="a listed part is trusted by its number",
        file=_T + "parts.py",
        old="parts.held.get(number) == Part(number, md5.hex(), size_bytes):\n",
        new="number in parts.held:\n",
        tests=[_RESUMING + "test_part_that_is_not_the_files_is_sent_again"],
    ),
    Mutant(
        name="a part is sent again with other bytes",
        file=_T + "parts.py",
        old="        if first_md5 not in {None, md5}:\n",
        new="        if first_md5 == b'':\n",
        tests=[_FAILURES + "test_part_that_changed_before_it_is_sent_again_is_not_sent"],
    ),
    Mutant(
        name="all parts of a file are sent at once",
        file=_T + "parts.py",
        old="_IN_FLIGHT = 8\n",
        new="_IN_FLIGHT = 10_000\n",
        tests=["tests/transfer/test_in_pool.py::test_at_most_eight_parts_of_a_file_are_under_way"],
    ),
    Mutant(
        name="uploads of other attempts are left behind",
        file=_T + "leftovers.py",
        old='    for upload_id in sorted(unfinished - {keep or ""}):\n',
        new="    for upload_id in unfinished & {recorded} - {keep}:\n",
        tests=[
            _RESUMING + "test_every_other_upload_of_exactly_this_key_is_aborted",
            _RECOVER + "test_upload_created_before_its_id_was_known_is_aborted",
        ],
    ),
    Mutant(
        name="a Complete that misses what shall not be there is repeated at once",
        file="s3syncd/transfer/multipart.py",
        old="    is_vanished = is_vanished and condition_for(kit, action).if_match is not None\n",
        new="",
        tests=[
            "tests/transfer/parts/test_failures.py::"
            "test_a_complete_that_misses_what_shall_not_be_there_is_not_repeated_at_once"
        ],
    ),
]
