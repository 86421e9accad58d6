"""Guards of writes that must not replace what they have not seen."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_T = "s3syncd/transfer/"
_SENDING = "tests/transfer/small/test_sending.py::"
_CONDITIONS = "tests/transfer/small/test_conditions.py::"
_FAILURES = "tests/transfer/parts/test_failures.py::"
_RECLASS = "tests/transfer/test_reclass.py::"

MUTANTS = [
    Mutant(
        name="equal content is not sent though the object is not the baseline's",
        file=_T + "small.py",
        old="    if base is None or action.row != _CHANGED_LOCALLY:\n        return False\n"
        "    return remote is None or",
        new="    if base is None:\n        return False\n    return remote is None or",
        tests=[_SENDING + "test_equal_content_is_sent_where_the_object_is_not_the_baselines"],
    ),
    Mutant(
        name="held drift is overwritten",
        file=_T + "small.py",
        old='    if kit.settings.policy.on_drift != "hold":\n',
        new='    if kit.settings.policy.on_drift != "":\n',
        tests=[
            _CONDITIONS + "test_lost_condition_overwrites_nothing_and_holds_the_drift",
            _FAILURES + "test_lost_condition_publishes_nothing_and_leaves_nothing",
        ],
    ),
    Mutant(
        name="a condition lost to our own request is a foreign change",
        file=_T + "small.py",
        old="    if seen is not None and has_made(seen, op_id):\n",
        new="    if seen is not None and has_made(seen, None):\n",
        tests=[_CONDITIONS + "test_condition_lost_to_ourselves_is_a_success"],
    ),
    Mutant(
        name="an ETag under a KMS key teaches that ETags are no MD5",
        file=_T + "small.py",
        old="    if etag_may_be_md5(reply) and ",
        new="    if reply.etag and ",
        tests=[_SENDING + "test_etag_under_a_kms_key_teaches_nothing"],
    ),
    Mutant(
        name="another writer's version is taken for our copy",
        file=_T + "reclass.py",
        old="    is_same = failure is None and now is not None and now.etag == seen.etag\n",
        new="    is_same = failure is None and now is not None\n",
        tests=[_RECLASS + "test_version_of_another_writer_is_not_taken_for_the_copy"],
    ),
    Mutant(
        name="a copy loses what describes the object",
        file=_T + "reclass.py",
        old="    if lost := _lost_by_copy(seen):\n",
        new="    if lost := _lost_by_copy(seen)[:0]:\n",
        tests=[_RECLASS + "test_description_that_a_copy_would_lose_is_worth_more_than_the_class"],
    ),
    Mutant(
        name="an answer that misses what shall not be there is taken for a lost condition",
        file="s3syncd/transfer/small.py",
        old="    return condition.is_set and not is_misplaced\n",
        new="    return condition.is_set\n",
        tests=[
            "tests/transfer/small/test_conditions.py::"
            "test_an_answer_that_misses_what_shall_not_be_there_is_not_asked_for_again_at_once"
        ],
    ),
]
