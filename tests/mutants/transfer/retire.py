"""Guards of deletions right before they are asked for."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_T = "s3syncd/transfer/"
_RETIRE = "tests/transfer/test_retire.py::"

MUTANTS = [
    Mutant(
        name="what a listing does not know is forgotten though the bucket is not there",
        file=_T + "looks.py",
        old="    if failure.kind is not FailureKind.MISSING:\n",
        new="    if False:\n",
        tests=[_RETIRE + "test_missing_bucket_does_not_pass_for_a_missing_object"],
    ),
    Mutant(
        name="a 404 that does not name the key is enough to forget it",
        file=_T + "looks.py",
        old="        failure = page.failure or failure\n",
        new="",
        tests=[_RETIRE + "test_where_a_store_does_not_say_what_is_missing_the_bucket_must_answer"],
    ),
    Mutant(
        name="a deletion does not look at the path again right before",
        file=_T + "retire.py",
        old='    _check_gone(kit, action)\n    failpoints.reach("delete.before_delete")\n',
        new='    failpoints.reach("delete.before_delete")\n',
        tests=[_RETIRE + "test_file_back_or_unknown_keeps_the_object"],
    ),
    Mutant(
        name="what is unknown is taken for gone",
        file=_T + "retire.py",
        old="    if look in _GONE:\n",
        new="    if look in _GONE or isinstance(look, UnknownMark):\n",
        tests=[_RETIRE + "test_file_back_or_unknown_keeps_the_object"],
    ),
    Mutant(
        name="a deletion relies on the store's obeying its condition",
        file=_T + "retire.py",
        old="    if not _is_known(action, seen):\n"
        '        return decided_again(kit, action, None, seen, local_state="absent")\n'
        "    _check_gone(kit, action)\n",
        new="    _check_gone(kit, action)\n",
        tests=[_RETIRE + "test_other_version_than_the_known_is_left_alone"],
    ),
    Mutant(
        name="a deletion is unconditional",
        file=_T + "retire.py",
        old="    reply: Reply = yield kit.bucket.delete(kit.key(action), if_match=seen.etag)\n",
        new="    reply: Reply = yield kit.bucket.delete(kit.key(action))\n",
        tests=[_RETIRE + "test_version_put_after_the_look_is_saved_by_the_condition"],
    ),
]
